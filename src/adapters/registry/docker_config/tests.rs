use super::*;

fn auth(text: &str) -> String {
    STANDARD.encode(text)
}

/// The users that apply, in order.
#[track_caller]
fn check(config: &DockerConfig, host: &str, path: &str, expected: &[&str]) {
    let users: Vec<_> = config
        .matching(host, path)
        .map(|credential| match credential {
            Credential::Password { username, .. } => username.as_str(),
            Credential::IdentityToken(_) => "<token>",
            Credential::RegistryToken(_) => "<registry>",
        })
        .collect();
    assert_eq!(users, expected, "{host}/{path}");
}

#[test]
fn keys_are_matched_as_the_kubelet_does() {
    let entries: Vec<String> = [
        ("https://index.docker.io/v1/", "hub"),
        ("registry.example.com", "plain"),
        ("registry.example.com/team", "team"),
        ("registry.example.com/team/app", "app"),
        ("*.example.com", "glob"),
        ("r*y.example.com", "part"),
        ("registry.example.com:5000", "port"),
        ("http://other.example.org/v2/", "scheme"),
        ("*.azurecr.io", "azure"),
    ]
    .iter()
    .map(|(key, user)| format!(r#""{key}":{{"auth":"{}"}}"#, auth(&format!("{user}:secret"))))
    .collect();
    let text = format!(r#"{{"auths":{{{}}}}}"#, entries.join(","));
    let config = DockerConfig::read_secret(&text).unwrap();
    check(&config, "docker.io", "library/nginx", &["hub"]);
    check(
        &config,
        "registry.example.com",
        "team/app/web",
        &["app", "team", "plain", "part", "glob"],
    );
    check(&config, "registry.example.com", "teamster/app", &["plain", "part", "glob"]);
    check(&config, "registry.example.com:5000", "x", &["port"]);
    check(&config, "registry.example.com:5001", "x", &[]);
    check(&config, "a.registry.example.com", "x", &[]);
    check(&config, "example.com", "x", &[]);
    check(&config, "other.example.org", "x", &["scheme"]);
    check(&config, "company.azurecr.io", "x", &["azure"]);
    check(&config, "azurecr.io.evil.test", "x", &[]);
}

#[test]
fn forms_of_entries() {
    let config = DockerConfig::read_secret(&format!(
        r#"{{"auths":{{
            "a.test":{{"username":"user","password":"pass"}},
            "b.test":{{"auth":"{}"}},
            "c.test":{{"auth":"{}","identitytoken":"idt"}},
            "d.test":{{"registrytoken":"rt"}},
            "e.test":{{}},
            "f.test":null,
            "g.test":{{"auth":"{}"}},
            "h.test":{{"username":"<token>","password":"idt"}}
        }}}}"#,
        auth("user:pa:ss\0"),
        auth("user:"),
        auth("user:pass").trim_end_matches('='),
    ))
    .unwrap();
    for (host, expected) in [
        ("a.test", &["user"][..]),
        ("b.test", &["user"]),
        ("c.test", &["<token>"]),
        ("d.test", &["<registry>"]),
        ("e.test", &[]),
        ("f.test", &[]),
        ("g.test", &["user"]),
        ("h.test", &["<token>"]),
    ] {
        check(&config, host, "x", expected);
    }
}

#[test]
fn the_older_form_of_secrets() {
    let text = format!(r#"{{"r.test":{{"auth":"{}","email":"x@y"}}}}"#, auth("u:p"));
    check(&DockerConfig::read_secret(&text).unwrap(), "r.test", "x", &["u"]);
}

#[test]
fn a_secret_names_no_helper() {
    let text = r#"{"auths":{},"credHelpers":{"r.test":"evil"},"credsStore":"evil"}"#;
    assert_eq!(DockerConfig::read_secret(text).unwrap().helper("r.test"), None);
    let without = r#"{"credsStore":"evil"}"#;
    assert_eq!(DockerConfig::read_secret(without).unwrap().helper("r.test"), None);
    let config = DockerConfig::read(text).unwrap();
    assert_eq!(config.helper("r.test"), Some("evil"));
    assert_eq!(config.helper("other.test"), Some("evil"));
}

#[test]
fn trouble_does_not_quote_the_secret() {
    for text in [
        "hunter2",
        r#"{"auths":{"r.test":{"auth":"hunter2!"}}}"#,
        r#"{"auths":{"r.test":{"auth":["hunter2"]}}}"#,
        r#"{"auths":{"r.test":{"password":true,"x":"hunter2"}}}"#,
    ] {
        let error = DockerConfig::read_secret(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let config =
        DockerConfig::read_secret(r#"{"auths":{"r":{"username":"u","password":"hunter2"}}}"#);
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn labels() {
    for (pattern, label, matches) in [
        ("*", "", true),
        ("*", "abc", true),
        ("a*c", "abbbc", true),
        ("a*c", "abbbd", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("**a**", "xxaxx", true),
        ("", "a", false),
    ] {
        assert_eq!(
            label_matches(pattern.as_bytes(), label.as_bytes()),
            matches,
            "{pattern} {label}"
        );
    }
}
