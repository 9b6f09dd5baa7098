//! The files of the cache: read, replaced, listed, and removed when there are too many.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// An entry that is longer is a miss.
const MAX_ENTRY: u64 = 64 << 20;
/// Temporary files that are older were left by a run that was killed.
const STALE_TEMPORARY: Duration = Duration::from_hours(1);

/// The bytes of an entry; none when there is none.
pub(super) fn read(file: &Path) -> Option<Vec<u8>> {
    let opened = std::fs::File::open(file).ok()?;
    let mut bytes = Vec::new();
    opened.take(MAX_ENTRY).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Replaces an entry. The temporary file is made with mode 0600.
pub(super) fn write(directory: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut temporary = tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory)?;
    temporary.write_all(bytes)?;
    temporary.persist(directory.join(file))?;
    Ok(())
}

/// Makes the directory of the cache, for its owner alone.
pub(in crate::adapters) fn make_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// All entries by the hash of their repository, the newest first.
pub(super) fn list(directory: &Path) -> HashMap<String, Vec<PathBuf>> {
    let mut files: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|found| Some((found.metadata().ok()?.modified().ok()?, found.path())))
        .collect();
    files.sort_by(|one, other| other.cmp(one));
    let mut listing: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for (_, file) in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if let Some((hash, _)) = name.split_once('-') {
            listing.entry(hash.to_owned()).or_default().push(file.clone());
        }
    }
    listing
}

/// Removes the oldest entries, which end with `suffix`, until the rest is within nine tenths of the
/// bound.
pub(in crate::adapters) fn bound(directory: &Path, suffix: &str, max_bytes: u64) {
    let mut files = Vec::new();
    let mut total = 0;
    for found in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(metadata) = found.metadata() else {
            continue;
        };
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let name = found.file_name();
        let name = name.to_string_lossy();
        let stale = modified.elapsed().is_ok_and(|age| age > STALE_TEMPORARY);
        if name.starts_with(".tmp-") && stale {
            let _ = std::fs::remove_file(found.path());
        } else if name.ends_with(suffix) && metadata.is_file() {
            total += metadata.len();
            files.push((modified, metadata.len(), found.path()));
        }
    }
    if total <= max_bytes {
        return;
    }
    files.sort();
    for (_, length, file) in files {
        if total <= max_bytes / 10 * 9 {
            break;
        }
        if std::fs::remove_file(file).is_ok() {
            total -= length;
        }
    }
}
