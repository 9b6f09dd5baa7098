//! Whether a helm that was started here still works on a release, even when whoever started it is
//! gone: a file lock that helm inherits and that the system gives up when it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::adapters::hash::sha256;
use crate::adapters::safe;
use crate::domain::change::ObjectId;
use crate::domain::release::Release;
use crate::ports::rollouts::JournalError;

/// The lock, held by this process and by the helm that inherits it.
#[derive(Debug)]
pub struct Alive {
    file: File,
}

impl Alive {
    /// Takes the lock of a release.
    ///
    /// # Errors
    /// Another helm of this machine works on it, or the state directory cannot be written.
    pub fn take(locks: &Path, cluster: &str, object: &ObjectId) -> Result<Self, JournalError> {
        safe::make_directory(locks)?;
        let path = file(locks, cluster, object);
        let file = safe::open_or_create(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy { object: object.clone() }),
            Err(TryLockError::Error(error)) => Err(safe::disk(&path, error)),
        }
    }

    /// Whether a helm of this machine works on a release.
    pub fn is_held(locks: &Path, cluster: &str, object: &ObjectId) -> bool {
        let path = file(locks, cluster, object);
        // Without the file nobody ever worked on it from here.
        let file = File::options().read(true).open(path);
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Notes which revision the helm that is started now begins: whoever takes the run up knows it for
    /// ours by that. None: it began none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn note(&self, begun: Option<Begun>) -> std::io::Result<()> {
        use std::io::{Seek as _, Write as _};
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        if let Some(Begun { revision, at }) = begun {
            writeln!(file, "{revision} {at}")?;
        }
        file.sync_all()
    }

    /// What the last helm of this machine began; none where none is known.
    pub fn last(locks: &Path, cluster: &str, object: &ObjectId) -> Option<Begun> {
        let text = std::fs::read_to_string(file(locks, cluster, object)).ok()?;
        let (revision, at) = text.trim().split_once(' ')?;
        Some(Begun { revision: revision.parse().ok()?, at: at.parse().ok()? })
    }

    /// Lets programs that are started from now on inherit the lock, or not.
    pub(super) fn inherit(&self, inherited: bool) -> std::io::Result<()> {
        #[cfg(unix)]
        {
            use rustix::io::{FdFlags, fcntl_setfd};
            let flags = if inherited { FdFlags::empty() } else { FdFlags::CLOEXEC };
            fcntl_setfd(&self.file, flags)?;
        }
        #[cfg(not(unix))]
        let _ = (&self.file, inherited);
        Ok(())
    }
}

/// What a helm of this machine was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The revision that comes next.
    pub revision: u32,
    /// When it was started.
    pub at: Timestamp,
}

/// How long a helm renders before it begins its revision, and how far a clock may be set back meanwhile.
const TO_BEGIN: SignedDuration = SignedDuration::from_mins(5);
const SET_BACK: SignedDuration = SignedDuration::from_secs(5);

impl Begun {
    /// Whether a revision is what this helm began, and not what another one did when ours had failed
    /// before it came to that.
    pub fn is(&self, release: &Release) -> bool {
        let since = release.last_deployed.map(|at| at.duration_since(self.at));
        release.revision == self.revision
            && since.is_some_and(|since| since >= -SET_BACK && since <= TO_BEGIN)
    }
}

fn file(locks: &Path, cluster: &str, object: &ObjectId) -> PathBuf {
    let name = sha256([cluster.as_bytes(), b"\0", object.to_string().as_bytes()]);
    locks.join(format!("helm-{name}"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_lives_as_long_as_a_program_that_inherited_it() {
        let home = tempfile::tempdir().expect("a directory");
        let locks = home.path().join("locks");
        let object: ObjectId = "prod/release/shop".parse().expect("an object");
        assert!(!Alive::is_held(&locks, "c", &object));
        let alive = Alive::take(&locks, "c", &object).expect("nobody has it");
        assert!(Alive::take(&locks, "c", &object).is_err());
        assert!(Alive::is_held(&locks, "c", &object));
        assert_eq!(Alive::last(&locks, "c", &object), None);
        let at: Timestamp = "2026-11-25T03:00:00.5Z".parse().expect("a time");
        for begun in [Some(12), Some(7), None].map(|one| one.map(|revision| Begun { revision, at }))
        {
            alive.note(begun).expect("it is noted");
            assert_eq!(Alive::last(&locks, "c", &object), begun);
        }
        alive.inherit(true).expect("a flag");
        let mut heir = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        alive.inherit(false).expect("a flag");
        let mut stranger = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        drop(alive);
        assert!(Alive::is_held(&locks, "c", &object), "the heir holds it");
        heir.kill().and_then(|()| heir.wait()).expect("it ends");
        // Another test may be starting a program just now, which has every file until it is one.
        let is_free = |_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            !Alive::is_held(&locks, "c", &object)
        };
        assert!((0..200).any(is_free), "the stranger does not");
        stranger.kill().and_then(|()| stranger.wait()).expect("it ends");
    }
}
