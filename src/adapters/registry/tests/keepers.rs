//! Where credentials are kept on this machine: files and helpers.

use std::time::Duration;

use super::server::{Reply, Server, at, quick, secret, with_tokens};
use crate::adapters::registry::credentials::{Credential, Credentials};
use crate::adapters::registry::{CredentialSources, ExplicitCredential, Registries};
use crate::ports::{LookupError, Registry as _};

#[tokio::test]
async fn a_broken_helper_stops_its_host_and_no_other() {
    let server = Server::start(|_| Reply::tags(["1.0"])).await;
    let other = Server::start(|_| Reply::tags(["1.0"])).await;
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".docker")).unwrap();
    let config = format!(r#"{{"credHelpers":{{"{}":"is-not-there"}}}}"#, server.address);
    std::fs::write(home.path().join(".docker/config.json"), config).unwrap();
    let sources =
        CredentialSources { home: Some(home.path().to_owned()), ..CredentialSources::default() };
    let registries = Registries::new(quick(), sources, None, at(0));
    let error = registries.tags(&server.repository("app"), None).await.unwrap_err();
    assert!(
        matches!(&error, LookupError::Credentials { message, .. } if message.contains("not installed")),
        "{error}"
    );
    assert_eq!(server.seen().len(), 0);
    registries.tags(&other.repository("app"), None).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_helper_keeps_the_credentials_of_its_hosts_and_is_asked_once() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    for name in ["store", "special"] {
        let file = home.path().join(format!("docker-credential-{name}"));
        let script = format!(
            "#!/bin/sh\nread server\necho {name} $server >> {}\n\
             if [ $server = none.test ]; then echo credentials not found in native keychain; exit 1; fi\n\
             echo '{{\"Username\":\"{name}\",\"Secret\":\"s\"}}'\n",
            log.display()
        );
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o700)).unwrap();
    }
    std::fs::create_dir(home.path().join(".docker")).unwrap();
    let config = r#"{"credsStore":"store","credHelpers":{"special.test":"special"},
        "auths":{"special.test":{"username":"plain","password":"p"},"https://index.docker.io/v1/":{}}}"#;
    std::fs::write(home.path().join(".docker/config.json"), config).unwrap();
    let path = std::env::join_paths([home.path(), "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let sources = CredentialSources {
        home: Some(home.path().to_owned()),
        helper_path: Some(path),
        ..CredentialSources::default()
    };
    let credentials = Credentials::new(sources, None, Duration::from_secs(10), false);
    for (host, users) in [
        ("docker.io", &["store"][..]),
        ("special.test", &["special"]),
        ("none.test", &[]),
        ("docker.io", &["store"]),
    ] {
        let set = credentials.resolve(host, "app", None).await;
        assert_eq!(set.failure, None);
        let found: Vec<_> = set.candidates.iter().map(|c| c.credential.user().to_owned()).collect();
        assert_eq!(found, users, "{host}");
    }
    let asked = std::fs::read_to_string(&log).unwrap();
    assert_eq!(asked, "store https://index.docker.io/v1/\nspecial special.test\nstore none.test\n");
}

#[test]
fn nothing_prints_a_secret() {
    let sources = CredentialSources {
        explicit: Some(ExplicitCredential {
            host: "r.test".parse().unwrap(),
            username: "user".into(),
            password: "hunter2".into(),
        }),
        docker_auth_config: Some("hunter2".into()),
        ..CredentialSources::default()
    };
    let credential = Credential::new("user".into(), "hunter2".into());
    let text = format!("{sources:?} {credential:?}");
    assert!(text.contains("user") && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn files_of_this_machine_are_tried_in_order() {
    let server = Server::start(|seen| with_tokens(seen, |token| token == "for-podman")).await;
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| {
        let file = home.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write(".docker/config.json", secret(&server.address, "docker"));
    write("auth.json", "not json, hunter2".into());
    write("run/containers/auth.json", secret(&format!("{}/app", server.address), "podman"));
    let sources = CredentialSources {
        docker_auth_config: Some(secret(&server.address, "variable").into()),
        home: Some(home.path().to_owned()),
        registry_auth_file: Some(home.path().join("auth.json")),
        runtime_dir: Some(home.path().join("run")),
        ..CredentialSources::default()
    };
    let registries = Registries::new(quick(), sources, None, at(0));
    registries.tags(&server.repository("app/web"), None).await.unwrap();
    let error = registries.tags(&server.repository("other"), None).await.unwrap_err().to_string();
    let position = |part: &str| error.find(part).unwrap_or_else(|| panic!("{part} in {error}"));
    assert!(position("as variable (DOCKER_AUTH_CONFIG)") < position("as docker ("));
    assert!(position("as docker (") < position("without credentials"));
    assert!(position("auth.json: it is not JSON") > 0 && !error.contains("hunter2"));
    assert!(!error.contains("podman ("), "{error}");
}
