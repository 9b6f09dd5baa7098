//! `repositories.yaml`: the repositories that Helm is configured with. Read, never written. Unknown
//! keys are tolerated; an entry without a name or an address that can be read is left out.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use super::address::{bare, login_in, shown};
use crate::adapters::registry::HostSettings;
use crate::adapters::yaml;
use crate::domain::chart::ChartSource;

/// A file that is longer is none of Helm's.
const MAX_FILE: u64 = 16 << 20;

/// A repository, with what it takes to fetch its index.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    /// Its name in Helm's file.
    pub(super) name: Option<Arc<str>>,
    /// Its address without credentials.
    pub(super) shown: Arc<str>,
    /// Its address with its query, without a user.
    pub(super) url: Url,
    /// User name and password.
    pub(super) login: Option<(String, SecretString)>,
    /// `pass_credentials_all`.
    pub(super) everywhere: bool,
    /// How its certificate is judged.
    pub(super) settings: HostSettings,
}

#[derive(Deserialize)]
struct WireFile {
    #[serde(default)]
    repositories: Option<Vec<Option<WireRepository>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireRepository {
    name: Option<String>,
    url: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "certFile")]
    certificate: Option<PathBuf>,
    #[serde(rename = "keyFile")]
    key: Option<PathBuf>,
    #[serde(rename = "caFile")]
    ca: Option<PathBuf>,
    #[serde(rename = "insecure_skip_tls_verify")]
    insecure: Option<bool>,
    #[serde(rename = "pass_credentials_all")]
    everywhere: Option<bool>,
}

impl Repository {
    /// One of which only its address is known. It has no name, because Helm's copy of an index is
    /// found by name and would be that of another repository.
    pub(super) fn plain(url: &Url) -> Self {
        let mut without_user = bare(url);
        without_user.set_query(url.query());
        Self {
            name: None,
            shown: shown(url).into(),
            url: without_user,
            login: login_in(url),
            everywhere: false,
            settings: HostSettings::default(),
        }
    }

    /// As a source of charts.
    pub(super) fn source(&self) -> ChartSource {
        ChartSource::Index { url: Arc::clone(&self.shown), name: self.name.clone() }
    }

    fn of(wire: WireRepository) -> Option<Self> {
        let name = wire.name.filter(|name| !name.is_empty())?;
        let url: Url = wire.url?.trim().parse().ok().filter(Url::has_host)?;
        let mut repository = Self { name: Some(name.into()), ..Self::plain(&url) };
        let path = |path: Option<PathBuf>| path.filter(|path| !path.as_os_str().is_empty());
        let (username, password) =
            (wire.username.unwrap_or_default(), wire.password.unwrap_or_default());
        // As Helm does it: both or none.
        if !username.is_empty() && !password.is_empty() {
            repository.login = Some((username, password.into()));
        }
        repository.everywhere = wire.everywhere == Some(true);
        repository.settings = HostSettings {
            ca: path(wire.ca),
            client_certificate: path(wire.certificate),
            client_key: path(wire.key),
            insecure: wire.insecure == Some(true),
            ..HostSettings::default()
        };
        Some(repository)
    }
}

/// Reads the file; nothing where there is none.
///
/// # Errors
/// It cannot be read. The text names the file and the place, and quotes nothing of it.
pub(super) fn read(file: Option<&Path>) -> Result<Vec<Repository>, String> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let trouble = |message: &str| format!("{}: {message}", file.display());
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(trouble(&error.to_string())),
    };
    let mut text = String::new();
    opened.take(MAX_FILE).read_to_string(&mut text).map_err(|error| trouble(&error.to_string()))?;
    parse(&text).map_err(|place| {
        let place = place.map(|place| format!(" (line {})", place.line)).unwrap_or_default();
        trouble(&format!("not a list of Helm's repositories{place}"))
    })
}

fn parse(text: &str) -> Result<Vec<Repository>, Option<yaml::Place>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let wire: WireFile = serde_yaml::from_str_with_options(text, yaml::options())
        .map_err(|error| yaml::fault(&error, text).place)?;
    let wire = wire.repositories.unwrap_or_default();
    let all = wire.len();
    let found: Vec<Repository> = wire.into_iter().flatten().filter_map(Repository::of).collect();
    if found.len() < all {
        tracing::warn!(
            left_out = all - found.len(),
            "repositories of Helm without name or address"
        );
    }
    Ok(found)
}

/// The repository that a source names: by its name and address, else by its address alone.
pub(super) fn find<'a>(
    repositories: &'a [Repository],
    url: &Url,
    name: Option<&str>,
) -> Option<&'a Repository> {
    let wanted = shown(url);
    let mut same = repositories.iter().filter(|repository| *repository.shown == *wanted);
    let named = same.clone().find(|repository| repository.name.as_deref() == name);
    named.or_else(|| same.next())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const FILE: &str = r"
apiVersion: ''
generated: '0001-01-01T00:00:00Z'
repositories:
- name: one
  url: https://ada:hunter2@charts.test/one/?private_token=abc
  newKey: {x: y}
- caFile: /ca.pem
  certFile: ''
  keyFile: ''
  insecure_skip_tls_verify: true
  name: two
  pass_credentials_all: true
  password: s3cret
  url: http://charts.test:8080/two
  username: ada
- {name: three, url: 's3://bucket/x', username: ada, password: ''}
- {name: '', url: 'https://x.test'}
- {name: bad, url: 'not an address'}
-
";

    #[test]
    fn helms_file_is_read() {
        let found = parse(FILE).unwrap();
        let sources: Vec<_> = found.iter().map(|found| found.source().to_string()).collect();
        let expected = [
            "one (https://charts.test/one)",
            "two (http://charts.test:8080/two)",
            "three (s3://bucket/x)",
        ];
        assert_eq!(sources, expected);
        assert_eq!(found[0].url.as_str(), "https://charts.test/one/?private_token=abc");
        let login = |number: usize| {
            found[number].login.as_ref().map(|(user, word)| (user.as_str(), word.expose_secret()))
        };
        assert_eq!(login(0), Some(("ada", "hunter2")));
        assert_eq!(login(1), Some(("ada", "s3cret")));
        assert_eq!(login(2), None);
        assert!(found[1].everywhere && found[1].settings.insecure && !found[0].everywhere);
        assert_eq!(found[1].settings.ca.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!(found[1].settings.client_certificate, None);
    }

    #[test]
    fn a_source_finds_its_repository() {
        let found = parse(FILE).unwrap();
        let name = |url: &str, name: Option<&str>| {
            let found = find(&found, &Url::parse(url).unwrap(), name)?;
            found.name.as_deref().map(str::to_owned)
        };
        assert_eq!(name("https://charts.test/one", Some("one")).as_deref(), Some("one"));
        assert_eq!(name("https://CHARTS.test:443/one//", None).as_deref(), Some("one"));
        assert_eq!(name("https://charts.test/one", Some("other")).as_deref(), Some("one"));
        assert_eq!(name("http://charts.test/one", Some("one")), None);
        assert_eq!(name("https://charts.test/two", Some("two")), None);
    }

    #[test]
    fn what_is_wrong_is_told_without_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("repositories.yaml");
        assert!(read(Some(&file)).unwrap().is_empty() && read(None).unwrap().is_empty());
        std::fs::write(&file, "").unwrap();
        assert!(read(Some(&file)).unwrap().is_empty());
        for text in [
            "repositories:\n- name: a\n  insecure_skip_tls_verify: hunter2\n",
            "repositories: hunter2\n",
            "- hunter2\n",
        ] {
            std::fs::write(&file, text).unwrap();
            let error = read(Some(&file)).unwrap_err();
            assert!(error.contains("repositories.yaml: not a list"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        std::fs::write(&file, "repositories:\n- null\n").unwrap();
        assert!(read(Some(&file)).unwrap().is_empty());
    }
}
