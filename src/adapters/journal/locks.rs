//! The locks of objects on this machine: one file each, named by a hash, because names of clusters
//! come from outside. The file is empty and stays; the lock goes with the process.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::adapters::hash::sha256;
use crate::adapters::safe;
use crate::domain::change::ObjectId;
use crate::ports::rollouts::JournalError;

/// A lock that is held as long as this lives.
struct Held {
    _file: File,
}

/// Takes the lock of an object, or says at once that somebody else has it.
pub(super) fn lock(
    locks: &Path,
    cluster: &str,
    object: &ObjectId,
) -> Result<Box<dyn Send>, JournalError> {
    safe::make_directory(locks)?;
    let name = sha256([cluster.as_bytes(), b"\0", object.to_string().as_bytes()]);
    let path = locks.join(name);
    let file = safe::open_or_create(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Box::new(Held { _file: file })),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy { object: object.clone() }),
        Err(TryLockError::Error(error)) => Err(safe::disk(&path, error)),
    }
}
