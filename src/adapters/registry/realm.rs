//! Which token server may be asked, and which may see credentials. Pure decisions over URLs.
//!
//! A registry names its token server ("realm") itself, so a hostile one could name a server of its
//! own to collect passwords, or an address inside the network to have requests sent there.
//!
//! Asked at all is a realm that
//! - is an absolute `http` or `https` URL without user information,
//! - is `https`, unless the registry itself is spoken to in plain HTTP or is set as insecure,
//!   and the realm is on the same host (or both are loopback),
//! - is not a loopback, link-local, private or otherwise local address, unless the registry is
//!   on that same host or the realm is listed in `tokenHosts`.
//!
//! Credentials go only to a realm on
//! - the host of the registry (any port),
//! - a host of a known pair, Docker Hub's for instance,
//! - a host below the registry's, or with the same parent domain of two labels or more, unless
//!   that parent is one under which strangers get names (`co.uk`, `amazonaws.com`, `jfrog.io`),
//! - a host listed in `tokenHosts` of the registry.
//!
//! Every other realm is asked for an anonymous token, which is enough for public images.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// How a realm may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Credentials of the registry may be sent to it.
    Credentials,
    /// Only anonymous questions.
    Anonymous,
}

/// Registries whose token server has a name that the rules do not cover, and Docker Hub's, which
/// they would, to say it plainly.
const KNOWN_PAIRS: &[(&str, &str)] = &[("registry-1.docker.io", "auth.docker.io")];

/// Domains under which strangers get names. Not complete and need not be: it covers what hosts
/// registries or anything else for customers; the rest is what `tokenHosts` is for.
const SHARED_SUFFIXES: &[&str] = &[
    "aliyuncs.com",
    "amazonaws.com",
    "amazonaws.com.cn",
    "appspot.com",
    "azure.com",
    "azurecr.cn",
    "azurecr.io",
    "azurecr.us",
    "azurewebsites.net",
    "cloudapp.net",
    "cloudfront.net",
    "cloudsmith.io",
    "digitaloceanspaces.com",
    "dnsalias.com",
    "duckdns.org",
    "dyndns.org",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "hopto.org",
    "jfrog.io",
    "myhuaweicloud.com",
    "netlify.app",
    "ngrok.app",
    "ngrok-free.app",
    "ngrok.io",
    "nip.io",
    "no-ip.org",
    "ocir.io",
    "ondigitalocean.app",
    "onrender.com",
    "pages.dev",
    "pkg.dev",
    "r2.dev",
    "railway.app",
    "run.app",
    "scw.cloud",
    "sslip.io",
    "tencentcr.com",
    "trycloudflare.com",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
    "xip.io",
];

/// Second-level labels that countries give to everybody (`co.uk`, `com.au`).
const SECOND_LEVEL: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "id", "ind", "info", "ltd", "me", "mil",
    "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// Judges a realm named by `registry` (the URL that was asked). `plain_allowed` says that the
/// registry is set as insecure; `token_hosts` are the extra hosts of its settings.
pub(super) fn judge(
    realm: &str,
    registry: &Url,
    plain_allowed: bool,
    token_hosts: &[String],
) -> Result<(Url, Trust), String> {
    let mut url = Url::parse(realm).map_err(|_| "its token server is not a URL".to_owned())?;
    url.set_fragment(None);
    let (Some(host), Some(registry_host)) = (host_of(&url), host_of(registry)) else {
        return Err("its token server has no host".into());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("its token server {host} is named with a user"));
    }
    let listed = token_hosts.iter().any(|listed| is_listed(&url, listed));
    let same_host = host == registry_host || is_loopback(&url) && is_loopback(registry);
    match url.scheme() {
        "https" => {}
        "http" if (registry.scheme() == "http" || plain_allowed) && (same_host || listed) => {}
        "http" => return Err(format!("its token server {host} speaks plain HTTP")),
        other => return Err(format!("its token server uses {other}, not https")),
    }
    if is_local(&url) && !same_host && !listed {
        return Err(format!(
            "its token server {host} is a local address; list it in `tokenHosts` if that is right"
        ));
    }
    let trusted = same_host
        || listed
        || KNOWN_PAIRS.contains(&(registry_host.as_str(), host.as_str()))
        || related(&registry_host, &host);
    let trust = if trusted { Trust::Credentials } else { Trust::Anonymous };
    Ok((url, trust))
}

/// Where a redirect leads, when it may be followed: never from TLS to plain text, and to a local
/// address only on the host that is already spoken to.
pub(super) fn follow(from: &Url, location: &str) -> Result<Url, String> {
    let mut to =
        from.join(location).map_err(|_| "a redirect to something that is no URL".to_owned())?;
    to.set_fragment(None);
    let host = host_of(&to).ok_or_else(|| "a redirect without a host".to_owned())?;
    match (from.scheme(), to.scheme()) {
        ("https" | "http", "https") | ("http", "http") => {}
        ("https", "http") => return Err(format!("a redirect to plain HTTP on {host}")),
        (_, other) => return Err(format!("a redirect to {other}")),
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("a redirect to {host} with a user in it"));
    }
    let same_host = host_of(from).as_deref() == Some(host.as_str());
    if is_local(&to) && !same_host && !(is_loopback(&to) && is_loopback(from)) {
        return Err(format!("a redirect to the local address {host}"));
    }
    Ok(to)
}

/// Whether two URLs have scheme, host and port in common.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Whether a host is this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    match address(url) {
        Some(address) => address.to_canonical().is_loopback(),
        None => {
            host_of(url).is_some_and(|host| host == "localhost" || host.ends_with(".localhost"))
        }
    }
}

fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

fn address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a host is an address (or a name) that only means something inside a network.
fn is_local(url: &Url) -> bool {
    if is_loopback(url) {
        return true;
    }
    match address(url).map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => is_local_v4(v4),
        Some(IpAddr::V6(v6)) => is_local_v6(v6),
        None => false,
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || first == 0
        // Shared address space of carriers (RFC 6598), also used inside clouds.
        || (first == 100 && (64..128).contains(&second))
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    let embedded = address.to_ipv4().is_some_and(is_local_v4);
    // NAT64 carries an IPv4 address in its last 32 bits (RFC 6052).
    let [first, second, .., high, low] = address.segments();
    let nat64 = (first, second) == (0x64, 0xff9b) && {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        let inner = Ipv4Addr::new(a, b, c, d);
        inner.is_loopback() || is_local_v4(inner)
    };
    address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || embedded
        || nat64
}

fn is_listed(url: &Url, listed: &str) -> bool {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return false;
    };
    listed.eq_ignore_ascii_case(host) || listed.eq_ignore_ascii_case(&format!("{host}:{port}"))
}

/// Whether two host names belong to one owner, as far as names can tell.
fn related(registry: &str, realm: &str) -> bool {
    if registry.parse::<IpAddr>().is_ok() || registry.starts_with('[') || realm.starts_with('[') {
        return false;
    }
    // Whoever owns a name owns the names below it.
    if registry.contains('.') && realm.ends_with(&format!(".{registry}")) {
        return true;
    }
    let common = common_suffix(registry, realm);
    common.len() >= 2 && !is_shared(&common)
}

/// The labels that two names end with.
fn common_suffix<'a>(one: &'a str, other: &str) -> Vec<&'a str> {
    let mut labels: Vec<&str> = one
        .rsplit('.')
        .zip(other.rsplit('.'))
        .take_while(|(one, other)| one == other)
        .map(|(label, _)| label)
        .collect();
    labels.reverse();
    labels
}

fn is_shared(labels: &[&str]) -> bool {
    if let [second, top] = labels
        && top.len() == 2
        && SECOND_LEVEL.contains(second)
    {
        return true;
    }
    let domain = labels.join(".");
    SHARED_SUFFIXES.iter().any(|suffix| {
        domain.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests;
