//! The link `kubectl_complete-safe_update`: where it goes, what it points to, and which ones were
//! made here. It points to the plugin as `PATH` has it, not to the file behind that, so that it
//! survives an update of the plugin. Where links need rights of their own (Windows), it is a copy.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::complete::KUBECTL_COMPLETES;
use crate::cli::error::{CommandError, Kind};

/// The file under which kubectl finds the plugin.
const PLUGIN: &str = "kubectl-safe_update";

/// Where this program lies, and where programs are looked for.
#[derive(Debug)]
pub(super) struct Place {
    /// The file that runs, links resolved.
    program: PathBuf,
    searched: Vec<PathBuf>,
    /// The directory for programs of this user alone.
    own: Option<PathBuf>,
}

/// A link and what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) path: PathBuf,
    pub(super) to: PathBuf,
}

/// What was found under the name of the link.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// Links to this program.
    pub(super) ours: Vec<Link>,
    /// What somebody else put there.
    pub(super) others: Vec<PathBuf>,
}

impl Place {
    /// From the file that runs, `PATH` and the home directory.
    pub(super) fn new(program: PathBuf, path: Option<OsString>, home: Option<PathBuf>) -> Self {
        let path = path.unwrap_or_default();
        let mut searched: Vec<PathBuf> =
            std::env::split_paths(&path).filter(|directory| directory.is_absolute()).collect();
        let mut seen = std::collections::HashSet::new();
        searched.retain(|directory| seen.insert(directory.clone()));
        Self {
            program: program.canonicalize().unwrap_or(program),
            searched,
            own: home.map(|home| home.join(".local").join("bin")),
        }
    }

    /// Makes the link beside the plugin, else (also where krew keeps its own) in the directory of the
    /// user; says whether it was not there yet.
    pub(super) fn install(&self) -> Result<(Link, bool), CommandError> {
        let plugin = self.plugin();
        let beside = plugin.parent().unwrap_or(Path::new("."));
        if !is_of_krew(beside) {
            match self.put(beside, &plugin) {
                Err(error) if cannot_write(&error) => {}
                other => return other.map_err(|error| self.failed(beside, error)),
            }
        }
        let own = self.own.as_deref().ok_or_else(|| {
            CommandError::message(
                Kind::Environment,
                format!("nothing can be written into {}, and there is no home", beside.display()),
            )
            .hint("name a directory of PATH with --dir")
        })?;
        let made = std::fs::create_dir_all(own).and_then(|()| self.put(own, &plugin));
        made.map_err(|error| self.failed(own, error))
    }

    /// The same in a directory that is there.
    pub(super) fn install_in(&self, directory: &Path) -> Result<(Link, bool), CommandError> {
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        if !directory.is_dir() {
            return Err(CommandError::usage_message(format!(
                "{} is no directory",
                directory.display()
            )));
        }
        self.put(&directory, &self.plugin()).map_err(|error| self.failed(&directory, error))
    }

    /// What lies under the name of the link, wherever it can have been put.
    pub(super) fn links(&self) -> Links {
        let mut directories = self.searched.clone();
        let beside = self.program.parent().map(Path::to_owned);
        for directory in beside.into_iter().chain(self.own.clone()) {
            if !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        self.links_in(&directories)
    }

    /// The same in some directories.
    pub(super) fn links_in(&self, directories: &[PathBuf]) -> Links {
        let mut links = Links::default();
        for directory in directories {
            let path = directory.join(file(KUBECTL_COMPLETES));
            match self.ours(&path) {
                Some(to) => links.ours.push(Link { path, to }),
                None if path.symlink_metadata().is_ok() => links.others.push(path),
                None => {}
            }
        }
        links
    }

    /// Whether programs are looked for where a file lies.
    pub(super) fn is_searched(&self, path: &Path) -> bool {
        let directory = path.parent().and_then(|directory| directory.canonicalize().ok());
        directory.is_some_and(|directory| {
            self.searched
                .iter()
                .any(|searched| searched.canonicalize().is_ok_and(|searched| searched == directory))
        })
    }

    /// The plugin as kubectl finds it, else the file that runs.
    fn plugin(&self) -> PathBuf {
        let found = self.searched.iter().map(|directory| directory.join(file(PLUGIN)));
        let mut ours = found.filter(|path| path.canonicalize().is_ok_and(|to| to == self.program));
        ours.next().unwrap_or_else(|| self.program.clone())
    }

    fn put(&self, directory: &Path, plugin: &Path) -> io::Result<(Link, bool)> {
        let path = directory.join(file(KUBECTL_COMPLETES));
        if let Some(to) = self.ours(&path).filter(|_| self.is_current(&path)) {
            return Ok((Link { path, to }, false));
        }
        // A link of ours that leads nowhere any more is made anew, and so is the copy of another version.
        if self.ours(&path).is_some() {
            std::fs::remove_file(&path)?;
        }
        // A link inside of one directory moves with it.
        let to = match plugin.file_name() {
            Some(name) if plugin.parent() == Some(directory) => PathBuf::from(name),
            _ => plugin.to_owned(),
        };
        link(&to, plugin, &path)?;
        Ok((Link { path, to }, true))
    }

    /// What a link of ours points to: this program, or the plugin that was there once.
    fn ours(&self, path: &Path) -> Option<PathBuf> {
        let Ok(to) = path.read_link() else {
            return (cfg!(windows) && is_copy(path)).then(|| self.program.clone());
        };
        let is_this = path.canonicalize().is_ok_and(|behind| behind == self.program);
        let was_ours = !path.exists() && to.file_name() == Some(file(PLUGIN).as_os_str());
        (is_this || was_ours).then_some(to)
    }

    /// Whether what lies there leads to this program as it is now.
    fn is_current(&self, path: &Path) -> bool {
        if path.is_symlink() {
            return path.exists();
        }
        let both = (std::fs::read(path), std::fs::read(&self.program));
        matches!(both, (Ok(there), Ok(this)) if there == this)
    }

    fn failed(&self, directory: &Path, error: io::Error) -> CommandError {
        let path = directory.join(file(KUBECTL_COMPLETES));
        if error.kind() == io::ErrorKind::AlreadyExists {
            return CommandError::usage_message(format!(
                "{} is there already, and none that install made",
                path.display()
            ))
            .hint("remove it, or name another directory with --dir");
        }
        let what = format!("linking {} to {}", path.display(), self.program.display());
        CommandError::environment(anyhow::Error::new(error).context(what))
            .hint("name a directory of PATH with --dir")
    }
}

/// Whether krew links its plugins there. A file of somebody else that stays when its last plugin goes makes krew
/// take itself for outdated (`internal/receiptsmigration`), and do nothing any more.
fn is_of_krew(directory: &Path) -> bool {
    directory.parent().is_some_and(|root| root.join("receipts").is_dir())
}

/// Whether a file is a copy of this program in any version, told by the name of the link that it has inside.
fn is_copy(path: &Path) -> bool {
    let name = KUBECTL_COMPLETES.as_bytes();
    path.is_file()
        && std::fs::read(path).is_ok_and(|bytes| bytes.windows(name.len()).any(|part| part == name))
}

/// The file of a program on this system.
fn file(name: &str) -> OsString {
    format!("{name}{}", std::env::consts::EXE_SUFFIX).into()
}

fn cannot_write(error: &io::Error) -> bool {
    use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), NotFound | PermissionDenied | ReadOnlyFilesystem)
}

#[cfg(unix)]
fn link(to: &Path, _: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, path)
}

#[cfg(not(unix))]
fn link(_: &Path, plugin: &Path, path: &Path) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::copy(plugin, path).map(|_| ())
}

#[cfg(all(test, unix))]
mod tests;
