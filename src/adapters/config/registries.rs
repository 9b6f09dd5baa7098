//! The part of a policy file that says how registries are reached, and what of it a project's file
//! may not say.
//!
//! A project's file comes with a checkout, which nobody has to have read. It may choose versions;
//! it may not choose whom to trust, and it may not reach outside its folder.

use std::path::{Component, Path, PathBuf};

use crate::domain::image::{Registry as Host, Repository};

/// How one registry is reached. What is none or empty is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryEntry {
    /// `host[:port][/path]` of another registry that serves the same repositories.
    pub mirror: Option<String>,
    /// Certificates (PEM) that are trusted besides the usual ones.
    pub ca: Option<PathBuf>,
    /// Our own certificate (PEM); always together with the key.
    pub client_certificate: Option<PathBuf>,
    /// The key of our own certificate (PEM).
    pub client_key: Option<PathBuf>,
    /// Plain HTTP and unchecked certificates are accepted.
    pub insecure: Option<bool>,
    /// How many requests may be under way at once, 1 to 256.
    pub max_in_flight: Option<usize>,
    /// A directory with an OCI layout for each repository, which stands in for the registry.
    pub layout: Option<PathBuf>,
    /// Hosts besides its own that may be asked for its tokens.
    pub token_hosts: Vec<Host>,
}

impl RegistryEntry {
    /// Fills in what a farther layer says and this one does not. Trust and certificates belong to
    /// the server that is really asked, so a mirror of its own does not inherit them.
    pub(super) fn or(self, mut farther: Self) -> Self {
        if self.mirror.is_some() && self.mirror != farther.mirror {
            farther = Self { max_in_flight: farther.max_in_flight, ..Self::default() };
        }
        // A nearer mirror stands in for a farther layout, and the other way round.
        let (mirror, layout) = match (self.mirror, self.layout) {
            (None, None) => (farther.mirror, farther.layout),
            nearer => nearer,
        };
        Self {
            mirror,
            ca: self.ca.or(farther.ca),
            client_certificate: self.client_certificate.or(farther.client_certificate),
            client_key: self.client_key.or(farther.client_key),
            insecure: self.insecure.or(farther.insecure),
            max_in_flight: self.max_in_flight.or(farther.max_in_flight),
            layout,
            token_hosts: if self.token_hosts.is_empty() {
                farther.token_hosts
            } else {
                self.token_hosts
            },
        }
    }
}

/// Whether what a file says is taken whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The user named it, or keeps it among the settings.
    Full,
    /// It came with a project.
    Project,
}

/// Reads `[http://|https://]host[:port][/path]`.
pub(super) fn mirror(text: &str, trust: Trust) -> Result<String, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (format!("{scheme}://"), rest),
        Some(_) => return Err(format!("{text:?} is no mirror: write host, port and path")),
        None => (String::new(), text),
    };
    if scheme == "http://" && trust == Trust::Project {
        return Err(format!(
            "{text:?} asks for plain HTTP, which a project's file may not: write host and port"
        ));
    }
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host: Host = host.parse().map_err(|error| format!("{text:?} is no mirror: {error}"))?;
    // The grammar of paths is that of repositories; any domain serves to try it.
    if let Some(path) = path.map(|path| path.trim_end_matches('/')).filter(|path| !path.is_empty())
    {
        format!("mirror.invalid/{path}")
            .parse::<Repository>()
            .map_err(|error| format!("{text:?} is no mirror: {error}"))?;
        return Ok(format!("{scheme}{host}/{path}"));
    }
    Ok(format!("{scheme}{host}"))
}

/// Resolves a path that a project's file names, which has to stay inside the folder of the file,
/// whatever links there are.
pub(super) fn inside(folder: &Path, path: &Path) -> Result<PathBuf, String> {
    let outside = || format!("{} leaves the folder of the project", path.display());
    let downwards =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !downwards {
        return Err(outside());
    }
    let folder = folder
        .canonicalize()
        .map_err(|error| format!("{} cannot be resolved: {error}", folder.display()))?;
    let full = folder.join(path);
    // What does not exist yet cannot be a link: its nearest ancestor decides.
    let existing = full
        .ancestors()
        .find(|ancestor| ancestor.symlink_metadata().is_ok())
        .and_then(|ancestor| ancestor.canonicalize().ok())
        .ok_or_else(outside)?;
    if !existing.starts_with(&folder) {
        return Err(outside());
    }
    Ok(full.canonicalize().unwrap_or(full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors() {
        for (text, expected) in [
            ("mirror.local:5000", Some("mirror.local:5000")),
            ("mirror", Some("mirror")),
            ("mirror.local/docker.io/", Some("mirror.local/docker.io")),
            ("[::1]:5000", Some("[::1]:5000")),
            ("http://mirror.local", Some("http://mirror.local")),
            ("https://mirror.local/hub", Some("https://mirror.local/hub")),
            ("ftp://mirror.local", None),
            ("http://", None),
            ("user:secret@mirror.local", None),
            ("mirror.local/../x", None),
            ("mirror.local/x?y", None),
            ("", None),
        ] {
            let read = mirror(text, Trust::Full);
            assert_eq!(read.ok().as_deref(), expected, "{text}");
        }
        assert!(mirror("http://mirror.local", Trust::Project).is_err());
        assert!(mirror("https://mirror.local", Trust::Project).is_ok());
    }

    #[test]
    fn a_nearer_mirror_inherits_no_trust() {
        let far = RegistryEntry {
            mirror: Some("mirror.example.com".into()),
            client_key: Some("key.pem".into()),
            insecure: Some(true),
            max_in_flight: Some(2),
            ..RegistryEntry::default()
        };
        let near = |mirror: Option<&str>, layout: Option<&str>| RegistryEntry {
            mirror: mirror.map(str::to_owned),
            layout: layout.map(PathBuf::from),
            ..RegistryEntry::default()
        };
        assert_eq!(near(None, None).or(far.clone()), far);
        assert_eq!(near(Some("mirror.example.com"), None).or(far.clone()), far);
        let other = near(Some("other.example.com"), None).or(far.clone());
        assert_eq!((other.client_key, other.insecure), (None, None));
        assert_eq!(other.max_in_flight, Some(2));
        let layout = near(None, Some("registry")).or(far);
        assert_eq!((layout.mirror, layout.layout), (None, Some("registry".into())));
    }

    #[test]
    fn paths_of_a_project_stay_inside() {
        let outer = tempfile::tempdir().expect("a directory");
        let folder = outer.path().join("project");
        std::fs::create_dir_all(folder.join("registry")).expect("a directory");
        std::fs::create_dir(outer.path().join("other")).expect("a directory");
        let inner = folder.canonicalize().expect("a path");
        for (path, expected) in [
            ("registry", Some(inner.join("registry"))),
            ("./registry/", Some(inner.join("registry"))),
            ("not/yet", Some(inner.join("not/yet"))),
            ("../other", None),
            ("registry/../../other", None),
            ("/etc", None),
        ] {
            assert_eq!(inside(&folder, Path::new(path)).ok(), expected, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out() {
        let outer = tempfile::tempdir().expect("a directory");
        let folder = outer.path().join("project");
        std::fs::create_dir_all(folder.join("real")).expect("a directory");
        for (link, to) in [("out", ".."), ("in", "real"), ("gone", "/nowhere/at/all")] {
            std::os::unix::fs::symlink(to, folder.join(link)).expect("a link");
        }
        assert!(inside(&folder, Path::new("in")).is_ok());
        assert!(inside(&folder, Path::new("out")).is_err());
        assert!(inside(&folder, Path::new("out/other")).is_err());
        assert!(inside(&folder, Path::new("gone")).is_err());
        assert!(inside(&folder, Path::new("gone/there")).is_err());
    }
}
