//! What a run knows of one registry: where it is, whether it lives, how much it still gives.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cache::lock;
use super::challenge::Challenge;
use super::credentials::Fingerprint;
use super::realm::is_loopback;
use super::settings::{HostSettings, Limits};
use crate::domain::image::{DOCKER_HUB, Registry as Host};
use crate::ports::LookupError;

/// What the limits of a registry count apart: Docker Hub answers 429 for manifests while lists
/// still work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// Manifests.
    Manifests,
    /// Everything else.
    Others,
}

/// How long a registry wants to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// Until then.
    Until(Instant),
    /// It said so in spite of pauses, too often: for the rest of the run.
    Closed,
}

/// One registry in one run.
pub(super) struct HostState {
    /// Its name in references, for errors.
    pub(super) host: Host,
    pub(super) settings: HostSettings,
    /// Whose credentials are used: the host that is spoken to, `docker.io` for Docker Hub.
    pub(super) authority: String,
    /// What comes before repository paths: empty, or a path that ends with `/`.
    pub(super) prefix: String,
    /// The address with its scheme, `https` where that is still to be found out.
    pub(super) base: Url,
    /// Whether to find out if TLS is spoken.
    pub(super) probe: bool,
    pub(super) plain: OnceCell<bool>,
    pub(super) permits: Semaphore,
    /// The challenge that it gave last; the next request is made with an answer to it.
    pub(super) challenge: Mutex<Option<Challenge>>,
    /// The challenge of `/v2/`, for registries that hide what is private.
    pub(super) ping: OnceCell<Option<Challenge>>,
    /// Which candidate of a set of credentials was let in, by set and path.
    pub(super) admitted: Mutex<HashMap<(Fingerprint, String), usize>>,
    /// A token server that was not trusted with the credentials.
    pub(super) withheld: Mutex<Option<String>>,
    give_up_after: u32,
    failures: AtomicU32,
    /// Requests in a row that stayed limited.
    limited: Mutex<HashMap<(Fingerprint, Class), u32>>,
    cause: Mutex<String>,
    /// Cancelled once the registry is left alone.
    pub(super) given_up: CancellationToken,
    remaining: Mutex<HashMap<Fingerprint, u64>>,
    pauses: Mutex<HashMap<(Fingerprint, Class), Pause>>,
}

impl HostState {
    pub(super) fn new(host: Host, settings: HostSettings, limits: &Limits) -> Result<Self, String> {
        let target = settings.mirror.as_deref().map(str::trim);
        let written = match target {
            Some(mirror) => mirror.to_owned(),
            None if host.is_docker_hub() => "registry-1.docker.io".to_owned(),
            None => host.as_str().to_owned(),
        };
        let (scheme, rest) = match written.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme.to_owned()), rest),
            Some(_) => return Err("the mirror must be http or https".into()),
            None => (None, written.as_str()),
        };
        // What is written there may hold a password, so it is not repeated.
        let mut base = Url::parse(&format!("https://{rest}"))
            .map_err(|_| "the mirror is not host[:port][/path]".to_owned())?;
        if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
            return Err("the mirror must be host[:port][/path], without user and query".into());
        }
        let prefix = match base.path().trim_matches('/') {
            "" => String::new(),
            path => format!("{path}/"),
        };
        base.set_path("/");
        let plain = match scheme.as_deref() {
            Some(scheme) => scheme == "http",
            None => is_loopback(&base) && settings.ca.is_none() && !settings.insecure,
        };
        let authority = match (target, host.is_docker_hub()) {
            (None, true) => DOCKER_HUB.to_owned(),
            _ => rest.split('/').next().unwrap_or_default().to_ascii_lowercase(),
        };
        let base = if plain { in_plain(&base) } else { base };
        let in_flight = settings.max_in_flight.unwrap_or(limits.max_in_flight);
        Ok(Self {
            host,
            authority,
            prefix,
            probe: settings.insecure && scheme.is_none(),
            base,
            plain: OnceCell::new(),
            permits: Semaphore::new(in_flight.clamp(1, 1024)),
            challenge: Mutex::default(),
            ping: OnceCell::new(),
            admitted: Mutex::default(),
            withheld: Mutex::default(),
            give_up_after: limits.give_up_after.max(1),
            failures: AtomicU32::new(0),
            limited: Mutex::default(),
            cause: Mutex::default(),
            given_up: CancellationToken::new(),
            remaining: Mutex::default(),
            pauses: Mutex::default(),
            settings,
        })
    }

    /// The host answered, whatever it said.
    pub(super) fn answered(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// The host failed once more.
    pub(super) fn failed(&self, error: &LookupError) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures >= self.give_up_after && !self.given_up.is_cancelled() {
            *lock(&self.cause) = error.to_string();
            self.given_up.cancel();
        }
    }

    /// An error once the host is left alone.
    pub(super) fn alive(&self) -> Result<(), LookupError> {
        if self.given_up.is_cancelled() { Err(self.left_alone()) } else { Ok(()) }
    }

    /// The error of a host that is left alone.
    pub(super) fn left_alone(&self) -> LookupError {
        LookupError::GivenUp { host: self.host.clone(), cause: lock(&self.cause).clone() }
    }

    /// Takes one of the pulls that are left; an error when only the reserve is.
    pub(super) fn take_pull(&self, who: Fingerprint, reserve: u64) -> Result<(), LookupError> {
        match lock(&self.remaining).get_mut(&who) {
            Some(left) if *left <= reserve => {
                Err(LookupError::RateLimited { host: self.host.clone(), retry_after: None })
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes the number of pulls that the registry says are left.
    pub(super) fn set_remaining(&self, who: Fingerprint, left: u64) {
        lock(&self.remaining).insert(who, left);
    }

    /// The smallest number of pulls left to anybody.
    pub(super) fn remaining(&self) -> Option<u64> {
        lock(&self.remaining).values().min().copied()
    }

    /// Nothing more of this class is asked for that long.
    pub(super) fn pause(&self, who: Fingerprint, class: Class, wait: Duration) {
        // A pause of years, as a hostile registry may ask for, must not overflow.
        let wait = wait.min(Duration::from_hours(24 * 365));
        let until = Pause::Until(Instant::now() + wait);
        lock(&self.pauses)
            .entry((who, class))
            .and_modify(|pause| {
                if *pause != Pause::Closed {
                    *pause = until;
                }
            })
            .or_insert(until);
    }

    /// The registry still limited a request after all its attempts.
    pub(super) fn limited(&self, who: Fingerprint, class: Class) {
        let mut limited = lock(&self.limited);
        let count = limited.entry((who, class)).or_default();
        *count += 1;
        if *count >= self.give_up_after {
            lock(&self.pauses).insert((who, class), Pause::Closed);
        }
    }

    /// A request of this class was let through.
    pub(super) fn let_through(&self, who: Fingerprint, class: Class) {
        lock(&self.limited).remove(&(who, class));
    }

    /// The pause that holds now, if any.
    pub(super) fn paused(&self, who: Fingerprint, class: Class) -> Option<Pause> {
        let pause = *lock(&self.pauses).get(&(who, class))?;
        match pause {
            Pause::Until(until) if until <= Instant::now() => None,
            pause => Some(pause),
        }
    }
}

/// The same address in plain HTTP. An explicit port stays.
pub(super) fn in_plain(base: &Url) -> Url {
    let text = base.as_str().replacen("https://", "http://", 1);
    Url::parse(&text).unwrap_or_else(|_| base.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, settings: HostSettings, base: &str, prefix: &str, authority: &str) {
        let state = HostState::new(host.parse().unwrap(), settings, &Limits::default()).unwrap();
        assert_eq!(state.base.as_str(), base, "{host}");
        assert_eq!(state.prefix, prefix, "{host}");
        assert_eq!(state.authority, authority, "{host}");
    }

    fn mirror(text: &str) -> HostSettings {
        HostSettings { mirror: Some(text.into()), ..HostSettings::default() }
    }

    #[test]
    fn where_registries_are() {
        let plain = HostSettings::default;
        check("docker.io", plain(), "https://registry-1.docker.io/", "", "docker.io");
        check("ghcr.io", plain(), "https://ghcr.io/", "", "ghcr.io");
        check("r.test:5000", plain(), "https://r.test:5000/", "", "r.test:5000");
        check("localhost:5000", plain(), "http://localhost:5000/", "", "localhost:5000");
        check("127.0.0.1:80", plain(), "http://127.0.0.1/", "", "127.0.0.1:80");
        check("[::1]:5000", plain(), "http://[::1]:5000/", "", "[::1]:5000");
        let insecure = HostSettings { insecure: true, ..plain() };
        check("r.test", insecure, "https://r.test/", "", "r.test");
        let ca = HostSettings { ca: Some("ca.pem".into()), ..plain() };
        check("localhost:5000", ca, "https://localhost:5000/", "", "localhost:5000");
        check("docker.io", mirror("m.test:5000"), "https://m.test:5000/", "", "m.test:5000");
        check("docker.io", mirror("m.test/hub"), "https://m.test/", "hub/", "m.test");
        check("ghcr.io", mirror("http://m.test/a/b/"), "http://m.test/", "a/b/", "m.test");
        check("ghcr.io", mirror("127.0.0.1:5000"), "http://127.0.0.1:5000/", "", "127.0.0.1:5000");
        for bad in ["ftp://m.test", "https://user@m.test", "m.test/?x=1", "", "https://"] {
            let state = HostState::new("ghcr.io".parse().unwrap(), mirror(bad), &Limits::default());
            assert!(state.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_left_alone_after_failures_in_a_row() {
        let host: Host = "r.test".parse().unwrap();
        let state =
            HostState::new(host.clone(), HostSettings::default(), &Limits::default()).unwrap();
        let error = LookupError::Server { host, status: 503 };
        for _ in 0..5 {
            state.failed(&error);
            state.failed(&error);
            state.answered();
        }
        assert!(state.alive().is_ok());
        for _ in 0..3 {
            state.failed(&error);
        }
        let text = state.alive().unwrap_err().to_string();
        assert_eq!(text, "r.test is left alone for the rest of the run: r.test answered 503");
    }

    #[test]
    fn the_reserve_of_pulls_is_left_to_others() {
        let state = HostState::new(
            "docker.io".parse().unwrap(),
            HostSettings::default(),
            &Limits::default(),
        )
        .unwrap();
        let who = Fingerprint::default();
        assert!(state.take_pull(who, 5).is_ok(), "nothing said means no limit");
        state.set_remaining(who, 7);
        assert!(state.take_pull(who, 5).is_ok());
        assert!(state.take_pull(who, 5).is_ok());
        assert!(state.take_pull(who, 5).is_err());
        assert_eq!(state.remaining(), Some(5));
    }
}
