//! What is never sent to another host, and where nobody is led.

use super::server::{Image, Reply, Server, at, basic, open, open_as, quick, tag, with_tokens};
use crate::adapters::registry::{CredentialSources, HostSettings, Registries};
use crate::ports::{LookupError, Registry as _, Wanted};

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let config = Image::new("amd64", "2026-01-01T00:00:00Z");
    let moved = config.clone();
    let elsewhere = Server::start(move |_| Reply::ok(moved.config.clone())).await;
    let there = elsewhere.address.clone();
    let image = config.clone();
    let server = Server::start(move |seen| {
        if seen.authorization != Some(basic("user", "hunter2")) {
            return Reply::new(401, "").header("www-authenticate", "Basic realm=x");
        }
        if seen.target.contains("/blobs/") {
            return Reply::new(307, "")
                .header("location", format!("http://{there}/blob?signature=x"));
        }
        Reply::ok(if seen.method == "HEAD" { String::new() } else { image.manifest.clone() })
            .header("docker-content-digest", image.digest())
    })
    .await;
    let registries = open_as(&server.address, "user", quick());
    let wanted = Wanted { created: true };
    let manifest =
        registries.manifest(&server.repository("app"), &tag("1"), wanted, None).await.unwrap();
    assert!(manifest.created.is_some());
    let seen = elsewhere.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].authorization, None);
    assert!(!format!("{seen:?}").contains(&basic("user", "hunter2")[6..]));
}

#[tokio::test]
async fn another_host_behind_a_redirect_gets_its_own_anonymous_token() {
    let behind = Server::start(|seen| with_tokens(seen, |token| token == "anonymous")).await;
    let there = behind.address.clone();
    let front = Server::start(move |seen| {
        Reply::new(307, "").header("location", format!("http://{there}{}", seen.target))
    })
    .await;
    let registries = open_as(&front.address, "user", quick());
    registries.tags(&front.repository("app"), None).await.unwrap();
    let token = behind.seen().into_iter().find(|seen| seen.target.starts_with("/token")).unwrap();
    assert_eq!(token.authorization, None);
    assert!(front.seen().iter().all(|seen| seen.authorization.is_none()));
}

#[tokio::test]
async fn realms_and_redirects_to_places_inside_are_not_followed() {
    // An address of this machine that is not loopback would be asked if the rules failed.
    for realm in
        ["http://10.255.255.1/token", "http://169.254.169.254/latest", "https://[fd00::1]/token"]
    {
        let server = Server::start(move |_| Reply::challenge(realm)).await;
        let registries = open_as(&server.address, "user", quick());
        let error = registries.tags(&server.repository("app"), None).await.unwrap_err();
        assert!(matches!(error, LookupError::BadAnswer { .. }), "{realm}: {error}");
        assert_eq!(server.seen().len(), 1);
        let server = Server::start(move |_| Reply::new(302, "").header("location", realm)).await;
        let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
        assert!(error.to_string().contains("local address"), "{realm}: {error}");
    }
    let server = Server::start(|seen| Reply::new(302, "").header("location", &seen.target)).await;
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 redirects"), "{error}");
}

#[tokio::test]
async fn a_mirror_gets_its_own_credentials_and_never_the_registrys() {
    let mirror = Server::start(|seen| with_tokens(seen, |token| token == "for-mirror")).await;
    let config = format!(
        r#"{{"auths":{{"https://index.docker.io/v1/":{{"username":"hub","password":"hunter2"}},
            "{}":{{"username":"mirror","password":"m"}}}}}}"#,
        mirror.address
    );
    let mut settings = quick();
    let host =
        HostSettings { mirror: Some(format!("{}/hub", mirror.address)), ..HostSettings::default() };
    settings.hosts.insert("docker.io".parse().unwrap(), host);
    let sources = CredentialSources {
        docker_auth_config: Some(config.into()),
        ..CredentialSources::default()
    };
    let registries = Registries::new(settings, sources, None, at(0));
    registries.tags(&"nginx".parse().unwrap(), None).await.unwrap();
    assert_eq!(mirror.count("/v2/hub/library/nginx/tags/list"), 2);
    let hub = basic("hub", "hunter2");
    assert!(mirror.seen().iter().all(|seen| seen.authorization.as_ref() != Some(&hub)));
}
