//! Copies of the files with values that helm is handed. It calls them by their own names in its
//! messages; the user is told the names that he gave.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::adapters::temporary::TemporaryDirectory;

/// Copies in a directory that only its owner can look into. They go when nobody needs them any more.
#[derive(Debug, Clone, Default)]
pub struct Copies {
    directory: Option<Arc<TemporaryDirectory>>,
    /// Each path, and what the user calls it.
    names: Vec<(String, String)>,
}

impl Copies {
    /// Keeps a copy of what the user calls `name`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let directory = if let Some(directory) = &self.directory {
            Arc::clone(directory)
        } else {
            let new = TemporaryDirectory::new("safe-update-values.")?;
            Arc::clone(self.directory.insert(Arc::new(new)))
        };
        let path = directory.path().join(format!("{}.yaml", self.names.len()));
        std::fs::write(&path, bytes)?;
        self.names.push((path.display().to_string(), name.to_owned()));
        Ok(path)
    }

    /// A message with the user's own names in it.
    pub fn named(&self, mut text: String) -> String {
        for (path, name) in &self.names {
            if text.contains(path) {
                text = text.replace(path, name);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_called_by_the_name_of_its_file() {
        let mut copies = Copies::default();
        assert_eq!(copies.named("nothing was kept".into()), "nothing was kept");
        let first = copies.keep("prod.yaml", b"a: 1").expect("a copy");
        let second = copies.keep("standard input", b"b: [").expect("a copy");
        assert_eq!(std::fs::read(&first).expect("it is there"), b"a: 1");
        let said = format!("failed to parse {}: line 1", second.display());
        assert_eq!(copies.named(said), "failed to parse standard input: line 1");
        let other = copies.clone();
        drop(copies);
        assert!(first.exists(), "another still needs it");
        drop(other);
        assert!(!first.exists());
    }
}
