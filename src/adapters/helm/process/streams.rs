//! What a program prints, read to its end and kept in bounds: a full pipe would stop it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What was read of a stream.
pub(super) struct Bounded {
    pub(super) read: Vec<u8>,
    pub(super) cut: bool,
}

/// Reads a stream to its end and keeps the last of it: a full pipe would stop helm, and its error comes
/// after all its warnings.
pub(super) async fn last(stream: Option<impl AsyncRead + Unpin>, max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return kept };
    let mut part = vec![0; 16 << 10];
    while let Ok(read) = stream.read(&mut part).await
        && read > 0
    {
        kept.extend_from_slice(&part[..read]);
        if kept.len() > 2 * max {
            kept.drain(..kept.len() - max);
        }
    }
    kept.drain(..kept.len().saturating_sub(max));
    kept
}

/// Reads a stream to its end and keeps the first of it.
pub(super) async fn bounded(stream: Option<impl AsyncRead + Unpin>, max: u64) -> Bounded {
    let mut kept = Bounded { read: Vec::new(), cut: false };
    let Some(mut stream) = stream else { return kept };
    let mut first = (&mut stream).take(max);
    if first.read_to_end(&mut kept.read).await.is_err() {
        return kept;
    }
    let mut rest = vec![0; 16 << 10];
    while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {
        kept.cut = true;
    }
    kept
}

/// The last of what was written to a file.
pub(super) fn end_of(mut file: File, max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    // Only words are lost with it: what happened is read from the storage of releases.
    let start = file.metadata().map_or(0, |file| file.len().saturating_sub(max as u64));
    let _ = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut kept));
    kept
}
