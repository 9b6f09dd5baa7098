//! An admission webhook of one test: what the API server asks before it keeps a change to an object of one namespace.
//!
//! The server runs in the test process, on loopback. The cluster-wide configuration that points to it is scoped to the namespace, and is deleted when the value is dropped.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::bed::{Bed, Registry, tls};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a webhook does with what it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Lets it pass as it is.
    Allow,
    /// Refuses it with this message.
    Deny(String),
    /// Puts this image into every container of a workload's template or of a pod.
    Image(String),
    /// Never answers; after a second the API server takes that for a failure, and refuses.
    Hang,
    /// Notes on a pod what its images resolve to in the bed's registries, so that its node reports their image ids.
    ImageIds,
}

/// A webhook that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    verdict: Verdict,
    resources: Vec<String>,
    operations: Vec<String>,
    in_dry_run: bool,
}

impl Admission {
    /// It is asked about the update of Deployments, `StatefulSet`s and `DaemonSet`s, dry run or not.
    pub(crate) fn new(verdict: Verdict) -> Self {
        let resources = ["deployments", "statefulsets", "daemonsets"];
        Self {
            verdict,
            resources: resources.map(str::to_owned).into(),
            operations: vec!["UPDATE".to_owned()],
            in_dry_run: true,
        }
    }

    /// It is asked about these resources of any group instead, such as `pods` or `deployments/scale`.
    pub(crate) fn of(mut self, resources: &[&str]) -> Self {
        self.resources = resources.iter().map(|&resource| resource.to_owned()).collect();
        self
    }

    /// It is asked about these operations instead: `CREATE`, `UPDATE`, `DELETE`.
    pub(crate) fn when(mut self, operations: &[&str]) -> Self {
        self.operations = operations.iter().map(|&operation| operation.to_owned()).collect();
        self
    }

    /// In a dry run it lets everything pass, so that a dry run promises what the change then does not get.
    pub(crate) fn only_for_real(mut self) -> Self {
        self.in_dry_run = false;
        self
    }
}

/// A question that the webhook was asked.
#[derive(Debug, Clone)]
pub(crate) struct Review {
    /// The resource, as `deployments`.
    pub(crate) resource: String,
    /// The object's name; empty where the server is to make one up.
    pub(crate) name: String,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub(crate) operation: String,
    /// Whether nothing would be kept in any case.
    pub(crate) dry_run: bool,
    /// Who wants it.
    pub(crate) user: String,
}

/// A registered webhook; unregistered and ended when dropped.
#[derive(Debug)]
pub(crate) struct Webhook {
    bed: &'static Bed,
    name: String,
    kind: &'static str,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct State {
    verdict: Verdict,
    in_dry_run: bool,
    registries: Vec<Registry>,
    reviews: Mutex<Vec<Review>>,
}

impl Webhook {
    pub(super) fn register(bed: &'static Bed, namespace: &str, admission: &Admission) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|e| panic!("a runtime for the webhook: {e}"));
        let state = Arc::new(State {
            verdict: admission.verdict.clone(),
            in_dry_run: admission.in_dry_run,
            registries: vec![bed.registry(), bed.private_registry()],
            reviews: Mutex::default(),
        });
        let acceptor = tls::acceptor(&bed.certificates());
        let authority = std::fs::read(bed.certificates().join("ca.crt"))
            .unwrap_or_else(|e| panic!("the bed's authority: {e}"));
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .unwrap_or_else(|e| panic!("a port for the webhook: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("the webhook's port: {e}"));
        runtime.spawn(listen(listener, acceptor, Arc::clone(&state)));

        let mutating =
            !matches!(admission.verdict, Verdict::Allow | Verdict::Deny(_) | Verdict::Hang);
        let kind = if mutating { "Mutating" } else { "Validating" };
        // Several in one namespace: each has a name of its own.
        let name = format!("{namespace}-{}.bed.safe-update.io", address.port());
        let manifest = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": format!("{kind}WebhookConfiguration"),
            "metadata": {"name": name},
            "webhooks": [{
                "name": name,
                "clientConfig": {"url": format!("https://{address}/"), "caBundle": BASE64.encode(authority)},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [{
                    "apiGroups": ["*"],
                    "apiVersions": ["*"],
                    "operations": admission.operations,
                    "resources": admission.resources,
                    "scope": "Namespaced",
                }],
                "failurePolicy": "Fail",
                "timeoutSeconds": if matches!(admission.verdict, Verdict::Hang) { 1 } else { 10 },
                "sideEffects": "NoneOnDryRun",
                "admissionReviewVersions": ["v1"],
            }],
        });
        bed.kubectl_with_input(&["create", "-f", "-"], &manifest.to_string()).exits(0);
        Self { bed, name, kind, state, runtime: Some(runtime) }
    }

    /// What it was asked so far.
    pub(crate) fn reviews(&self) -> Vec<Review> {
        self.state.reviews.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        // Even with SAFE_UPDATE_KEEP: without its server it would refuse everything in the namespace.
        let resource = format!("{}webhookconfiguration", self.kind.to_lowercase());
        let _ = self.bed.kubectl(&["delete", &resource, &self.name, "--ignore-not-found"]);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| serve(Arc::clone(&state), request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Failure> {
    let body = request.into_body().collect().await?.to_bytes();
    let review: Value = serde_json::from_slice(&body)?;
    let asked = &review["request"];
    let dry_run = state.note(asked);
    let mut response = json!({"uid": asked["uid"], "allowed": true});
    let changes = match &state.verdict {
        _ if dry_run && !state.in_dry_run => Vec::new(),
        Verdict::Allow => Vec::new(),
        Verdict::Hang => std::future::pending().await,
        Verdict::Deny(message) => {
            response["allowed"] = false.into();
            response["status"] = json!({"code": 403, "message": message});
            Vec::new()
        }
        Verdict::Image(image) => images(&asked["object"])
            .into_iter()
            .map(|path| json!({"op": "replace", "path": path, "value": image}))
            .collect(),
        Verdict::ImageIds => {
            let object = asked["object"].clone();
            tokio::task::spawn_blocking(move || {
                let ids = state.image_ids(&object);
                annotations(&object, ids)
            })
            .await?
        }
    };
    if !changes.is_empty() {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = BASE64.encode(Value::from(changes).to_string()).into();
    }
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": response,
    });
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Full::new(answer.to_string().into()))?)
}

impl State {
    /// Keeps the question; whether it is about a dry run.
    fn note(&self, asked: &Value) -> bool {
        let text = |pointer: &str| {
            asked.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let dry_run = asked["dryRun"].as_bool().unwrap_or(false);
        self.reviews.lock().unwrap_or_else(PoisonError::into_inner).push(Review {
            resource: text("/resource/resource"),
            name: text("/name"),
            operation: text("/operation"),
            dry_run,
            user: text("/userInfo/username"),
        });
        dry_run
    }

    /// The annotations that tell kwok what the node reports, for each container whose image is in a registry of the bed.
    fn image_ids(&self, pod: &Value) -> Vec<(String, String)> {
        let found = ["containers", "initContainers"].into_iter().flat_map(|list| {
            pod["spec"][list].as_array().into_iter().flatten().filter_map(|container| {
                let id = self.image_id(container["image"].as_str()?)?;
                let name = container["name"].as_str()?;
                Some((format!("bed.safe-update.io/image-id.{name}"), id))
            })
        });
        found.collect()
    }

    /// As a real node reports it: repository and the digest of what the tag names now.
    fn image_id(&self, image: &str) -> Option<String> {
        let registry = self.registries.iter().find(|registry| {
            image.strip_prefix(registry.host()).is_some_and(|rest| rest.starts_with('/'))
        })?;
        let path = &image[registry.host().len() + 1..];
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
        let digest = digest.or_else(|| registry.digest(repository, tag))?;
        Some(format!("{}/{repository}@{digest}", registry.host()))
    }
}

/// Where the images of all containers are, in a pod or in a workload's template.
fn images(object: &Value) -> Vec<String> {
    let template = object.pointer("/spec/template/spec").map(|_| "/spec/template/spec");
    let spec = template.unwrap_or("/spec");
    let mut found = Vec::new();
    for list in ["containers", "initContainers"] {
        let containers = object.pointer(&format!("{spec}/{list}")).and_then(Value::as_array);
        let count = containers.map_or(0, Vec::len);
        found.extend((0..count).map(|index| format!("{spec}/{list}/{index}/image")));
    }
    found
}

/// The patch that adds annotations to an object.
fn annotations(object: &Value, added: Vec<(String, String)>) -> Vec<Value> {
    let mut all = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    if added.is_empty() {
        return Vec::new();
    }
    for (name, value) in added {
        // What a test has set itself stays.
        all.entry(name).or_insert_with(|| value.into());
    }
    vec![json!({"op": "add", "path": "/metadata/annotations", "value": all})]
}
