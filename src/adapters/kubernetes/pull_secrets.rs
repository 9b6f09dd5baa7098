//! The pull secrets of workloads, read when they are asked for, each once. What they contain never
//! leaves this file but as a secret; parsing it is for whoever talks to registries.
//!
//! The rule is the one of pod admission: the pod's `imagePullSecrets` count, and only when there
//! are none, those of its service account.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use futures_util::future::{BoxFuture, join_all};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::adapters::workload::{Text, WireNamed};
use crate::domain::inventory::{PullIdentity, Warning};
use crate::ports::PullSecrets;

use super::client::RequestError;
use super::cluster::{Cluster, decode};
use super::list::{Resource, is_path_segment};

/// Namespace and name.
type ObjectKey = (Arc<str>, Arc<str>);
type Cells<T> = Mutex<HashMap<ObjectKey, Arc<OnceCell<T>>>>;

/// What was read so far.
#[derive(Default)]
pub(super) struct Secrets {
    contents: Cells<Option<SecretString>>,
    accounts: Cells<Vec<Arc<str>>>,
    trouble: Mutex<Trouble>,
}

/// What could not be read, gathered so that it is told once.
#[derive(Default)]
struct Trouble {
    /// Resource -> namespaces in which it may not be read.
    forbidden: BTreeMap<&'static str, BTreeSet<Arc<str>>>,
    /// One entry an object.
    others: BTreeSet<Warning>,
}

impl PullSecrets for Cluster {
    fn read<'a>(&'a self, identity: &'a PullIdentity) -> BoxFuture<'a, Vec<SecretString>> {
        Box::pin(async move {
            let namespace = &identity.namespace;
            let names = if identity.secrets.is_empty() {
                self.account(namespace, &identity.service_account).await
            } else {
                identity.secrets.clone()
            };
            let secrets = names.iter().map(|name| self.secret(namespace, name));
            join_all(secrets).await.into_iter().flatten().collect()
        })
    }

    fn warnings(&self) -> Vec<Warning> {
        let trouble = &self.inner.secrets.trouble;
        let trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let forbidden = trouble.forbidden.iter().map(|(resource, namespaces)| {
            let first: Vec<&str> = namespaces.iter().take(5).map(|name| &**name).collect();
            let more = match namespaces.len() - first.len() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            Warning {
                code: "pull-secrets",
                message: format!(
                    "not allowed to `get {resource}` in {}{more}; private registries may refuse access",
                    first.join(", ")
                ),
                object: None,
            }
        });
        forbidden.chain(trouble.others.iter().cloned()).collect()
    }
}

/// The one cell of an object, so that it is read once even when many ask at the same time.
fn cell<T>(cells: &Cells<T>, key: ObjectKey) -> Arc<OnceCell<T>> {
    let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(cells.entry(key).or_default())
}

impl Cluster {
    /// Names of the pull secrets of a service account.
    async fn account(&self, namespace: &Arc<str>, name: &Arc<str>) -> Vec<Arc<str>> {
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
        struct ServiceAccount<'a> {
            image_pull_secrets: Option<Vec<WireNamed<'a>>>,
        }
        let key = (Arc::clone(namespace), Arc::clone(name));
        let cell = cell(&self.inner.secrets.accounts, key);
        let read = async || {
            let resource = Resource::SERVICE_ACCOUNTS;
            let bytes = self.object(resource, namespace, name).await?;
            let account: ServiceAccount<'_> = decode(&bytes)?;
            let secrets = account.image_pull_secrets.unwrap_or_default();
            let names = secrets.iter().map(|secret| Arc::from(&*secret.name));
            Ok::<Vec<Arc<str>>, RequestError>(names.collect())
        };
        cell.get_or_init(async || match read().await {
            Ok(names) => names,
            Err(error) => {
                // Every namespace has the default account, or will have it in a moment.
                if !(error.is_not_found() && &**name == "default") {
                    self.note(Resource::SERVICE_ACCOUNTS, namespace, name, &error);
                }
                Vec::new()
            }
        })
        .await
        .clone()
    }

    async fn secret(&self, namespace: &Arc<str>, name: &Arc<str>) -> Option<SecretString> {
        let key = (Arc::clone(namespace), Arc::clone(name));
        let cell = cell(&self.inner.secrets.contents, key);
        let read = async || {
            let bytes = self.object(Resource::SECRETS, namespace, name).await?;
            content(&Zeroizing::new(bytes))
        };
        cell.get_or_init(async || match read().await {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.note(Resource::SECRETS, namespace, name, &error);
                None
            }
        })
        .await
        .clone()
    }

    async fn object(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<u8>, RequestError> {
        if !is_path_segment(namespace) || !is_path_segment(name) {
            return Err(RequestError::Malformed("no object can be called so".into()));
        }
        let target = format!("{}/{name}", resource.path(Some(namespace)));
        self.inner.transport.get(&target).await
    }

    fn note(&self, resource: Resource, namespace: &Arc<str>, name: &str, error: &RequestError) {
        let trouble = &self.inner.secrets.trouble;
        let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if error.is_forbidden() {
            let namespaces = trouble.forbidden.entry(resource.plural()).or_default();
            namespaces.insert(Arc::clone(namespace));
            return;
        }
        let object = format!("{namespace}/{}/{name}", resource.plural());
        let message = if error.is_not_found() {
            format!("{object} does not exist, although it is named for pulling images")
        } else {
            format!("{object} could not be read for pulling images: {error}")
        };
        trouble.others.insert(Warning { code: "pull-secrets", message, object: Some(object) });
    }
}

/// The configuration in a secret. No word of it gets into an error.
fn content(bytes: &[u8]) -> Result<SecretString, RequestError> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "'de: 'a"))]
    struct Secret<'a> {
        #[serde(rename = "type")]
        kind: Option<Text<'a>>,
        #[serde(default)]
        data: Data<'a>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default, bound(deserialize = "'de: 'a"))]
    struct Data<'a> {
        #[serde(rename = ".dockerconfigjson")]
        config: Option<Text<'a>>,
        #[serde(rename = ".dockercfg")]
        old: Option<Text<'a>>,
    }
    let unusable = |what: &str| RequestError::Malformed(what.to_owned());
    let secret: Secret<'_> = decode(bytes)?;
    let data = match secret.kind.as_deref() {
        Some("kubernetes.io/dockerconfigjson") => secret.data.config,
        Some("kubernetes.io/dockercfg") => secret.data.old,
        _ => return Err(unusable("its type is not that of a pull secret")),
    };
    let data = data.ok_or_else(|| unusable("it has no data"))?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data.as_bytes())
        .map_err(|_| unusable("its data is not base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("its data is not text"))?;
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::kubernetes::scripted::{Server, refusal};
    use axum::response::IntoResponse;
    use secrecy::ExposeSecret;

    fn check(kind: &str, data: &str, expected: Result<&str, &str>) {
        let json = format!(r#"{{"type":"{kind}","data":{data}}}"#);
        match (content(json.as_bytes()), expected) {
            (Ok(secret), Ok(text)) => assert_eq!(secret.expose_secret(), text),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (other, _) => panic!("{json}: {}", other.is_ok()),
        }
    }

    #[test]
    fn both_types_of_pull_secrets_are_read() {
        let config = "kubernetes.io/dockerconfigjson";
        check(config, r#"{".dockerconfigjson":"e30="}"#, Ok("{}"));
        check("kubernetes.io/dockercfg", r#"{".dockercfg":"e30="}"#, Ok("{}"));
        check(config, r#"{".dockercfg":"e30="}"#, Err("no data"));
        check(config, r#"{".dockerconfigjson":"%"}"#, Err("base64"));
        check(config, r#"{".dockerconfigjson":"/w=="}"#, Err("not text"));
        check("Opaque", r#"{".dockerconfigjson":"e30="}"#, Err("type"));
    }

    #[test]
    fn errors_quote_nothing() {
        let error = content(br#"{"type":"Opaque","data":{".dockercfg":{"hunter2":1}}}"#);
        let error = error.map(|_| ()).expect_err("malformed");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn pull_secrets_are_read_once_and_in_order() {
        let server = Server::start(|path, _| {
            let secret = |data: &str| {
                format!(r#"{{"type":"kubernetes.io/dockerconfigjson","data":{{".dockerconfigjson":"{data}"}}}}"#)
                    .into_response()
            };
            match path {
                "/api/v1/namespaces/a/secrets/one" => Some(secret("MQ==")),
                "/api/v1/namespaces/a/secrets/two" => Some(secret("Mg==")),
                "/api/v1/namespaces/a/serviceaccounts/robot" => Some(
                    r#"{"imagePullSecrets":[{"name":"two"},{"name":"gone"},{"name":"one"}]}"#.into_response(),
                ),
                path if path.starts_with("/api/v1/namespaces/b/") => Some(refusal(403, "no")),
                _ => Some(refusal(404, "not found")),
            }
        })
        .await;
        let cluster = server.connect().await;
        let read = async |namespace: &str, secrets: &[&str], account: &str| -> Vec<String> {
            let identity = PullIdentity {
                namespace: namespace.into(),
                secrets: secrets.iter().map(|name| Arc::from(*name)).collect(),
                service_account: account.into(),
            };
            let secrets = PullSecrets::read(&cluster, &identity).await;
            secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
        };
        assert_eq!(read("a", &["one", "two"], "robot").await, ["1", "2"]);
        assert_eq!(read("a", &[], "robot").await, ["2", "1"]);
        assert_eq!(read("a", &[], "robot").await, ["2", "1"]);
        assert_eq!(read("a", &[], "default").await, [""; 0], "an account without secrets");
        assert_eq!(read("b", &["x", "y"], "robot").await, [""; 0]);
        assert_eq!(server.asked("/secrets/one"), 1);
        assert_eq!(server.asked("/serviceaccounts/robot"), 1);
        let warnings: Vec<_> =
            cluster.warnings().into_iter().map(|warning| warning.message).collect();
        assert_eq!(
            warnings,
            [
                "not allowed to `get secrets` in b; private registries may refuse access",
                "a/secrets/gone does not exist, although it is named for pulling images",
            ]
        );
    }
}
