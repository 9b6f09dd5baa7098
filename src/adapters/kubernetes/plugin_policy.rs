//! Which credential plugins may run: kubectl's own preferences (`kuberc`) say so with
//! `credentialPluginPolicy` and `credentialPluginAllowlist`, and they hold here as well. The file is
//! read only when a plugin would run; one that cannot be understood allows nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConnectError;
use super::flags::Environment;

/// What of kuberc is read; everything else in it is about kubectl's commands.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Preference {
    credential_plugin_policy: Option<Policy>,
    credential_plugin_allowlist: Option<Vec<Entry>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Policy {
    #[serde(alias = "")]
    AllowAll,
    DenyAll,
    Allowlist,
}

/// Both fields mean the same; `name` is the older one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    command: Option<String>,
    name: Option<String>,
}

/// Refuses a command that the preferences do not allow.
pub(super) fn check(command: &str, environment: &Environment) -> Result<(), ConnectError> {
    let Some(path) = &environment.kuberc else {
        return Ok(());
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(ConnectError::Unreadable { path: path.clone(), source });
        }
    };
    let preference: Preference =
        serde_yaml::from_str(&text).map_err(|error| ConnectError::Malformed {
            path: path.clone(),
            place: error.location().map(|location| (location.line(), location.column())),
            message: "not kubectl's preferences, so no credential plugin is run".to_owned(),
        })?;
    let entries = preference.credential_plugin_allowlist.unwrap_or_default();
    let allowed = match preference.credential_plugin_policy {
        // A list without its policy is a mistake, and its author wanted a limit.
        None | Some(Policy::AllowAll) => entries.is_empty(),
        Some(Policy::DenyAll) => false,
        Some(Policy::Allowlist) => entries.iter().any(|entry| entry.allows(command, environment)),
    };
    if allowed { Ok(()) } else { Err(ConnectError::PluginDenied { command: command.to_owned() }) }
}

impl Entry {
    /// As kubectl: both are looked up on the search path, and must be the same file.
    fn allows(&self, command: &str, environment: &Environment) -> bool {
        let search = environment.search_path.as_deref();
        let wanted = look_up(command, search);
        let mut names = [&self.command, &self.name].into_iter().flatten().peekable();
        wanted.is_some()
            && names.peek().is_some()
            && names.all(|name| look_up(name, search) == wanted)
    }
}

fn look_up(command: &str, search: Option<&OsStr>) -> Option<PathBuf> {
    if command.contains(std::path::MAIN_SEPARATOR) {
        return Path::new(command).is_file().then(|| command.into());
    }
    std::env::split_paths(search?)
        .map(|directory| directory.join(command))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferences_of_kubectl_hold() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        for name in ["login", "other"] {
            std::fs::write(at(name), "").expect("a writable directory");
        }
        let mut environment = Environment::read(None, &|_| None);
        environment.search_path = Some(directory.path().into());
        environment.kuberc = Some(at("kuberc"));
        assert!(check("login", &environment).is_ok(), "there is no file");
        let full = at("login").display().to_string();
        for (preferences, allowed) in [
            ("kind: Preference", true),
            ("credentialPluginPolicy: AllowAll\ndefaults: [{command: get}]", true),
            ("credentialPluginPolicy: ''", true),
            ("credentialPluginPolicy: DenyAll", false),
            ("credentialPluginPolicy: Allowlist", false),
            (
                "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: login}]",
                true,
            ),
            ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: login}]", true),
            (
                "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: login, name: other}]",
                false,
            ),
            (
                "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: other}]",
                false,
            ),
            ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]", false),
            ("credentialPluginAllowlist: [{command: other}]", false),
            ("credentialPluginPolicy: Sometimes", false),
            ("- not a map", false),
        ] {
            std::fs::write(at("kuberc"), preferences).expect("a writable directory");
            assert_eq!(check("login", &environment).is_ok(), allowed, "{preferences}");
            assert_eq!(check(&full, &environment).is_ok(), allowed, "{preferences}, in full");
        }
    }
}
