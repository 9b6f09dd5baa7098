//! Addresses: of the server, and of the proxy that leads to it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::error::ConnectError;
use super::flags::Environment;

/// As kubectl: without a scheme it is plain HTTP, and user information is refused.
pub(super) fn server_url(server: &str) -> Result<Uri, ConnectError> {
    let malformed =
        || ConnectError::MalformedUrl { what: "server", url: without_credentials(server) };
    let full = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let url: Uri = full.parse().map_err(|_| malformed())?;
    let plain = url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if plain && matches!(url.scheme_str(), Some("http" | "https")) {
        Ok(url)
    } else {
        Err(malformed())
    }
}

/// An address without user and password, for people.
fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let separator = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{separator}{host}")
        }
        None => url.to_owned(),
    }
}

/// The proxy for a server. `NO_PROXY` is about the server, and does not touch what the kubeconfig
/// says itself.
pub(super) fn proxy(
    server: &Uri,
    configured: Option<&str>,
    environment: &Environment,
) -> Result<Option<Uri>, ConnectError> {
    let parse = |url: &str| {
        // Go takes `host:port` for an HTTP proxy.
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let known = |url: &Uri| matches!(url.scheme_str(), Some("http" | "https" | "socks5"));
        let parsed = full.parse::<Uri>().ok().filter(known);
        parsed.ok_or_else(|| ConnectError::MalformedUrl {
            what: "proxy",
            url: without_credentials(url),
        })
    };
    if let Some(url) = configured.filter(|url| !url.is_empty()) {
        return parse(url).map(Some);
    }
    let variable = match server.scheme_str() {
        Some("https") => &environment.https_proxy,
        _ => &environment.http_proxy,
    };
    let Some(url) = variable else { return Ok(None) };
    // As Go: what is local needs no proxy, whatever NO_PROXY says.
    if server.host().is_some_and(is_loopback) {
        return Ok(None);
    }
    let no_proxy = environment.no_proxy.as_deref().unwrap_or_default();
    let matcher = Matcher::builder().all("http://proxy.invalid").no(no_proxy).build();
    if matcher.intercept(server).is_none() {
        return Ok(None);
    }
    parse(url).map(Some)
}

pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_no_credentials() {
        let none = Environment::read(None, &|_| None);
        let server = Uri::from_static("https://k.example.com");
        for url in ["ftp://user:hunter2@proxy", "user:hunter2@pro xy", "socks5h://u:hunter2@p"] {
            let error = proxy(&server, Some(url), &none).expect_err("no such proxy");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let error = server_url("https://user:hunter2@k.example.com").expect_err("credentials");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(without_credentials("https://a:b@host:1/x"), "https://host:1/x");
        assert_eq!(without_credentials("a:b@host"), "host");
    }

    #[test]
    fn no_proxy_is_about_the_server() {
        let none = Environment::read(None, &|_| None);
        let through = |server: &str, https: &str, no_proxy: &str| {
            let environment = Environment {
                https_proxy: Some(https.to_owned()),
                no_proxy: Some(no_proxy.to_owned()),
                ..none.clone()
            };
            let server = server.parse().expect("an address");
            let proxy = proxy(&server, None, &environment).expect("a good proxy");
            proxy.map(|url| url.to_string())
        };
        let corp = "http://proxy.corp:3128";
        let used = Some("http://proxy.corp:3128/".to_owned());
        assert_eq!(through("https://k.example.com", corp, ""), used);
        assert_eq!(through("https://k.example.com", "proxy.corp:3128", ""), used);
        assert_eq!(through("https://k.example.com", corp, "example.com"), None);
        assert_eq!(through("https://k.example.com", corp, "proxy.corp"), used);
        assert_eq!(through("https://10.1.2.3:6443", corp, "10.0.0.0/8"), None);
        assert_eq!(through("https://k.example.com", corp, "*"), None);
        assert_eq!(through("https://127.0.0.1:6443", corp, ""), None);
        assert_eq!(through("http://k.example.com", corp, ""), None, "HTTP_PROXY is not set");
    }
}
