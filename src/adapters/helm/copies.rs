//! Copies of the files with values that helm is handed. They lie on a disk only while a helm runs, and
//! helm calls them by names of its own in its messages: the user is told the names that he gave.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use secrecy::{ExposeSecret, SecretSlice};

use crate::adapters::temporary::TemporaryDirectory;

/// What stands in an argument for the directory of the copies. No argument of a user can hold it.
const PLACE: u8 = 0;

/// Copies of files, each with what the user calls it.
#[derive(Debug, Clone, Default)]
pub struct Copies {
    files: Vec<(String, Arc<SecretSlice<u8>>)>,
    /// The directory in which they lie, while somebody needs them.
    lent: Arc<Mutex<Weak<TemporaryDirectory>>>,
}

impl Copies {
    /// Keeps a copy of what the user calls `name`. What is given stands for its path in an argument.
    pub fn keep(&mut self, name: &str, bytes: Vec<u8>) -> OsString {
        let place = format!("{}{}.yaml", char::from(PLACE), self.files.len());
        self.files.push((name.to_owned(), Arc::new(bytes.into())));
        // What lies there by now is less than this.
        self.lent = Arc::default();
        place.into()
    }

    /// Writes the copies down, in a directory that only its owner can look into, where one of these
    /// arguments is about one.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn lend(&self, arguments: &[OsString]) -> io::Result<Lent<'_>> {
        if !arguments.iter().any(|argument| argument.as_encoded_bytes().contains(&PLACE)) {
            return Ok(Lent { files: &[], directory: None });
        }
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = if let Some(directory) = lent.upgrade() {
            directory
        } else {
            let new = Arc::new(TemporaryDirectory::new("safe-update-values.")?);
            for (number, (_, bytes)) in self.files.iter().enumerate() {
                std::fs::write(new.path().join(format!("{number}.yaml")), bytes.expose_secret())?;
            }
            *lent = Arc::downgrade(&new);
            new
        };
        Ok(Lent { files: &self.files, directory: Some(directory) })
    }
}

/// Copies that were written down. They go when this goes, with the last that needs them.
pub struct Lent<'a> {
    files: &'a [(String, Arc<SecretSlice<u8>>)],
    directory: Option<Arc<TemporaryDirectory>>,
}

impl Lent<'_> {
    /// An argument with the path of a copy, where it is about one.
    pub fn place(&self, argument: &OsStr) -> OsString {
        let text = argument.to_str().and_then(|text| text.split_once(char::from(PLACE)));
        let (Some((flag, file)), Some(directory)) = (text, &self.directory) else {
            return argument.to_owned();
        };
        let mut placed = OsString::from(flag);
        placed.push(directory.path().join(file));
        placed
    }

    /// A message with the user's own names in it.
    pub fn named(&self, mut text: String) -> String {
        for (number, (name, _)) in self.files.iter().enumerate() {
            let Some(path) = self.path(number) else { continue };
            let path = path.display().to_string();
            if text.contains(&path) {
                text = text.replace(&path, name);
            }
        }
        text
    }

    fn path(&self, number: usize) -> Option<PathBuf> {
        Some(self.directory.as_ref()?.path().join(format!("{number}.yaml")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_lies_there_while_it_is_lent_and_is_called_by_the_name_of_its_file() {
        let mut copies = Copies::default();
        let lent = copies.lend(&[]).expect("nothing to write");
        assert_eq!(lent.place(OsStr::new("--set=a=1")), "--set=a=1");
        assert_eq!(lent.named("nothing was kept".into()), "nothing was kept");
        drop(lent);
        let mut argument = OsString::from("--values=");
        argument.push(copies.keep("prod.yaml", b"a: 1".to_vec()));
        copies.keep("standard input", b"b: [".to_vec());

        let others = copies.lend(&["version".into()]).expect("nothing to write");
        assert!(others.directory.is_none(), "nobody asks for them");
        let wanted = [argument.clone()];
        let first = copies.lend(&wanted).expect("they can be written");
        let placed = first.place(&argument).into_string().expect("a path");
        let path = PathBuf::from(placed.strip_prefix("--values=").expect("the flag"));
        assert_eq!(std::fs::read(&path).expect("it is there"), b"a: 1");
        let other = first.path(1).expect("a second");
        let said = format!("failed to parse {}: line 1", other.display());
        assert_eq!(first.named(said), "failed to parse standard input: line 1");

        let second = copies.lend(&wanted).expect("they are there");
        assert_eq!(second.place(&argument).to_str(), Some(placed.as_str()));
        drop(first);
        assert!(path.exists(), "another still needs it");
        drop(second);
        assert!(!path.exists());
        assert!(!format!("{copies:?}").contains("97"), "it shows what it holds");
    }
}
