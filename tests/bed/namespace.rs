//! One test's own part of the cluster.

use std::path::PathBuf;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::bed::{Admission, Bed, Run, Verdict, Webhook};

/// A namespace with a random name, deleted when dropped unless `SAFE_UPDATE_KEEP` is set.
///
/// The registries are shared by all tests too: [`Namespace::repository`] gives names that nobody else uses.
#[derive(Debug)]
pub(crate) struct Namespace {
    bed: &'static Bed,
    name: String,
}

impl Namespace {
    pub(super) fn create(bed: &'static Bed) -> Self {
        let name = format!("test-{}", random_word());
        bed.kubectl(&["create", "namespace", &name]).exits(0);
        // Without it the API server refuses every pod; the controller manager makes it a moment later.
        bed.kubectl(&[
            "wait",
            "serviceaccount/default",
            "--namespace",
            &name,
            "--for=create",
            "--timeout=30s",
        ])
        .exits(0);
        Self { bed, name }
    }

    /// The name of the namespace.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A repository path that only this test uses: `NAMESPACE/NAME`.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    /// Runs kubectl as the administrator in this namespace.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Run {
        self.bed.kubectl(&[&["--namespace", self.name.as_str()], args].concat())
    }

    /// Creates what the manifests hold, in this namespace. As `kubectl create`, it leaves no last-applied annotation,
    /// so the objects belong to nobody's manifest.
    #[track_caller]
    pub(crate) fn create_from(&self, manifests: &str) {
        let args = ["--namespace", &self.name, "create", "-f", "-"];
        self.bed.kubectl_with_input(&args, manifests).exits(0);
    }

    /// Applies the manifests in this namespace. As `kubectl apply`, it marks the objects as owned by manifests.
    #[track_caller]
    pub(crate) fn apply(&self, manifests: &str) {
        let args = ["--namespace", &self.name, "apply", "-f", "-"];
        self.bed.kubectl_with_input(&args, manifests).exits(0);
    }

    /// Creates a Deployment of one replica with one container `app`, and waits until it is rolled out.
    #[track_caller]
    pub(crate) fn deploy(&self, name: &str, image: &str) {
        self.create_from(&deployment(name, image));
        self.wait_rolled_out(&format!("deployment/{name}"));
    }

    /// Waits until a `Deployment`, `StatefulSet` or `DaemonSet` is rolled out, for half a minute at most.
    #[track_caller]
    pub(crate) fn wait_rolled_out(&self, workload: &str) {
        self.kubectl(&["rollout", "status", workload, "--timeout=30s"]).exits(0);
    }

    /// Registers an admission webhook for this namespace, until the value is dropped.
    #[track_caller]
    pub(crate) fn admission(&self, admission: &Admission) -> Webhook {
        Webhook::register(self.bed, &self.name, admission)
    }

    /// While the value lives, pods that are created here report image ids as a real node does, for images that are in
    /// the registries of the bed.
    #[track_caller]
    pub(crate) fn image_ids(&self) -> Webhook {
        self.admission(&Admission::new(Verdict::ImageIds).of(&["pods"]).when(&["CREATE"]))
    }

    /// A user that may do in this namespace what these RBAC rules say, and nothing anywhere else; the kubeconfig that
    /// makes a client this user. The rules are the YAML of a Role's `rules`, such as
    /// `[{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]`.
    #[track_caller]
    pub(crate) fn restricted_user(&self, name: &str, rules: &str) -> PathBuf {
        let namespace = &self.name;
        self.create_from(&format!(
            "apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}}}
rules: {rules}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}]
"
        ));
        let token = self.kubectl(&["create", "token", name]).exits(0).stdout.clone();
        let admin = self.bed.kubeconfig();
        let kubeconfig = admin.with_file_name(format!("{namespace}-{name}.kubeconfig"));
        std::fs::copy(admin, &kubeconfig)
            .unwrap_or_else(|e| panic!("{}: {e}", kubeconfig.display()));
        let context =
            ["config", "set-context", "--current", "--user", name, "--namespace", namespace];
        for change in [
            &["config", "delete-user", "admin"][..],
            &["config", "set-credentials", name, "--token", token.trim()],
            &context,
        ] {
            self.bed.kubectl_as(&kubeconfig, change, "").exits(0);
        }
        kubeconfig
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if std::env::var_os("SAFE_UPDATE_KEEP").is_none() {
            // Not waited for and not asserted: it goes with the bed in any case, and a panic here would hide the test's.
            let _ = self.bed.kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
        }
    }
}

/// The manifest of a Deployment of one replica with one container `app`.
pub(crate) fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: \"{image}\"}}]}}
"
    )
}

/// Eight random hexadecimal digits.
fn random_word() -> String {
    let mut bytes = [0; 4];
    SystemRandom::new()
        .fill(&mut bytes)
        .unwrap_or_else(|_| panic!("the system gives no random numbers"));
    format!("{:08x}", u32::from_be_bytes(bytes))
}
