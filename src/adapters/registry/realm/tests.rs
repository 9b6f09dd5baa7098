use super::*;

const OK: Option<Trust> = Some(Trust::Credentials);
const ANON: Option<Trust> = Some(Trust::Anonymous);
const NO: Option<Trust> = None;

#[track_caller]
fn check(registry: &str, realm: &str, expected: Option<Trust>) {
    let registry_url = Url::parse(registry).unwrap();
    let found = judge(realm, &registry_url, false, &[]).ok().map(|(_, trust)| trust);
    assert_eq!(found, expected, "{registry} -> {realm}");
}

#[test]
fn realms_of_real_registries() {
    for (registry, realm, expected) in [
        ("https://registry-1.docker.io", "https://auth.docker.io/token", OK),
        ("https://ghcr.io", "https://ghcr.io/token", OK),
        ("https://registry.gitlab.com", "https://gitlab.com/jwt/auth", OK),
        ("https://registry.example.com", "https://gitlab.example.com/jwt/auth", OK),
        ("https://docker.elastic.co", "https://docker-auth.elastic.co/auth", OK),
        ("https://registry.connect.redhat.com", "https://sso.redhat.com/x", OK),
        ("https://us-docker.pkg.dev", "https://us-docker.pkg.dev/v2/token", OK),
        ("https://example.com", "https://auth.example.com/token", OK),
        ("https://registry.example.com:5000", "https://registry.example.com:5001/a", OK),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", OK),
        ("http://localhost:5000", "http://127.0.0.1:5001/token", OK),
        ("http://[::1]:5000", "http://[::1]:5001/token", OK),
        ("https://10.0.0.5", "https://10.0.0.5:8443/token", OK),
        ("https://lscr.io", "https://ghcr.io/token", ANON),
        ("https://company.azurecr.io", "https://evil.azurecr.io/token", ANON),
        ("https://company.jfrog.io", "https://evil.jfrog.io/token", ANON),
        (
            "https://1.dkr.ecr.eu-west-1.amazonaws.com",
            "https://evil.eu-west-1.amazonaws.com/t",
            ANON,
        ),
        ("https://registry.example.co.uk", "https://auth.example.co.uk/t", OK),
        ("https://registry.co.uk", "https://evil.co.uk/t", ANON),
        ("https://docker.io.example.com", "https://auth.docker.io/token", ANON),
        ("https://8.8.8.8", "https://9.9.8.8/token", ANON),
        ("https://registry", "https://auth/token", ANON),
    ] {
        check(registry, realm, expected);
    }
}

#[test]
fn realms_that_are_never_asked() {
    for realm in [
        "http://auth.example.com/token",
        "http://registry.example.com/token",
        "https://user@auth.example.com/token",
        "https://user:pass@registry.example.com/token",
        "https://127.0.0.1/token",
        "https://localhost/token",
        "https://x.localhost/token",
        "https://2130706433/token",
        "https://0x7f.1/token",
        "https://10.1.2.3/token",
        "https://192.168.0.1/token",
        "https://172.16.0.1/token",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200/latest",
        "https://0.0.0.0/token",
        "https://[::1]/token",
        "https://[::]/token",
        "https://[fd00::1]/token",
        "https://[fe80::1]/token",
        "https://[::ffff:10.0.0.1]/token",
        "https://[64:ff9b::10.0.0.1]/token",
        "file:///etc/passwd",
        "ftp://registry.example.com/token",
        "/token",
        "",
    ] {
        check("https://registry.example.com", realm, NO);
    }
    check("http://registry.example.com", "http://other.example.com/t", NO);
    check("http://127.0.0.1:5000", "http://10.0.0.1/token", NO);
}

#[test]
fn the_settings_widen_it() {
    let registry = Url::parse("https://registry.example.com").unwrap();
    let listed = ["auth.other.test".to_owned(), "10.0.0.7:8443".to_owned()];
    let judge = |realm| judge(realm, &registry, false, &listed).ok().map(|(_, t)| t);
    assert_eq!(judge("https://auth.other.test/t"), OK);
    assert_eq!(judge("https://10.0.0.7:8443/t"), OK);
    assert_eq!(judge("https://10.0.0.7/t"), NO);
    assert_eq!(judge("https://auth.other.test.evil/t"), ANON);
    let plain = super::judge("http://registry.example.com/t", &registry, true, &[]);
    assert_eq!(plain.ok().map(|(_, trust)| trust), OK);
}

#[test]
fn redirects() {
    for (from, location, followed) in [
        ("https://r.example/v2/x", "/v2/y", true),
        ("https://r.example/v2/x", "https://cdn.example/y?sig=1", true),
        ("http://r.example/v2/x", "https://r.example/v2/x", true),
        ("https://r.example/v2/x", "http://r.example/v2/x", false),
        ("https://r.example/v2/x", "https://169.254.169.254/", false),
        ("http://r.example/v2/x", "http://127.0.0.1/", false),
        ("http://127.0.0.1:5000/v2/x", "http://127.0.0.1:5001/y", true),
        ("http://127.0.0.1:5000/v2/x", "http://10.0.0.1/y", false),
        ("https://r.example/v2/x", "https://u:p@cdn.example/y", false),
        ("https://r.example/v2/x", "gopher://x/", false),
    ] {
        let from = Url::parse(from).unwrap();
        assert_eq!(follow(&from, location).is_ok(), followed, "{from} -> {location}");
    }
}
