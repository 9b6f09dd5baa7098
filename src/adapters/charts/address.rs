//! Addresses of repositories: where the index lies, what may be shown of them, which are the same.

use reqwest::Url;
use secrecy::SecretString;

use crate::domain::image::Registry as Host;

/// The URL of the index, joined as Helm does: after the path, with the query of the repository.
pub(super) fn index_of(repository: &Url) -> Option<Url> {
    let mut base = repository.clone();
    let path = base.path().strip_suffix('/').unwrap_or(base.path()).to_owned();
    base.set_path(&format!("{path}/"));
    let mut index = base.join("index.yaml").ok()?;
    index.set_query(repository.query());
    index.set_fragment(None);
    Some(index)
}

/// An address without user, password, query and fragment: the query may hold a token.
pub(super) fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    // Fails only where there can be none.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_query(None);
    bare.set_fragment(None);
    bare
}

/// What is shown and compared: the bare address without a slash at its end.
pub(super) fn shown(url: &Url) -> String {
    bare(url).as_str().trim_end_matches('/').to_owned()
}

/// The user and password in an address.
pub(super) fn login_in(url: &Url) -> Option<(String, SecretString)> {
    let password = url.password()?;
    Some((decoded(url.username()), decoded(password).into()))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The host of an address, for errors. Host names of other services may have characters that those
/// of registries have not.
pub(super) fn host_of(url: &Url) -> Host {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    host_named(&format!("{host}{port}"))
}

/// The host that a text names, for errors.
pub(super) fn host_named(text: &str) -> Host {
    let fitting = |text: &str| text.parse::<Host>().ok();
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".:".contains(c) { c } else { '-' };
    let forced = || {
        let text: String = text.chars().map(plain).collect();
        fitting(text.trim_matches(['-', '.', ':']))
    };
    match fitting(text).or_else(forced).or_else(|| fitting("invalid")) {
        Some(host) => host,
        None => unreachable!("a plain word is a host"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_index_lies_where_helm_looks_for_it() {
        for (repository, index) in [
            ("http://localhost:8123/", "http://localhost:8123/index.yaml"),
            ("http://localhost:8123", "http://localhost:8123/index.yaml"),
            ("http://localhost:8123/charts/", "http://localhost:8123/charts/index.yaml"),
            ("http://localhost:8123/charts", "http://localhost:8123/charts/index.yaml"),
            ("http://localhost:8123/charts//", "http://localhost:8123/charts//index.yaml"),
            (
                "http://localhost:8123/charts%2fwith%2fescaped",
                "http://localhost:8123/charts%2fwith%2fescaped/index.yaml",
            ),
            (
                "http://localhost:8123/charts?with=query",
                "http://localhost:8123/charts/index.yaml?with=query",
            ),
            ("https://a.test/x/?q=1#f", "https://a.test/x/index.yaml?q=1"),
            ("https://a.test/x/../y", "https://a.test/y/index.yaml"),
        ] {
            let found = index_of(&Url::parse(repository).unwrap()).unwrap();
            assert_eq!(found.as_str(), index, "{repository}");
        }
    }

    #[test]
    fn what_is_shown_has_no_secret() {
        for (url, text) in [
            ("https://ada:pa%20ss@A.test:443/charts//?token=x#y", "https://a.test/charts"),
            ("http://a.test:8080", "http://a.test:8080"),
            ("s3://bucket/charts/", "s3://bucket/charts"),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), text);
        }
    }

    #[test]
    fn a_login_in_an_address_is_read() {
        let url = Url::parse("https://a%40b:p%2fs%25@x.test").unwrap();
        let (user, password) = login_in(&url).unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("a@b", "p/s%"));
        assert!(login_in(&Url::parse("https://ada@x.test").unwrap()).is_none());
    }

    #[test]
    fn every_host_has_a_name() {
        for (text, host) in [
            ("a.test:8080", "a.test:8080"),
            ("chart_museum:80", "chart-museum:80"),
            ("", "invalid"),
            ("[::1]:80", "[::1]:80"),
            ("--", "invalid"),
        ] {
            assert_eq!(host_named(text).as_str(), host);
        }
    }
}
