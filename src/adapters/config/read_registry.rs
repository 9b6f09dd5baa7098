//! The part of [`super::read`] that reads how a registry is reached, and holds a project's file to
//! what it may say.

use std::path::Path;

use serde_yaml::Location;

use super::file::{Registry, Text};
use super::read::{Reader, Source};
use super::registries::{RegistryEntry, Trust, inside, mirror};
use super::values::{no_host, nonempty};
use crate::domain::image::Registry as Host;

/// More requests at once than this help nobody.
const IN_FLIGHT_MAX: u64 = 256;
/// What to do about something that a project's file may not say.
const TRUST_HINT: &str = "put it into config.yaml in the state directory, or name this file with --config if you trust it";

impl Reader<'_> {
    /// Reads the settings of one registry.
    pub(super) fn registry(&mut self, name: &Text, written: &Registry) {
        let Some(host) = self.value(name, |text| text.parse::<Host>().map_err(no_host(text)))
        else {
            return;
        };
        let prefix = format!("registries.{host}");
        let key = |name: &str| format!("{prefix}.{name}");
        let mut entry = RegistryEntry::default();
        if let Some(text) = &written.mirror {
            let trust = self.source.trust;
            entry.mirror = self.parse(&key("mirror"), text, |text| mirror(text, trust));
        }
        let files = [
            ("ca", &written.ca, &mut entry.ca),
            ("clientCertificate", &written.client_certificate, &mut entry.client_certificate),
            ("clientKey", &written.client_key, &mut entry.client_key),
        ];
        for (name, text, path) in files {
            if let Some(text) = text {
                self.trusted_only(&key(name), text.referenced);
                let folder = self.source.folder;
                *path = self.parse(&key(name), text, |text| nonempty(text).map(|t| folder.join(t)));
            }
        }
        if let (Some(one), None) | (None, Some(one)) =
            (&written.client_certificate, &written.client_key)
        {
            let message = "clientCertificate and clientKey belong together".into();
            self.error(one.referenced, message, Some("write both".into()));
        }
        if let Some(insecure) = &written.insecure {
            if insecure.value {
                self.trusted_only(&key("insecure"), insecure.referenced);
            }
            entry.insecure = Some(insecure.value);
            self.wrote(key("insecure"), insecure.value.to_string(), insecure.referenced);
        }
        if let Some(number) = &written.max_in_flight {
            if !(1..=IN_FLIGHT_MAX).contains(&number.value) {
                let message = format!("{} is not between 1 and {IN_FLIGHT_MAX}", number.value);
                self.error(number.referenced, message, None);
            }
            entry.max_in_flight = usize::try_from(number.value).ok();
            self.wrote(key("maxInFlight"), number.value.to_string(), number.referenced);
        }
        if let Some(text) = &written.layout {
            let Source { folder, trust, .. } = self.source;
            let path = self.parse(&key("layout"), text, |text| nonempty(text).map(str::to_owned));
            entry.layout = path.and_then(|path| match trust {
                Trust::Full => Some(folder.join(path)),
                Trust::Project => match inside(folder, Path::new(&path)) {
                    Ok(path) => Some(path),
                    Err(message) => {
                        let message = format!("{}: {message}", key("layout"));
                        self.error(text.referenced, message, Some(TRUST_HINT.into()));
                        None
                    }
                },
            });
            if let Some(mirror) = &written.mirror {
                let message = "mirror and layout exclude each other".into();
                self.error(mirror.referenced, message, Some("keep one of them".into()));
            }
        }
        for text in written.token_hosts.iter().flatten() {
            self.trusted_only(&key("tokenHosts"), text.referenced);
            let read = |text: &str| text.parse::<Host>().map_err(no_host(text));
            entry.token_hosts.extend(self.parse(&key("tokenHosts"), text, read));
        }
        if self.layer.registries.insert(host.clone(), entry).is_some() {
            let hint = "index.docker.io and registry-1.docker.io are docker.io";
            let message = format!("{host} stands here twice");
            self.error(name.referenced, message, Some(hint.into()));
        }
    }

    fn trusted_only(&mut self, key: &str, place: Location) {
        if self.source.trust == Trust::Project {
            let message = format!("{key} may not be set by a project's file");
            self.error(place, message, Some(TRUST_HINT.into()));
        }
    }
}
