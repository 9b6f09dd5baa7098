use axum::response::IntoResponse;

use super::*;
use crate::adapters::kubernetes::scripted::{Server, refusal};

#[tokio::test]
async fn facts_of_the_server() {
    let server = Server::start(|path, _| match path {
        "/version" => Some(r#"{"gitVersion":"v1.27.1"}"#.into_response()),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => Some(refusal(404, "not found")),
        "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews" => {
            Some(r#"{"status":{"userInfo":{"username":"jane"}}}"#.into_response())
        }
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
            Some(r#"{"status":{"allowed":false,"reason":"no rule"}}"#.into_response())
        }
        _ => None,
    })
    .await;
    let cluster = server.connect().await;
    assert_eq!(cluster.server_url(), server.address);
    assert_eq!(cluster.default_namespace(), "default");
    assert_eq!(cluster.context_name(), None);
    assert_eq!(cluster.version().await.expect("a version"), "v1.27.1");
    assert_eq!(cluster.who_am_i().await.expect("a name"), "jane");
    let permission =
        Permission { verb: "list", group: "apps", resource: "deployments", namespace: None };
    let access = cluster.can_i(permission).await.expect("an answer");
    assert_eq!((access.allowed, access.reason.as_deref()), (false, Some("no rule")));
}

/// A kubeconfig whose plugin gives the tokens `t1`, `t2`, … one after the other.
fn with_plugin(server: &Server, directory: &std::path::Path) -> Environment {
    let script = directory.join("login");
    let counter = directory.join("count");
    let path = counter.display();
    let content = format!(
        "echo x >> {path}; n=$(grep -c x {path}); echo \"{{\\\"status\\\":{{\\\"token\\\":\\\"t$n\\\"}}}}\"\n"
    );
    std::fs::write(&script, content).expect("a writable directory");
    let kubeconfig = directory.join("config");
    let content = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: '{}'}}}}]\n\
         users: [{{name: u, user: {{exec: {{command: sh, args: ['{}'], interactiveMode: Never}}}}}}]\n",
        server.address,
        script.display(),
    );
    std::fs::write(&kubeconfig, content).expect("a writable directory");
    Environment::read(None, &|name| match name {
        "KUBECONFIG" => Some(kubeconfig.clone().into()),
        _ => None,
    })
}

#[tokio::test]
async fn a_refused_token_of_a_plugin_is_renewed_once() {
    let server = Server::start(|_, query| match query.get("authorization")?.as_str() {
        "Bearer t2" => Some(r#"{"gitVersion":"v1"}"#.into_response()),
        _ => Some(refusal(401, "expired")),
    })
    .await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let environment = with_plugin(&server, directory.path());
    let flags = ConnectionFlags::default();
    let cluster = Cluster::connect(&flags, &environment, Options::default()).await;
    let cluster = cluster.expect("the plugin works");
    assert_eq!(cluster.version().await.expect("the second token is good"), "v1");
    assert_eq!(cluster.version().await.expect("it is kept"), "v1");
    assert_eq!(server.asked("/version"), 3);

    // The next tokens are refused for good.
    let cluster = Cluster::connect(&flags, &environment, Options::default()).await;
    let error = cluster.expect("the plugin works").version().await;
    assert!(matches!(error, Err(DiscoverError::Unauthorized { message }) if message == "expired"));
    assert_eq!(server.asked("/version"), 5);
}

#[tokio::test]
async fn plugins_run_only_when_they_are_allowed() {
    let server = Server::start(|_, _| None).await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut environment = with_plugin(&server, directory.path());
    let flags = ConnectionFlags::default();
    let options = Options { allow_plugins: false, ..Options::default() };
    let denied = Cluster::connect(&flags, &environment, options).await;
    assert!(matches!(denied, Err(ConnectError::PluginDenied { command }) if command == "sh"));
    let kuberc = directory.path().join("kuberc");
    std::fs::write(&kuberc, "credentialPluginPolicy: DenyAll").expect("a writable directory");
    environment.kuberc = Some(kuberc);
    let denied = Cluster::connect(&flags, &environment, Options::default()).await;
    assert!(matches!(denied, Err(ConnectError::PluginDenied { .. })));
    assert!(!directory.path().join("count").exists(), "nothing ran");
}
