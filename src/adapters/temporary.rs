//! Directories for a while. They go with whoever made them; what a killed run left is taken away by
//! a later one, because there may be values in it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

/// The file whose lock says that a directory is in use.
const IN_USE: &str = ".in-use";
/// A younger directory may be one that is being made.
const MAKING: Duration = Duration::from_mins(1);

/// A directory that nobody else can look into, whatever the umask says. It goes when this goes.
#[derive(Debug)]
pub struct TemporaryDirectory {
    // Closed before the directory is removed: elsewhere an open file stays where it is.
    _in_use: File,
    directory: TempDir,
}

impl TemporaryDirectory {
    /// Makes one, and takes away what dead runs left under the same beginning of a name.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(prefix: &str) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), prefix, MAKING)
    }

    fn new_in(parent: &Path, prefix: &str, making: Duration) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir_in(parent)?;
        let in_use = File::create_new(directory.path().join(IN_USE))?;
        in_use.try_lock()?;
        sweep(parent, prefix, directory.path(), making);
        Ok(Self { _in_use: in_use, directory })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the directories of runs that are dead. What cannot be removed is left for the next time.
fn sweep(parent: &Path, prefix: &str, own: &Path, making: Duration) {
    let Ok(entries) = parent.read_dir() else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_meant = entry.file_name().to_string_lossy().starts_with(prefix) && path != own;
        if is_meant && is_left(&path, own, making) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// Whether a directory is of the same user, and of a run that is dead.
fn is_left(path: &Path, own: &Path, making: Duration) -> bool {
    let (Ok(found), Ok(own)) = (path.symlink_metadata(), own.symlink_metadata()) else {
        return false;
    };
    let is_old = found
        .modified()
        .and_then(|then| then.elapsed().map_err(io::Error::other))
        .is_ok_and(|age| age >= making);
    if !found.is_dir() || !is_old || !is_same_user(&found, &own) {
        return false;
    }
    match File::open(path.join(IN_USE)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(unix)]
fn is_same_user(found: &std::fs::Metadata, own: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.uid() == own.uid()
}

/// Each user has a directory of his own there.
#[cfg(not(unix))]
fn is_same_user(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_run_left_is_taken_away_by_the_next() {
        let parent = tempfile::tempdir().expect("a directory");
        let new = || {
            TemporaryDirectory::new_in(parent.path(), "values.", Duration::ZERO)
                .expect("a directory")
        };
        let alive = new();
        let left = parent.path().join("values.left");
        std::fs::create_dir(&left).expect("a directory");
        std::fs::write(left.join(IN_USE), "").expect("a file");
        std::fs::write(left.join("0.yaml"), "password: s3cret").expect("a file");
        let other = parent.path().join("other.left");
        std::fs::create_dir(&other).expect("a directory");
        let file = parent.path().join("values.file");
        std::fs::write(&file, "").expect("a file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&other, parent.path().join("values.link")).expect("a link");
        let next = new();
        assert!(!left.exists(), "it was left");
        assert!(alive.path().exists() && next.path().exists(), "they are in use");
        assert!(other.exists() && file.exists(), "they are somebody else's");
        let path = alive.path().to_owned();
        drop(alive);
        assert!(!path.exists());
    }

    #[test]
    fn what_may_be_in_the_making_is_left_alone() {
        let parent = tempfile::tempdir().expect("a directory");
        let making = parent.path().join("values.new");
        std::fs::create_dir(&making).expect("a directory");
        let own = TemporaryDirectory::new_in(parent.path(), "values.", MAKING);
        assert!(own.is_ok() && making.exists());
    }
}
