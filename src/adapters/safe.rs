//! Files and directories that belong to their owner alone: made so, opened without following a
//! link, refused when others may write them, and written durably. Knows nothing of their contents.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::ports::rollouts::JournalError;

/// How long a lock that is held only for moments is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// The pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

type Outcome<Value> = Result<Value, JournalError>;

/// Trouble of the system with a path.
#[allow(clippy::needless_pass_by_value)] // it is what `map_err` hands over
pub(crate) fn disk(path: &Path, message: impl ToString) -> JournalError {
    JournalError::Disk { path: path.display().to_string(), message: message.to_string() }
}

fn unsafe_path(path: &Path, message: impl Into<String>) -> JournalError {
    JournalError::Unsafe { path: path.display().to_string(), message: message.into() }
}

/// What stands at a path itself; none where nothing does.
fn look(path: &Path) -> Outcome<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk(path, error)),
    }
}

/// Whether a directory is there.
///
/// # Errors
/// It is a link, no directory, of another user, or may be written by others.
pub(crate) fn check_directory(path: &Path) -> Outcome<bool> {
    let Some(metadata) = look(path)? else {
        return Ok(false);
    };
    if metadata.is_symlink() {
        let message = "is a link: name the directory that it points to with SAFE_UPDATE_HOME";
        return Err(unsafe_path(path, message));
    }
    if !metadata.is_dir() {
        return Err(unsafe_path(path, "is no directory: move it away"));
    }
    check_owner(path, path, &metadata, "700")?;
    Ok(true)
}

/// Makes a directory, and the directories above it that are missing; each is durable.
pub(crate) fn make_directory(path: &Path) -> Outcome<()> {
    if check_directory(path)? {
        return Ok(());
    }
    let above = above(path);
    if !above.exists() {
        make_directory(above)?;
    }
    match new_directory(path) {
        Ok(()) => sync_directory(above)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(disk(path, error)),
    }
    check_directory(path).map(|_| ())
}

/// Makes a directory that must not be there yet.
pub(crate) fn new_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The directory that holds a path.
pub(crate) fn above(path: &Path) -> &Path {
    path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Outcome<()> {
    // Elsewhere a directory cannot be opened, and the system orders names by itself.
    #[cfg(unix)]
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| disk(path, error))?;
    let _ = path;
    Ok(())
}

/// Makes a file that must not be there yet.
pub(crate) fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    no_follow(&mut options);
    options.open(path)
}

/// Opens a file that is added to; none where there is none.
pub(crate) fn open_append(path: &Path) -> Outcome<Option<File>> {
    open(path, OpenOptions::new().read(true).append(true))
}

/// Opens a file that is added to or locked, and makes it where there is none.
pub(crate) fn open_or_create(path: &Path) -> Outcome<File> {
    loop {
        if let Some(file) = open_append(path)? {
            return Ok(file);
        }
        match create(path) {
            Ok(file) => {
                sync_directory(above(path))?;
                return Ok(file);
            }
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(disk(path, error)),
        }
    }
}

/// Opens a file for reading; none where there is none.
pub(crate) fn open_read(path: &Path) -> Outcome<Option<File>> {
    open(path, OpenOptions::new().read(true))
}

fn open(path: &Path, options: &mut OpenOptions) -> Outcome<Option<File>> {
    let Some(metadata) = look(path)? else {
        return Ok(None);
    };
    check_file(path, &metadata)?;
    no_follow(options);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(path, error)),
    };
    let opened = file.metadata().map_err(|error| disk(path, error))?;
    check_file(path, &opened)?;
    Ok(Some(file))
}

fn check_file(path: &Path, metadata: &Metadata) -> Outcome<()> {
    if metadata.is_symlink() {
        return Err(unsafe_path(path, "is a link: put the file itself in its place"));
    }
    if !metadata.is_file() {
        return Err(unsafe_path(path, "is no file: move it away"));
    }
    check_owner(path, above(path), metadata, "600")
}

/// The bytes of a file of bounded size; none where there is none.
pub(crate) fn read(path: &Path, max: u64) -> Outcome<Option<Vec<u8>>> {
    let Some(file) = open_read(path)? else {
        return Ok(None);
    };
    read_all(&file, path, max).map(Some)
}

/// The bytes of an open file of bounded size, from where it stands.
pub(crate) fn read_all(file: &File, path: &Path, max: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(|error| disk(path, error))?;
    if bytes.len() as u64 > max {
        return Err(disk(path, format!("is larger than {} MiB", max / 1024 / 1024)));
    }
    Ok(bytes)
}

/// Replaces a file as a whole: after a crash either the old or the new one is there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let directory = above(path);
    let put = || {
        let mut file = tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok::<_, std::io::Error>(())
    };
    put().map_err(|error| disk(path, error))?;
    sync_directory(directory)
}

/// Waits for a lock that others hold only for moments.
pub(crate) fn wait_for_lock(file: &File, path: &Path) -> Outcome<()> {
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if waited < LOCK_WAIT => {
                std::thread::sleep(LOCK_PAUSE);
                waited += LOCK_PAUSE;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(disk(path, "another run holds it and does not go on"));
            }
            Err(TryLockError::Error(error)) => return Err(disk(path, error)),
        }
    }
}

/// A link at the end of a path is an error of the system. The numbers are those of the platforms;
/// where they are not known, what was looked at before has to do.
#[cfg(unix)]
fn no_follow(options: &mut OpenOptions) {
    let flag = if cfg!(target_os = "linux") {
        if cfg!(any(target_arch = "x86_64", target_arch = "x86", target_arch = "riscv64")) {
            0o400_000
        } else if cfg!(any(target_arch = "aarch64", target_arch = "arm")) {
            0o100_000
        } else {
            0
        }
    } else if cfg!(any(target_os = "macos", target_os = "freebsd")) {
        0x100
    } else {
        0
    };
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flag);
}

#[cfg(not(unix))]
fn no_follow(_options: &mut OpenOptions) {}

/// `directory` is where a file could be made to see whose it would be.
#[cfg(unix)]
fn check_owner(path: &Path, directory: &Path, metadata: &Metadata, mode: &str) -> Outcome<()> {
    use std::os::unix::fs::MetadataExt as _;

    if metadata.mode() & 0o022 != 0 {
        let name = quoted(path);
        return Err(unsafe_path(path, format!("may be written by others: chmod {mode} {name}")));
    }
    // `/proc/self` is not ours when the program may not be looked into, so that a file decides.
    let of_this_process =
        std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == metadata.uid());
    let ours = of_this_process
        || tempfile::tempfile_in(directory)
            .and_then(|file| file.metadata())
            .is_ok_and(|file| file.uid() == metadata.uid());
    if ours {
        return Ok(());
    }
    let message = format!(
        "belongs to another user ({}): name a directory of your own with SAFE_UPDATE_HOME",
        metadata.uid()
    );
    Err(unsafe_path(path, message))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // as its twin
fn check_owner(_: &Path, _: &Path, _: &Metadata, _: &str) -> Outcome<()> {
    Ok(())
}

/// A path as a shell takes it.
#[cfg(unix)]
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
