//! Credentials: who is asked, what is sent where, and what is never sent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use secrecy::SecretString;

use super::server::{Reply, Server, at, basic, open, open_as, quick, secret, tag, with_tokens};
use crate::adapters::registry::{CredentialSources, Registries};
use crate::domain::inventory::{PullIdentity, Warning};
use crate::ports::{LookupError, PullSecrets, Registry as _};

struct Secrets(Vec<String>);

impl PullSecrets for Secrets {
    fn read<'a>(&'a self, _: &'a PullIdentity) -> BoxFuture<'a, Vec<SecretString>> {
        let texts = self.0.iter().map(|text| text.clone().into()).collect();
        async { texts }.boxed()
    }

    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

fn identity(namespace: &str) -> PullIdentity {
    PullIdentity {
        namespace: namespace.into(),
        secrets: vec!["pull".into()],
        service_account: "default".into(),
    }
}

fn with_secrets(texts: &[String]) -> Registries {
    let secrets: Arc<dyn PullSecrets> = Arc::new(Secrets(texts.to_vec()));
    Registries::new(quick(), CredentialSources::default(), Some(secrets), at(0))
}

#[tokio::test]
async fn fifty_callers_one_token() {
    let server = Server::slow(Duration::from_millis(10), |seen| {
        if seen.method == "HEAD" && seen.authorization.is_some() {
            return Reply::ok("")
                .header("docker-content-digest", format!("sha256:{}", "a".repeat(64)));
        }
        with_tokens(seen, |_| true)
    })
    .await;
    let mut settings = quick();
    settings.limits.max_in_flight = 50;
    let registries = open_as(&server.address, "user", settings);
    let repository = server.repository("app");
    let tags: Vec<_> = (0..50).map(|number| tag(&format!("1.{number}"))).collect();
    let all = join_all(tags.iter().map(|tag| registries.digest(&repository, tag, None))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(server.count("/token"), 1);
    let query = &server.seen().iter().find(|s| s.target.contains("/token")).unwrap().target.clone();
    assert_eq!(query, "/token?service=s&scope=repository%3Aapp%3Apull&client_id=safe-update");
}

#[tokio::test]
async fn the_challenge_is_remembered_for_other_repositories() {
    let server = Server::start(|seen| with_tokens(seen, |_| true)).await;
    let registries = open(quick());
    for number in 0..5 {
        let repository = server.repository(&format!("app{number}"));
        registries.tags(&repository, None).await.unwrap();
    }
    // The first costs three requests, the others a token and a list.
    assert_eq!(server.seen().len(), 3 + 4 * 2);
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed_once() {
    let server = Server::start(|seen| {
        if seen.target.starts_with("/token") {
            return Reply::ok(format!(r#"{{"access_token":"t{}","expires_in":300}}"#, seen.number));
        }
        // The first token is good for one request only.
        match seen.authorization.as_deref() {
            Some("Bearer t1") if seen.number > 2 => Reply::bearer(seen),
            Some(_) => {
                Reply::ok("").header("docker-content-digest", format!("sha256:{}", "a".repeat(64)))
            }
            None => Reply::bearer(seen),
        }
    })
    .await;
    let registries = open(quick());
    let repository = server.repository("app");
    registries.digest(&repository, &tag("1"), None).await.unwrap();
    registries.digest(&repository, &tag("2"), None).await.unwrap();
    assert_eq!(server.count("/token"), 2);

    // A registry that refuses every token ends, and says what it said.
    let server = Server::start(|seen| with_tokens(seen, |_| false)).await;
    let registries = open_as(&server.address, "user", quick());
    let error = registries.tags(&server.repository("app"), None).await.unwrap_err();
    let LookupError::Unauthorized { message, .. } = &error else { panic!("{error}") };
    assert!(
        message.contains("as user (REGISTRY_USERNAME): it answered 401: who are you"),
        "{message}"
    );
    assert!(message.contains("without credentials"), "{message}");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(server.seen().len() <= 8, "{}", server.seen().len());
}

#[tokio::test]
async fn basic_authentication() {
    let server = Server::start(|seen| match seen.authorization.as_deref() {
        Some(header) if header == basic("user", "hunter2") => Reply::tags(["1.0"]),
        _ => Reply::new(401, "{}").header("www-authenticate", r#"Basic realm="x""#),
    })
    .await;
    let registries = open_as(&server.address, "user", quick());
    registries.tags(&server.repository("app"), None).await.unwrap();
    registries.tags(&server.repository("web"), None).await.unwrap();
    assert_eq!(server.seen().len(), 3, "the second time without being asked");
    // The explicit pair is for its host alone.
    let registries = open_as("other.test", "user", quick());
    let error = registries.tags(&server.repository("app"), None).await.unwrap_err();
    assert!(matches!(error, LookupError::Unauthorized { .. }), "{error}");
    let last = server.seen().pop().unwrap();
    assert_eq!(last.authorization, None);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post_and_else_by_get() {
    for posts in [true, false] {
        let server = Server::start(move |seen| {
            match (seen.method.as_str(), seen.target.starts_with("/token")) {
                ("POST", true) if posts => Reply::ok(r#"{"access_token":"good"}"#),
                ("POST", true) => Reply::new(404, ""),
                ("GET", true)
                    if !posts && seen.authorization == Some(basic("<token>", "hunter2")) =>
                {
                    Reply::ok(r#"{"token":"good"}"#)
                }
                (_, false) if seen.authorization.as_deref() == Some("Bearer good") => {
                    Reply::tags(["1.0"])
                }
                _ => Reply::bearer(seen),
            }
        })
        .await;
        let registries = open_as(&server.address, "<token>", quick());
        registries.tags(&server.repository("app"), None).await.unwrap();
        let post = server.seen().into_iter().find(|seen| seen.method == "POST").unwrap();
        assert!(post.body.contains("grant_type=refresh_token&refresh_token=hunter2&service=s"));
    }
}

#[tokio::test]
async fn candidates_are_tried_in_order_and_then_nobody() {
    let server = Server::start(|seen| with_tokens(seen, |token| token == "for-third")).await;
    let host = &server.address;
    let texts =
        [secret(host, "first"), "{".to_owned(), secret(host, "second"), secret(host, "third")];
    let registries = with_secrets(&texts);
    let identity = identity("shop");
    registries.tags(&server.repository("app"), Some(&identity)).await.unwrap();
    // The one that was let in comes first from then on.
    let before = server.seen().len();
    registries.digest(&server.repository("app"), &tag("1"), Some(&identity)).await.unwrap();
    assert!(server.seen().len() - before <= 2);

    let server = Server::start(|seen| with_tokens(seen, |token| token == "anonymous")).await;
    let registries = with_secrets(&[secret(&server.address, "expired")]);
    registries.tags(&server.repository("app"), Some(&identity)).await.unwrap();

    let server = Server::start(|seen| with_tokens(seen, |_| false)).await;
    let registries = with_secrets(&["{".to_owned()]);
    let error = registries.tags(&server.repository("app"), Some(&identity)).await.unwrap_err();
    assert!(error.to_string().contains("a pull secret of shop: it is not JSON"), "{error}");
}

#[tokio::test]
async fn identities_with_the_same_credentials_share_a_lookup() {
    let server = Server::start(|seen| with_tokens(seen, |_| true)).await;
    let registries = with_secrets(&[secret(&server.address, "user")]);
    let repository = server.repository("app");
    for number in 0..20 {
        let identity = identity(&format!("namespace{number}"));
        registries.tags(&repository, Some(&identity)).await.unwrap();
    }
    assert_eq!(server.count("tags/list"), 2, "the challenge and the list");
    // Without these credentials it is another lookup.
    registries.tags(&repository, None).await.unwrap();
    assert_eq!(server.count("tags/list"), 3);
}

#[tokio::test]
async fn a_registry_that_hides_what_is_private_is_asked_for_its_challenge() {
    let server =
        Server::start(|seen| match (seen.target.as_str(), seen.authorization.as_deref()) {
            ("/v2/", None) => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
            (_, Some(_)) => Reply::tags(["1.0"]),
            (_, None) => Reply::new(404, "{}"),
        })
        .await;
    let registries = open_as(&server.address, "user", quick());
    registries.tags(&server.repository("app"), None).await.unwrap();
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
}
