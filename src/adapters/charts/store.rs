//! Indexes on disk: one file for each repository and set of credentials, with the validators of the
//! server in its first line and the index as it came behind that. When it was fetched or confirmed
//! is the time of its last change. Files are replaced by rename, without fsync: a cache may be lost,
//! never torn. Whatever cannot be read is a miss, and what cannot be written costs only time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::adapters::registry::{CacheSettings, Sink, Validators, bound, make_directory};

/// The format of the files; others are misses.
const FORMAT: u32 = 1;
/// Bytes of the first line, filled up with spaces.
const HEAD: usize = 2048;
/// What it begins with: a comment to YAML.
const MARK: &str = "# safe-update ";
/// How the files end.
const SUFFIX: &str = ".index";
/// Bytes that are read at once.
const BUFFER: usize = 128 << 10;

/// An index, wherever it lies.
#[derive(Debug, Clone)]
pub(super) enum Text {
    /// In a file, from an offset on. Only one reader at a time: they share its position.
    File(Arc<File>, u64),
    /// In memory, where no file can be written.
    Memory(Arc<[u8]>),
}

impl Text {
    /// The whole of a file.
    pub(super) fn whole(file: File) -> Self {
        Self::File(Arc::new(file), 0)
    }

    /// Reads it from its beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(match self {
            Self::File(file, offset) => {
                let mut file = &**file;
                file.seek(SeekFrom::Start(*offset))?;
                Box::new(BufReader::with_capacity(BUFFER, file))
            }
            Self::Memory(bytes) => Box::new(&**bytes),
        })
    }

    /// The first byte that is no space.
    pub(super) fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut text = self.open()?;
        loop {
            let bytes = text.fill_buf()?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if let Some(byte) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                return Ok(Some(*byte));
            }
            let length = bytes.len();
            text.consume(length);
        }
    }
}

/// An index that was kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) text: Text,
    pub(super) validators: Validators,
    /// When the server gave or confirmed it.
    pub(super) at: Timestamp,
}

/// A file that an index is written into.
#[derive(Debug)]
pub(super) enum Draft {
    /// One that will be kept.
    Named(NamedTempFile),
    /// One for this run.
    Unnamed(File),
    /// None can be written.
    Nowhere,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    length: u64,
    #[serde(default)]
    validators: Validators,
}

/// The directory of kept indexes.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) settings: CacheSettings,
}

impl Store {
    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.settings.directory.as_ref()?.join(format!("{key}{SUFFIX}")))
    }

    /// The index that was kept under a key.
    pub(super) fn read(&self, key: &str) -> Option<Kept> {
        if self.settings.refresh {
            return None;
        }
        let file = File::open(self.path(key)?).ok()?;
        let mut line = [0; HEAD];
        (&file).read_exact(&mut line).ok()?;
        let head = std::str::from_utf8(&line).ok()?.strip_prefix(MARK)?;
        let head: Head = serde_json::from_str(head).ok()?;
        let metadata = file.metadata().ok()?;
        if head.format != FORMAT || metadata.len() != head.length.checked_add(HEAD as u64)? {
            return None;
        }
        let at = Timestamp::try_from(metadata.modified().ok()?).ok()?;
        let text = Text::File(Arc::new(file), HEAD as u64);
        Some(Kept { text, validators: head.validators, at })
    }

    /// Whether something of that time is taken as it is.
    pub(super) fn is_fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        // A time in the future comes from a clock that was wrong.
        Duration::try_from(now.duration_since(at)).is_ok_and(|age| age < self.settings.fresh_for)
    }

    /// A file for the next index, and where the answer is written in it.
    pub(super) fn draft(&self) -> (Draft, Option<Sink>) {
        let draft = self.file();
        match draft.sink() {
            Some(sink) => (draft, Some(sink)),
            None => (Draft::Nowhere, None),
        }
    }

    fn file(&self) -> Draft {
        let named = self.settings.directory.as_ref().and_then(|directory| {
            let made = make_directory(directory)
                .and_then(|()| tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory));
            made.inspect_err(|error| warn(directory, error)).ok()
        });
        match named {
            Some(file) => Draft::Named(file),
            None => tempfile::tempfile().map_or(Draft::Nowhere, Draft::Unnamed),
        }
    }

    /// Keeps a draft that is written, unless it is a web page: then what was kept stays.
    pub(super) fn keep(
        &self,
        key: &str,
        draft: Draft,
        body: Vec<u8>,
        validators: Validators,
        now: Timestamp,
    ) -> Text {
        let mut file = match draft {
            Draft::Nowhere => return Text::Memory(body.into()),
            Draft::Unnamed(file) => return Text::File(Arc::new(file), HEAD as u64),
            Draft::Named(file) => file,
        };
        let finished = finish(&mut file, validators, now).is_ok_and(|()| !is_page(file.as_file()));
        let file = match self.path(key).filter(|_| finished) {
            Some(path) => file.persist(path).unwrap_or_else(|error| error.file.into_file()),
            None => file.into_file(),
        };
        if let Some(directory) = &self.settings.directory {
            bound(directory, SUFFIX, self.settings.max_bytes);
        }
        Text::File(Arc::new(file), HEAD as u64)
    }

    /// The server said that a kept index is still the same.
    pub(super) fn confirm(&self, key: &str, now: Timestamp) {
        if let Some(path) = self.path(key) {
            let touched = File::options()
                .append(true)
                .open(path)
                .and_then(|file| file.set_modified(SystemTime::from(now)));
            // Then it is asked for again the next time.
            drop(touched);
        }
    }

    /// Forgets an index that turned out to be none.
    pub(super) fn forget(&self, key: &str) {
        if let Some(path) = self.path(key) {
            drop(std::fs::remove_file(path));
        }
    }
}

impl Draft {
    fn sink(&self) -> Option<Sink> {
        let file = match self {
            Self::Named(file) => file.as_file().try_clone(),
            Self::Unnamed(file) => file.try_clone(),
            Self::Nowhere => return None,
        };
        Some(Sink::new(file.ok()?, HEAD as u64))
    }
}

/// Writes the first line and the time.
fn finish(file: &mut NamedTempFile, validators: Validators, now: Timestamp) -> io::Result<()> {
    let length = file.as_file().metadata()?.len().saturating_sub(HEAD as u64);
    let line = |validators| -> io::Result<String> {
        let head = serde_json::to_string(&Head { format: FORMAT, length, validators })?;
        Ok(format!("{MARK}{head}"))
    };
    let mut text = line(validators)?;
    if text.len() >= HEAD {
        text = line(Validators::default())?;
    }
    let text = format!("{text:<width$}\n", width = HEAD - 1);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_modified(SystemTime::from(now))
}

/// Whether somebody else answered, who wants a name and a password for instance.
fn is_page(file: &File) -> bool {
    file.try_clone().is_ok_and(|file| {
        let text = Text::File(Arc::new(file), HEAD as u64);
        text.first_byte().is_ok_and(|first| first == Some(b'<'))
    })
}

fn warn(directory: &Path, error: &io::Error) {
    tracing::warn!(directory = %directory.display(), %error, "cache cannot be written");
}
