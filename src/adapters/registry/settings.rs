//! What can be set about registries. Plain values: whoever reads files and flags fills them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::image::Registry as Host;

/// Everything that can be set about registries.
#[derive(Debug, Clone, Default)]
pub struct RegistrySettings {
    /// Settings of single registries, by the host that image references name.
    pub hosts: BTreeMap<Host, HostSettings>,
    /// The cache on disk.
    pub cache: CacheSettings,
    /// Bounds of time, size and number.
    pub limits: Limits,
    /// Sent as `User-Agent`; empty means the name and version of this program.
    pub user_agent: String,
}

/// Settings of one registry. They hold for the connection that is really made: beside a `mirror`,
/// `ca` and the others are those of the mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Ask this server instead: `[http://|https://]host[:port][/path]`. The path comes before the
    /// repository's (`mirror.local/hub` asks for `hub/library/nginx`), as pull-through projects of
    /// registries want it. Credentials are those of the mirror, never those of the registry.
    pub mirror: Option<String>,
    /// PEM file with certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// PEM file with the client certificate chain; `client_key` is needed too.
    pub client_certificate: Option<PathBuf>,
    /// PEM file with the key of the client certificate.
    pub client_key: Option<PathBuf>,
    /// Accept any certificate, and plain HTTP where TLS is not spoken at all. TLS is tried first,
    /// so that credentials go over plain HTTP only when there is no other way. Loopback hosts are
    /// spoken to in plain HTTP without this, unless `ca` or this is set.
    pub insecure: bool,
    /// Lookups at one time; none means [`Limits::max_in_flight`].
    pub max_in_flight: Option<usize>,
    /// Read a directory of OCI layouts instead of asking a server: one layout for each repository
    /// (`library/nginx/index.json`).
    pub layout: Option<PathBuf>,
    /// Other hosts (`host` or `host:port`) that may be sent this registry's credentials in
    /// exchange for a token.
    pub token_hosts: Vec<String>,
}

/// The cache on disk.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Where it lies; none turns it off.
    pub directory: Option<PathBuf>,
    /// How long a tag list or the digest of a tag is taken as it is.
    pub fresh_for: Duration,
    /// Bytes it may take on disk. The oldest entries go first; checked once a run.
    pub max_bytes: u64,
    /// Only the cache is used, whatever its age; no request is sent.
    pub offline: bool,
    /// The cache is not read, only written.
    pub refresh: bool,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            directory: None,
            fresh_for: Duration::from_mins(10),
            max_bytes: 256 << 20,
            offline: false,
            refresh: false,
        }
    }
}

/// Bounds of time, size and number.
#[derive(Debug, Clone)]
pub struct Limits {
    /// To connect, TLS included.
    pub connect: Duration,
    /// For one request with its whole answer, so a slow body ends too.
    pub request: Duration,
    /// For one lookup (all pages, tokens, waits and retries), counted from when it may start.
    pub lookup: Duration,
    /// For a credential helper.
    pub helper: Duration,
    /// How often a request is sent before its trouble counts.
    pub attempts: u32,
    /// The first pause between attempts; it doubles, with jitter.
    pub backoff: Duration,
    /// Lookups of one registry at one time.
    pub max_in_flight: usize,
    /// Failures in a row after which a registry is left alone for the rest of the run.
    pub give_up_after: u32,
    /// Pulls that are left to others where a registry counts them.
    pub pull_reserve: u64,
    /// Bytes of one answer.
    pub page_bytes: usize,
    /// Bytes of all pages of one tag list.
    pub list_bytes: usize,
    /// Pages of one tag list; more are cut off.
    pub max_pages: usize,
    /// Tags of one repository; more are cut off. A quarter of a million holds the largest known
    /// lists and keeps one of them under some 20 MiB.
    pub max_tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(15),
            lookup: Duration::from_mins(1),
            helper: Duration::from_secs(10),
            attempts: 3,
            backoff: Duration::from_millis(250),
            max_in_flight: 32,
            give_up_after: 3,
            pull_reserve: 5,
            page_bytes: 16 << 20,
            list_bytes: 64 << 20,
            max_pages: 1_000,
            max_tags: 250_000,
        }
    }
}
