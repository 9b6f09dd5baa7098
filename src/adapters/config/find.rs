//! Which configuration files count, and reading them from disk.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::env::{Environment, Variables};
use super::error::{ConfigError, ConfigErrors};
use super::merge::{Merged, merge};
use super::read::{Layer, Source, read};
use super::registries::Trust;

/// The name of a project's file.
const PROJECT_FILE: &str = "safe-update.yaml";
/// What people write instead. It would be passed over in silence, and with it the policy.
const MISNAMED: [&str; 2] = ["safe-update.yml", ".safe-update.yaml"];
/// The name of the user's file in the state directory.
const USER_FILE: &str = "config.yaml";
/// A policy file is small.
const SIZE_MAX: u64 = 4 * 1024 * 1024;

/// The directories of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// Settings and, later, the journal.
    pub state: PathBuf,
    /// What can be fetched again.
    pub cache: PathBuf,
}

impl Directories {
    /// `SAFE_UPDATE_HOME` and `SAFE_UPDATE_CACHE`, else `safe-update` in the user's directories
    /// for configuration and cache.
    ///
    /// # Errors
    /// Where neither the variables nor a home directory are there.
    pub fn find(environment: &Environment) -> Result<Self, ConfigError> {
        let user = |directory: Option<PathBuf>| directory.map(|path| path.join("safe-update"));
        let missing = |name: &str| {
            ConfigError::whole(name, "not set, and there is no home directory")
                .hint(format!("set {name} to a directory that may be written"))
        };
        let state = environment
            .path("SAFE_UPDATE_HOME")
            .or_else(|| user(dirs::config_dir()))
            .ok_or_else(|| missing("SAFE_UPDATE_HOME"))?;
        let cache = environment
            .path("SAFE_UPDATE_CACHE")
            .or_else(|| user(dirs::cache_dir()))
            .unwrap_or_else(|| state.join("cache"));
        Ok(Self { state, cache })
    }
}

/// Where to look for configuration files.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// `--config`, or what `SAFE_UPDATE_CONFIG` says. When it is there, no other file counts.
    pub named: Option<&'a Path>,
    /// What `-f` says, in order; `-` is passed over.
    pub manifests: &'a [PathBuf],
    /// The working directory.
    pub directory: &'a Path,
    /// The state directory.
    pub state: &'a Path,
    /// The `SAFE_UPDATE_*` variables.
    pub variables: &'a Variables,
}

/// Reads and folds everything that configures a run.
///
/// # Errors
/// Everything that is wrong in the files and the variables.
pub fn load(lookup: &Lookup<'_>) -> Result<Merged, ConfigErrors> {
    let mut layers = Vec::new();
    let mut errors = Vec::new();
    let mut take = |path: &Path, read: Result<Option<Layer>, ConfigErrors>| match read {
        Ok(layer) => {
            let found = layer.is_some();
            layers.extend(layer.map(|layer| (path.to_owned(), layer)));
            found
        }
        Err(ConfigErrors(more)) => {
            errors.extend(more);
            true
        }
    };
    if let Some(path) = lookup.named {
        let path = lookup.directory.join(path);
        if !take(&path, read_file(&path, Trust::Full)) {
            errors
                .push(ConfigError::whole(path.display().to_string(), "no such file").hint(
                    "check --config and SAFE_UPDATE_CONFIG; `config init` writes a new file",
                ));
        }
    } else {
        // The farthest first: later layers override.
        let user = lookup.state.join(USER_FILE);
        take(&user, read_file(&user, Trust::Full));
        let beside = lookup.manifests.iter().find_map(|path| {
            let folder = folder_of(lookup.directory, path)?;
            has_project_file(&folder).then_some(folder)
        });
        let here = lookup.directory.to_owned();
        let same = beside.as_ref().is_some_and(|beside| {
            matches!((beside.canonicalize(), here.canonicalize()), (Ok(a), Ok(b)) if a == b)
        });
        for folder in (!same).then_some(here).into_iter().chain(beside) {
            let path = folder.join(PROJECT_FILE);
            take(&path, read_project(&folder));
        }
    }
    match merge(layers, lookup.variables) {
        Ok(merged) if errors.is_empty() => Ok(merged),
        Ok(_) => Err(ConfigErrors(errors)),
        Err(ConfigErrors(more)) => {
            errors.extend(more);
            Err(ConfigErrors(errors))
        }
    }
}

/// Reads one file for itself. A file that is called like a project's is held to what a project's
/// may say.
///
/// # Errors
/// Everything that is wrong in it.
pub fn check(path: &Path) -> Result<Merged, ConfigErrors> {
    let project = path.file_name().is_some_and(|name| name == PROJECT_FILE);
    let trust = if project { Trust::Project } else { Trust::Full };
    let layer = read_file(path, trust)?
        .ok_or_else(|| ConfigError::whole(path.display().to_string(), "no such file"))?;
    merge(vec![(path.to_owned(), layer)], &Variables::default())
}

/// The folder that a `-f` means: the directory itself, or that of the file.
fn folder_of(directory: &Path, manifest: &Path) -> Option<PathBuf> {
    if manifest == Path::new("-") {
        return None;
    }
    let path = directory.join(manifest);
    if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) }
}

fn has_project_file(folder: &Path) -> bool {
    std::iter::once(PROJECT_FILE)
        .chain(MISNAMED)
        .any(|name| folder.join(name).symlink_metadata().is_ok())
}

fn read_project(folder: &Path) -> Result<Option<Layer>, ConfigErrors> {
    let path = folder.join(PROJECT_FILE);
    let name = path.display().to_string();
    if path.symlink_metadata().is_err() {
        let misnamed = MISNAMED
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.symlink_metadata().is_ok());
        return match misnamed {
            Some(path) => Err(ConfigError::whole(path.display().to_string(), "is not read")
                .hint(format!("rename it to {PROJECT_FILE}"))
                .into()),
            None => Ok(None),
        };
    }
    // An excerpt of an error would otherwise show any file that a link in a checkout points to.
    let inside = match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    };
    if !inside || !path.is_file() {
        let message = "is no file inside its folder";
        let hint = "replace the link by the file, or name the file with --config";
        return Err(ConfigError::whole(name, message).hint(hint).into());
    }
    read_file(&path, Trust::Project)
}

/// Reads a file; none where there is none.
fn read_file(path: &Path, trust: Trust) -> Result<Option<Layer>, ConfigErrors> {
    let Some(text) = read_text(path, SIZE_MAX)? else {
        return Ok(None);
    };
    let name = path.display().to_string();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    read(&text, Source { name: &name, folder, trust }).map(Some)
}

/// The text of a file of bounded size; none where there is none.
pub(super) fn read_text(path: &Path, size_max: u64) -> Result<Option<String>, ConfigError> {
    let wrong = |message: String| ConfigError::whole(path.display().to_string(), message);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(size_max + 1).read_to_end(&mut bytes));
    match read {
        Ok(size) if size as u64 > size_max => {
            Err(wrong(format!("larger than {} MiB", size_max / 1024 / 1024)))
        }
        Ok(_) => String::from_utf8(bytes).map(Some).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            ConfigError { line: u32::try_from(line).ok(), ..wrong("is not UTF-8 text".into()) }
        }),
        // Where a directory of the path is a file, whoever needs the directory says so.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(wrong(format!("cannot be read: {error}"))),
    }
}
