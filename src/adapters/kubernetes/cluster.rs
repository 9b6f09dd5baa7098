//! A cluster that one is connected to, and what is asked of it apart from its inventory: version,
//! identity, permissions. Connecting sends nothing to the server.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use serde::Deserialize;

use crate::domain::image::ImageReference;
use crate::ports::{DiscoverError, EventSink, Silent};

use super::client::{Bounds, RequestError, Transport};
use super::error::ConnectError;
use super::exec::Plugin;
use super::flags::{ConnectionFlags, Environment};
use super::kubeconfig;
use super::plugin_policy;

/// How a cluster is asked.
#[derive(Clone)]
pub struct Options {
    /// The longest that one request may take, with its retries (`--request-timeout`).
    pub request: Duration,
    /// The longest that a credential plugin may take.
    pub plugin: Duration,
    /// Whether a kubeconfig may run credential plugins (`--no-exec` says no).
    pub allow_plugins: bool,
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The largest answer, in bytes.
    pub body: usize,
    /// Objects a list page.
    pub page: u32,
    /// Requests in flight while namespaces are read one by one.
    pub in_flight: usize,
    /// Whether the tag of an image moves, so that only running pods tell what it is.
    pub floating: fn(&ImageReference) -> bool,
    /// Hears of list pages.
    pub events: Arc<dyn EventSink>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(30),
            plugin: Duration::from_secs(30),
            allow_plugins: true,
            attempts: 4,
            body: 64 * 1024 * 1024,
            page: 500,
            in_flight: 8,
            floating: |_| false,
            events: Arc::new(Silent),
        }
    }
}

/// A cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) transport: Transport,
    pub(super) options: Options,
    context: Option<String>,
    pub(super) namespace: String,
    server: String,
    pub(super) secrets: super::pull_secrets::Secrets,
}

/// Something that one may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission<'a> {
    /// `list`, `get`, `patch`.
    pub verb: &'a str,
    /// API group, empty for the core group.
    pub group: &'a str,
    /// Plural of the resource; `pods/eviction` is a subresource.
    pub resource: &'a str,
    /// One namespace, or all of them.
    pub namespace: Option<&'a str>,
}

/// The answer to a question for a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, where the server says so.
    pub reason: Option<String>,
}

impl Cluster {
    /// Reads the configuration, runs its credential plugin and prepares the connection.
    pub async fn connect(
        flags: &ConnectionFlags,
        environment: &Environment,
        options: Options,
    ) -> Result<Self, ConnectError> {
        let (flags, environment) = (flags.clone(), environment.clone());
        let allow_plugins = options.allow_plugins;
        // Files may lie on a slow disk, and reading them blocks.
        let resolved = off_the_runtime(options.request, move || {
            let resolved = kubeconfig::resolve(&flags, &environment)?;
            if let Some(plugin) = &resolved.plugin {
                let command = plugin.command.clone().unwrap_or_default();
                if !allow_plugins {
                    return Err(ConnectError::PluginDenied { command });
                }
                plugin_policy::check(&command, &environment)?;
            }
            Ok(resolved)
        })
        .await?;
        let kubeconfig::Resolved { mut config, plugin, context, namespace } = resolved;
        let plugin = match plugin {
            Some(exec) => {
                let (plugin, first) = Plugin::start(exec, options.plugin).await?;
                if let Some((certificate, key)) = first.identity {
                    config.auth_info.client_certificate_data = Some(encode(&certificate));
                    let key = secrecy::ExposeSecret::expose_secret(&key);
                    config.auth_info.client_key_data = Some(encode(key).into());
                }
                Some(plugin)
            }
            None => None,
        };
        let server = config.cluster_url.to_string();
        // Less than the whole, so that what never connected is known not to have been sent.
        config.connect_timeout = Some(options.request * 4 / 5);
        let client = off_the_runtime(options.request, move || {
            Client::try_from(config).map_err(|error| ConnectError::Client(error.to_string()))
        })
        .await?;
        let bounds =
            Bounds { deadline: options.request, attempts: options.attempts, body: options.body };
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(client, plugin, bounds),
                options,
                context,
                namespace,
                server: server.trim_end_matches('/').to_owned(),
                secrets: super::pull_secrets::Secrets::default(),
            }),
        })
    }

    /// The context of the kubeconfig; none in a pod and with `--server` alone.
    pub fn context_name(&self) -> Option<&str> {
        self.inner.context.as_deref()
    }

    /// The namespace of the flags or of the context, else `default`.
    pub fn default_namespace(&self) -> &str {
        &self.inner.namespace
    }

    /// The address of the server; it carries no credentials.
    pub fn server_url(&self) -> &str {
        &self.inner.server
    }

    /// The version of the server, `v1.37.2` for instance.
    pub async fn version(&self) -> Result<String, DiscoverError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let answer = self.inner.transport.get("/version").await;
        let version: Version = answer
            .and_then(|bytes| decode(&bytes))
            .map_err(|error| self.trouble(&error, "the version of the server"))?;
        Ok(version.git_version)
    }

    /// Who the server takes this connection for.
    pub async fn who_am_i(&self) -> Result<String, DiscoverError> {
        #[derive(Deserialize)]
        struct Review {
            status: ReviewStatus,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ReviewStatus {
            user_info: UserInfo,
        }
        #[derive(Deserialize)]
        struct UserInfo {
            username: String,
        }
        // v1 exists since Kubernetes 1.28, v1beta1 since 1.27.
        let mut answer = self.review_self("v1").await;
        if answer.as_ref().is_err_and(RequestError::is_not_found) {
            answer = self.review_self("v1beta1").await;
        }
        let review: Review = answer
            .and_then(|bytes| decode(&bytes))
            .map_err(|error| self.trouble(&error, "who this is"))?;
        Ok(review.status.user_info.username)
    }

    async fn review_self(&self, version: &str) -> Result<Vec<u8>, RequestError> {
        let target = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
        let document = serde_json::json!({
            "apiVersion": format!("authentication.k8s.io/{version}"),
            "kind": "SelfSubjectReview",
        });
        self.inner.transport.review(&target, &document).await
    }

    /// Whether something is allowed here.
    pub async fn can_i(&self, permission: Permission<'_>) -> Result<Access, DiscoverError> {
        #[derive(Deserialize)]
        struct Review {
            #[serde(default)]
            status: ReviewStatus,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct ReviewStatus {
            allowed: bool,
            reason: String,
        }
        let (resource, subresource) =
            permission.resource.split_once('/').unwrap_or((permission.resource, ""));
        let document = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": permission.verb,
                "group": permission.group,
                "resource": resource,
                "subresource": subresource,
                "namespace": permission.namespace.unwrap_or_default(),
            }},
        });
        let target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let review: Review = self
            .inner
            .transport
            .review(target, &document)
            .await
            .and_then(|bytes| decode(&bytes))
            .map_err(|error| self.trouble(&error, "permissions"))?;
        Ok(Access {
            allowed: review.status.allowed,
            reason: Some(review.status.reason).filter(|reason| !reason.is_empty()),
        })
    }

    /// A failed request in the words of the port.
    pub(super) fn trouble(&self, error: &RequestError, what: &str) -> DiscoverError {
        let server = self.server_url();
        match error {
            RequestError::Status { code: 401, message, .. }
            | RequestError::Credentials(message) => {
                DiscoverError::Unauthorized { message: message.clone() }
            }
            RequestError::Status { code: 403, message, .. } => DiscoverError::Forbidden {
                message: format!("not allowed to read {what}: {message}"),
            },
            RequestError::Status { code: 400 | 422, message, .. } => {
                DiscoverError::Invalid { message: message.clone(), hint: None }
            }
            RequestError::Unreachable(message) => DiscoverError::Unavailable {
                message: format!("the server {server} cannot be reached: {message}"),
            },
            RequestError::Timeout(_)
            | RequestError::TooLarge(_)
            | RequestError::Malformed(_)
            | RequestError::Status { .. } => DiscoverError::Unavailable {
                message: format!("the server {server} was asked for {what}: {error}"),
            },
        }
    }
}

pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, RequestError> {
    serde_json::from_slice(bytes).map_err(|error| RequestError::malformed(&error))
}

fn encode(pem: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(pem)
}

/// Runs what blocks on a thread of its own. Not on the runtime's blocking pool: when that thread
/// hangs (a named pipe, a dead network disk), the runtime would wait for it at the end.
async fn off_the_runtime<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, ConnectError> + Send + 'static,
) -> Result<T, ConnectError> {
    let (answer, result) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        // kube's client starts its own task.
        let _inside = runtime.enter();
        // Nobody listens any more once the deadline has passed.
        let _ = answer.send(work());
    });
    match tokio::time::timeout(deadline, result).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ConnectError::Client("preparing it failed badly".into())),
        Err(_) => Err(ConnectError::Deadline(deadline)),
    }
}

#[cfg(test)]
mod tests;
