//! Where Helm keeps its files on this machine. Reads the values that it is given, never the process
//! environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The files of Helm, as its variables and the system say. None where not even a home is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `repositories.yaml`.
    pub repositories: Option<PathBuf>,
    /// The directory with the indexes that Helm fetched (`NAME-index.yaml`).
    pub repository_cache: Option<PathBuf>,
    /// The directory with helm's plugins.
    pub plugins: Option<PathBuf>,
    /// The logins of OCI registries, in the format of Docker's `config.json`.
    pub registry_config: Option<PathBuf>,
}

/// Which system's habits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Mac,
    Windows,
    Other,
}

impl Environment {
    /// Takes what counts out of the environment. An empty variable is none.
    pub fn read(home: Option<&Path>, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let system = if cfg!(target_os = "macos") {
            System::Mac
        } else if cfg!(windows) {
            System::Windows
        } else {
            System::Other
        };
        Self::of(system, home, variable)
    }

    fn of(
        system: System,
        home: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Self {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let below = |rest: &str| home.map(|home| home.join(rest));
        let (config, cache, data) = match system {
            System::Mac => {
                (below("Library/Preferences"), below("Library/Caches"), below("Library"))
            }
            System::Windows => (path("APPDATA"), path("TEMP"), path("APPDATA")),
            System::Other => (below(".config"), below(".cache"), below(".local/share")),
        };
        let directory = |own: &str, shared: &str, usual: Option<PathBuf>| {
            path(own).or_else(|| Some(path(shared).or(usual)?.join("helm")))
        };
        let config = directory("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", config);
        let data = directory("HELM_DATA_HOME", "XDG_DATA_HOME", data);
        let cache = directory("HELM_CACHE_HOME", "XDG_CACHE_HOME", cache);
        let file = |name: &str, directory: &Option<PathBuf>, rest: &str| {
            path(name).or_else(|| Some(directory.as_ref()?.join(rest)))
        };
        Self {
            repositories: file("HELM_REPOSITORY_CONFIG", &config, "repositories.yaml"),
            repository_cache: file("HELM_REPOSITORY_CACHE", &cache, "repository"),
            plugins: file("HELM_PLUGINS", &data, "plugins"),
            registry_config: file("HELM_REGISTRY_CONFIG", &config, "registry/config.json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` are the three paths; a variable is `NAME=VALUE`.
    #[track_caller]
    fn check(system: System, variables: &[&str], expected: [&str; 3]) {
        let variable = |name: &str| {
            let found = variables.iter().find_map(|each| {
                let (known, value) = each.split_once('=').unwrap();
                (known == name).then_some(value)
            });
            found.map(OsString::from)
        };
        let found = Environment::of(system, Some(Path::new("/home/ada")), &variable);
        let paths = [&found.repositories, &found.repository_cache, &found.registry_config];
        let paths = paths.map(|path| path.as_ref().unwrap().to_str().unwrap());
        assert_eq!(paths, expected, "{variables:?}");
    }

    #[test]
    fn where_helm_keeps_its_files() {
        let usual = [
            "/home/ada/.config/helm/repositories.yaml",
            "/home/ada/.cache/helm/repository",
            "/home/ada/.config/helm/registry/config.json",
        ];
        check(System::Other, &[], usual);
        check(
            System::Other,
            &["HELM_CONFIG_HOME=", "XDG_CACHE_HOME=", "HELM_REPOSITORY_CACHE="],
            usual,
        );
        check(
            System::Other,
            &["XDG_CONFIG_HOME=/c", "XDG_CACHE_HOME=/k"],
            ["/c/helm/repositories.yaml", "/k/helm/repository", "/c/helm/registry/config.json"],
        );
        check(
            System::Other,
            &["XDG_CONFIG_HOME=/c", "HELM_CONFIG_HOME=/h", "HELM_CACHE_HOME=/k"],
            ["/h/repositories.yaml", "/k/repository", "/h/registry/config.json"],
        );
        check(
            System::Other,
            &[
                "HELM_CONFIG_HOME=/h",
                "HELM_REPOSITORY_CONFIG=/r",
                "HELM_REPOSITORY_CACHE=/k",
                "HELM_REGISTRY_CONFIG=/l",
            ],
            ["/r", "/k", "/l"],
        );
        check(
            System::Mac,
            &[],
            [
                "/home/ada/Library/Preferences/helm/repositories.yaml",
                "/home/ada/Library/Caches/helm/repository",
                "/home/ada/Library/Preferences/helm/registry/config.json",
            ],
        );
        check(
            System::Windows,
            &["APPDATA=/a", "TEMP=/t"],
            ["/a/helm/repositories.yaml", "/t/helm/repository", "/a/helm/registry/config.json"],
        );
        assert_eq!(Environment::of(System::Windows, None, &|_| None), Environment::default());
    }
}
