//! From what `-f` names to files and their texts. Directories are searched with all below them.
//! Never follows a link to a directory, never reads more than its limits.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::domain::inventory::Warning;

/// The largest file.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// The most files of one run.
const FILES_MAX: usize = 20_000;
/// Folders deeper than this are not searched.
const DEPTH_MAX: usize = 32;
/// What is read in directories. A file that is named itself may be called as it likes.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// Files that describe something else than objects.
const OTHER_FILES: [&str; 4] =
    ["safe-update.yaml", "kustomization.yaml", "kustomization.yml", "package.json"];

/// Why a path cannot be read, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathError {
    /// The path and what is wrong with it.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

/// The files that paths name, without repetition, directories in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The files.
    pub(super) paths: Vec<PathBuf>,
    /// What was left out and should be known.
    pub(super) warnings: Vec<Warning>,
    seen: HashSet<PathBuf>,
}

impl Files {
    /// Adds a file, or all files of a directory.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), PathError> {
        let shown = path.display();
        let text = path.to_string_lossy();
        if text.starts_with("https://") || text.starts_with("http://") {
            return Err(PathError {
                message: format!("{shown} is a URL"),
                hint: Some(format!("curl -fsSL {shown} | kubectl safe-update plan -f -")),
            });
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.directory(path, 0),
            Ok(_) => self.file(path),
            Err(error) => Err(unreadable(path, &error)),
        }
    }

    fn directory(&mut self, path: &Path, depth: usize) -> Result<(), PathError> {
        if depth > DEPTH_MAX {
            return Err(PathError {
                message: format!("{} lies more than {DEPTH_MAX} folders deep", path.display()),
                hint: Some("name the folder itself with -f".into()),
            });
        }
        let listed = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = listed.map_err(|error| unreadable(path, &error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        if has("Chart.yaml") {
            let object = path.display().to_string();
            self.warnings.push(Warning {
                code: "helm-chart",
                message: format!(
                    "{object} is a Helm chart and was left out; render it first: helm template {object} | kubectl safe-update plan -f -"
                ),
                object: Some(object),
            });
            return Ok(());
        }
        // A registry on disk: thousands of files, none of them a manifest.
        if has("oci-layout") {
            return Ok(());
        }
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if kind.is_dir() {
                self.directory(&path, depth + 1)?;
                continue;
            }
            let wanted = Path::new(&*name)
                .extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|extension| EXTENSIONS.contains(&extension))
                && !OTHER_FILES.contains(&&*name);
            // Links are followed to files only: mounted ConfigMaps consist of such.
            if wanted && (kind.is_file() || (kind.is_symlink() && path.is_file())) {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), PathError> {
        let same = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(same) {
            return Ok(());
        }
        if self.paths.len() >= FILES_MAX {
            return Err(PathError {
                message: format!("more than {FILES_MAX} files"),
                hint: Some("name the folders that hold manifests".into()),
            });
        }
        self.paths.push(path.to_owned());
        Ok(())
    }
}

/// Reads a file whole.
pub(super) fn read_file(path: &Path) -> Result<String, PathError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    read_text(file, &path.display().to_string())
}

/// Reads text of bounded size. A byte order mark is dropped.
pub(super) fn read_text(source: impl Read, name: &str) -> Result<String, PathError> {
    let wrong = |message: String| PathError { message: format!("{name}: {message}"), hint: None };
    let mut bytes = Vec::new();
    source
        .take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(wrong(format!("larger than {} MiB", FILE_MAX / 1024 / 1024)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        PathError {
            message: format!("{name}:{line}: is not UTF-8 text"),
            hint: Some("save the file as UTF-8".into()),
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> PathError {
    let shown = path.display();
    if error.kind() == ErrorKind::NotFound {
        let hint = "check the path; `-f -` reads standard input".to_owned();
        return PathError {
            message: format!("{shown}: no such file or directory"),
            hint: Some(hint),
        };
    }
    PathError { message: format!("{shown}: cannot be read: {error}"), hint: None }
}
