//! One real node: images are pulled and run there, and what is reported of them is what a kubelet reports.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::bed::{Namespace, bed};

/// A node with kubelet and containerd; started by the first [`Bed::node`], ended with the test process.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    /// An image that is all commands, which others are made from.
    base: String,
    /// The supervisor; its standard input is what keeps the node running.
    _lifeline: Child,
}

/// What the program in an image does; the image's entry point, so that a Deployment changes its fate with its image.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    /// Runs until it is told to end.
    Runs,
    /// Says something on standard error and exits with 3.
    Crashes,
    /// Becomes ready never: it runs, and the readiness probe of [`Node::deployment`] fails.
    NeverReady,
}

impl Behaviour {
    fn script(self) -> &'static str {
        // Neither commas nor quotes: crane takes the entry point as comma-separated values.
        match self {
            Self::Runs => "/busybox touch /ready; /busybox sleep 2000000",
            Self::Crashes => "echo cannot open the database >&2; exit 3",
            Self::NeverReady => "/busybox sleep 2000000",
        }
    }
}

impl Node {
    pub(super) fn start(bed: &Path, base: String) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/node.sh");
        let mut child = Command::new(&script)
            .arg(bed)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", script.display()))?;
        let output = child.stdout.take().ok_or("node.sh has no standard output")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|e| format!("reading from node.sh: {e}"))?;
        match line.trim_end().strip_prefix("READY ") {
            Some(name) => Ok(Self { name: name.to_owned(), base, _lifeline: child }),
            None => Err(
                "the real node did not start (it needs root, and what `tests/bed/get.sh node` gets); why is on \
                 standard error, in the lines that begin with `bed:`"
                    .to_owned(),
            ),
        }
    }

    /// The node's name in the cluster.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Publishes an image that can run, in the bed's open registry; its reference and its digest.
    #[track_caller]
    pub(crate) fn push(
        &self,
        repository: &str,
        tag: &str,
        behaviour: Behaviour,
    ) -> (String, String) {
        let registry = bed().registry();
        let reference = registry.reference(repository, tag);
        let entry = format!("/busybox,sh,-c,{}", behaviour.script());
        // The label makes its digest the tag's own.
        let label = format!("tag={tag}");
        let args =
            ["mutate", &self.base, "--entrypoint", &entry, "--label", &label, "-t", &reference];
        bed().crane(&registry, &args).exits(0);
        let digest =
            bed().crane(&registry, &["digest", &reference]).exits(0).stdout.trim().to_owned();
        (reference, digest)
    }

    /// The manifest of a Deployment of one replica on this node, with one container `app`, ready within a second or two
    /// of its start.
    pub(crate) fn deployment(&self, name: &str, image: &str) -> String {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      nodeSelector: {{kubernetes.io/hostname: {node}}}
      tolerations: [{{key: real, value: 'yes', effect: NoSchedule}}]
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: '{image}'
        readinessProbe: {{exec: {{command: [/busybox, test, -e, /ready]}}, periodSeconds: 1}}
",
            node = self.name
        )
    }

    /// Creates such a Deployment and waits until it is rolled out.
    #[track_caller]
    pub(crate) fn deploy(&self, namespace: &Namespace, name: &str, image: &str) {
        namespace.create_from(&self.deployment(name, image));
        namespace.wait_rolled_out(&format!("deployment/{name}"));
    }
}
