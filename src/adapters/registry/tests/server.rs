//! A registry that does what a test says, and remembers what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::adapters::registry::cache::lock;
use crate::adapters::registry::document::sha256;
use crate::adapters::registry::*;
use crate::domain::image::{Repository, Tag};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(in crate::adapters) struct Seen {
    pub(in crate::adapters) method: String,
    /// Path and query.
    pub(in crate::adapters) target: String,
    pub(in crate::adapters) host: String,
    pub(in crate::adapters) authorization: Option<String>,
    pub(in crate::adapters) if_none_match: Option<String>,
    pub(in crate::adapters) if_modified_since: Option<String>,
    /// The body, for token requests.
    pub(in crate::adapters) body: String,
    /// How many came before it.
    pub(in crate::adapters) number: usize,
}

/// What is sent back.
pub(in crate::adapters) struct Reply(Response<Body>);

impl Reply {
    pub(in crate::adapters) fn new(status: u16, body: impl Into<Body>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Self(response)
    }

    pub(in crate::adapters) fn ok(body: impl Into<Body>) -> Self {
        Self::new(200, body)
    }

    pub(in crate::adapters) fn tags<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Vec<_> = tags.into_iter().map(|tag| format!("{:?}", tag.as_ref())).collect();
        Self::ok(format!(r#"{{"name":"x","tags":[{}]}}"#, tags.join(",")))
    }

    pub(in crate::adapters) fn header(
        mut self,
        name: &'static str,
        value: impl AsRef<str>,
    ) -> Self {
        self.0.headers_mut().append(name, value.as_ref().parse().unwrap());
        self
    }

    /// 401 with a challenge of this server for tokens of `/token`.
    pub(in crate::adapters) fn bearer(seen: &Seen) -> Self {
        let realm = format!("http://{}/token", seen.host);
        Self::challenge(&realm)
    }

    pub(in crate::adapters) fn challenge(realm: &str) -> Self {
        Self::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#)
            .header("www-authenticate", format!(r#"Bearer realm="{realm}",service="s""#))
    }
}

/// A running server; ends when dropped.
pub(in crate::adapters) struct Server {
    pub(in crate::adapters) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(in crate::adapters) async fn start(
        handler: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::slow(Duration::ZERO, handler).await
    }

    /// A server that thinks before it answers.
    pub(in crate::adapters) async fn slow(
        delay: Duration,
        handler: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request<Body>| {
            let (handler, log) = (handler.clone(), Arc::clone(&log));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
                let header = |name: &str| {
                    let value = parts.headers.get(name)?;
                    Some(value.to_str().unwrap().to_owned())
                };
                let seen = {
                    let mut log = lock(&log);
                    let number = log.len();
                    log.push(Seen {
                        method: parts.method.to_string(),
                        target: parts.uri.to_string(),
                        host: header("host").unwrap_or_default(),
                        authorization: header("authorization"),
                        if_none_match: header("if-none-match"),
                        if_modified_since: header("if-modified-since"),
                        body: String::from_utf8_lossy(&body).into_owned(),
                        number,
                    });
                    log.last().unwrap().clone()
                };
                tokio::time::sleep(delay).await;
                handler(&seen).0
            }
        });
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { address, seen, task }
    }

    pub(in crate::adapters) fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// The requests whose target contains a text.
    pub(in crate::adapters) fn count(&self, part: &str) -> usize {
        self.seen().iter().filter(|seen| seen.target.contains(part)).count()
    }

    pub(in crate::adapters) fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.address).parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(in crate::adapters) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// Short bounds, so that tests of time are quick.
pub(in crate::adapters) fn quick() -> RegistrySettings {
    RegistrySettings {
        limits: Limits {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(10),
            lookup: Duration::from_secs(20),
            backoff: Duration::from_millis(5),
            ..Limits::default()
        },
        ..RegistrySettings::default()
    }
}

/// The clock of most tests.
pub(in crate::adapters) fn at(second: i64) -> Clock {
    Arc::new(move || Timestamp::from_second(1_800_000_000 + second).unwrap())
}

pub(in crate::adapters) fn open(settings: RegistrySettings) -> Registries {
    Registries::new(settings, CredentialSources::default(), None, at(0))
}

/// Opens with a user and password for one host.
pub(in crate::adapters) fn open_as(
    host: &str,
    username: &str,
    settings: RegistrySettings,
) -> Registries {
    let explicit = ExplicitCredential {
        host: host.parse().unwrap(),
        username: username.into(),
        password: "hunter2".into(),
    };
    let sources = CredentialSources { explicit: Some(explicit), ..CredentialSources::default() };
    Registries::new(settings, sources, None, at(0))
}

/// An image for one platform: its manifest, its configuration, and the reply to requests for
/// either.
#[derive(Clone)]
pub(in crate::adapters) struct Image {
    pub(in crate::adapters) manifest: String,
    pub(in crate::adapters) config: String,
}

impl Image {
    pub(in crate::adapters) fn new(architecture: &str, created: &str) -> Self {
        let config =
            format!(r#"{{"os":"linux","architecture":"{architecture}","created":"{created}"}}"#);
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[]}}"#,
            sha256(config.as_bytes()),
            config.len()
        );
        Self { manifest, config }
    }

    pub(in crate::adapters) fn digest(&self) -> String {
        sha256(self.manifest.as_bytes()).to_string()
    }

    pub(in crate::adapters) fn descriptor(&self, architecture: &str) -> String {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},"platform":{{"os":"linux","architecture":"{architecture}"}}}}"#,
            self.digest(),
            self.manifest.len()
        )
    }

    pub(in crate::adapters) fn config_digest(&self) -> String {
        sha256(self.config.as_bytes()).to_string()
    }
}

/// The header of a user and password.
pub(in crate::adapters) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A registry with tokens: `/token` gives `anonymous` to nobody and `for-USER` to users.
pub(in crate::adapters) fn with_tokens(seen: &Seen, let_in: impl Fn(&str) -> bool) -> Reply {
    if seen.target.starts_with("/token") {
        let user = seen.authorization.as_deref().map_or("anonymous".to_owned(), |header| {
            let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
            let pair = String::from_utf8(pair).unwrap();
            format!("for-{}", pair.split(':').next().unwrap())
        });
        return Reply::ok(format!(r#"{{"token":"{user}"}}"#));
    }
    match seen.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer ")) {
        Some(token) if let_in(token) => Reply::tags(["1.0"]),
        _ => Reply::bearer(seen),
    }
}

/// A pull secret with one entry.
pub(in crate::adapters) fn secret(host: &str, user: &str) -> String {
    let auth = STANDARD.encode(format!("{user}:hunter2"));
    format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)
}
