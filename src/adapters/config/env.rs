//! `SAFE_UPDATE_*` variables: those of the environment, then those of a `.env` in the working
//! directory. A `.env` comes with a checkout, so only names that the caller allows are taken, and
//! nothing in it is replaced by other variables: a value could otherwise carry a secret of the
//! environment into a message.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::{ConfigError, ConfigErrors};
use crate::adapters::yaml::known_words;

/// Every variable of ours begins so.
const PREFIX: &str = "SAFE_UPDATE_";
/// Stands for `$` while dotenvy reads; a private-use character.
const DOLLAR: &str = "\u{f8ff}";
/// A `.env` is small.
const SIZE_MAX: u64 = 1024 * 1024;
/// What only the environment may say.
const ENVIRONMENT_ONLY: [&str; 3] = ["SAFE_UPDATE_HOME", "SAFE_UPDATE_CACHE", "SAFE_UPDATE_CONFIG"];

/// The variables that stand in for a top-level setting of the policy file.
pub const POLICY_VARIABLES: [&str; 6] = [
    "SAFE_UPDATE_ACTIONS",
    "SAFE_UPDATE_ANNOTATIONS",
    "SAFE_UPDATE_MINIMUM_AGE",
    "SAFE_UPDATE_PIN",
    "SAFE_UPDATE_ROLLBACK",
    "SAFE_UPDATE_SOAK",
];

/// The environment of the process, as the caller read it.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl std::fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Environment {
    /// The value of a variable; none when it is unset, empty, or no Unicode.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name).and_then(OsStr::to_str)
    }

    /// The path in a variable; none when it is unset or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get_os(name).map(PathBuf::from)
    }

    fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }
}

/// A `SAFE_UPDATE_*` variable and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value, never empty.
    pub value: String,
    /// Where it came from.
    pub source: VariableSource,
}

/// Where a variable came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableSource {
    /// The environment of the process.
    Environment,
    /// A `.env` file.
    DotEnv {
        /// Its path.
        path: PathBuf,
        /// The line.
        line: u32,
    },
}

/// The `SAFE_UPDATE_*` variables of a run.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, Variable>);

impl Variables {
    /// Reads those of the environment, and below them those of `.env` in a directory, where there
    /// is one. Besides [`POLICY_VARIABLES`] the file may set the names in `allowed`; another name
    /// of ours is an error, names of others are not looked at.
    ///
    /// # Errors
    /// Everything that is wrong with the file, by line.
    pub fn read(
        environment: &Environment,
        directory: &Path,
        allowed: &[&str],
    ) -> Result<Self, ConfigErrors> {
        let mut variables = Self::dot_env(&directory.join(".env"), allowed)?;
        for (name, value) in &environment.0 {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if let Some(value) = value.to_str().filter(|value| !value.is_empty()) {
                let source = VariableSource::Environment;
                let variable = Variable { value: value.to_owned(), source };
                variables.0.insert(name.to_owned(), variable);
            }
        }
        Ok(variables)
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.0.get(name)
    }

    /// The names that begin like ours and are not among the known ones: slips, most likely.
    pub fn unknown<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.0.keys().map(String::as_str).filter(move |name| {
            !known.contains(name)
                && !POLICY_VARIABLES.contains(name)
                && !ENVIRONMENT_ONLY.contains(name)
        })
    }

    fn dot_env(path: &Path, allowed: &[&str]) -> Result<Self, ConfigErrors> {
        let file = path.display().to_string();
        let text = match super::find::read_text(path, SIZE_MAX) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let mut variables = BTreeMap::new();
        let mut errors = Vec::new();
        let at = |line: u32, message: String| ConfigError {
            line: Some(line),
            ..ConfigError::whole(file.clone(), message)
        };
        let line = Rc::new(Cell::new(0));
        let lines = Lines { text: without_substitution(&text), line: Rc::clone(&line), read: 0 };
        for entry in dotenvy::from_read_iter(lines) {
            let line = line.get();
            match entry {
                Ok((name, value)) if name.starts_with(PREFIX) => {
                    let name = name.as_str();
                    if !allowed.contains(&name) && !POLICY_VARIABLES.contains(&name) {
                        errors.push(refused(at(line, String::new()), name, allowed));
                    } else if !value.is_empty() {
                        let source = VariableSource::DotEnv { path: path.to_owned(), line };
                        let value = value.replace(DOLLAR, "$");
                        variables.insert(name.to_owned(), Variable { value, source });
                    }
                }
                Ok(_) => {}
                // The text of the line stays out of the message: it may hold a secret.
                Err(_) => errors.push(
                    at(line, "the line cannot be read".into())
                        .hint("write NAME=value; put the value in quotes if it has spaces"),
                ),
            }
        }
        if errors.is_empty() { Ok(Self(variables)) } else { Err(ConfigErrors(errors)) }
    }
}

fn refused(mut error: ConfigError, name: &str, allowed: &[&str]) -> ConfigError {
    if ENVIRONMENT_ONLY.contains(&name) {
        error.message = format!("{name} may not be set by a .env file");
        return error.hint("set it in the environment");
    }
    let known: Vec<&str> = allowed.iter().chain(&POLICY_VARIABLES).copied().collect();
    error.message = format!("{name} is no variable that a .env file may set");
    error.hint(known_words(name, &known))
}

/// Hides every `$` from dotenvy, which would put variables of the process in its place.
fn without_substitution(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut hidden = String::with_capacity(text.len());
    let mut escaped = false;
    for character in text.chars() {
        if character == '$' {
            // `\$` is a dollar as well, and dotenvy knows no escape for what stands in for it.
            if escaped {
                hidden.pop();
            }
            hidden.push_str(DOLLAR);
        } else {
            hidden.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    hidden
}

/// Gives one line a call, so that the number of the line that was read last is known.
struct Lines {
    text: String,
    line: Rc<Cell<u32>>,
    read: usize,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.text.as_bytes()[self.read..];
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let size = end.min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        self.read += size;
        if size > 0 && size == end {
            self.line.set(self.line.get() + 1);
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Variables, ConfigErrors> {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join(".env"), text).expect("a file");
        let environment = environment.iter().copied().collect();
        Variables::read(&environment, folder.path(), &["SAFE_UPDATE_LEVEL"])
    }

    fn value(variables: &Variables, name: &str) -> Option<String> {
        variables.get(name).map(|variable| variable.value.clone())
    }

    #[test]
    fn the_environment_beats_the_file() {
        let text = "SAFE_UPDATE_LEVEL=patch\nSAFE_UPDATE_PIN='always' # so\nOTHER=1\n";
        let variables = read(text, &[("SAFE_UPDATE_LEVEL", "minor"), ("HOME", "/root")]);
        let variables = variables.expect("variables");
        assert_eq!(value(&variables, "SAFE_UPDATE_LEVEL").as_deref(), Some("minor"));
        let pin = variables.get("SAFE_UPDATE_PIN").expect("a variable");
        assert_eq!(pin.value, "always");
        assert!(matches!(pin.source, VariableSource::DotEnv { line: 2, .. }));
        assert_eq!(value(&variables, "OTHER"), None);
        assert_eq!(value(&variables, "HOME"), None);
    }

    #[test]
    fn empty_counts_as_unset() {
        let variables = read("SAFE_UPDATE_LEVEL=patch\n", &[("SAFE_UPDATE_LEVEL", "")]);
        let variables = variables.expect("variables");
        assert_eq!(value(&variables, "SAFE_UPDATE_LEVEL").as_deref(), Some("patch"));
    }

    #[test]
    fn no_file_is_no_trouble() {
        let folder = tempfile::tempdir().expect("a directory");
        assert!(Variables::read(&Environment::default(), folder.path(), &[]).is_ok());
    }

    #[test]
    fn what_a_file_may_not_set_is_refused_with_its_line() {
        let text = "\n# c\nSAFE_UPDATE_HOME=/tmp\nSAFE_UPDATE_LEVLE=x\nKEY=\"a\nb\"\n\
                    export SAFE_UPDATE_CONFIG=/x\nSAFE_UPDATE_TOKEN=hush\nnot a line hush\n";
        let errors = read(text, &[]).expect_err("errors");
        let lines: Vec<_> = errors.0.iter().map(|error| error.line).collect();
        assert_eq!(lines, [Some(3), Some(4), Some(7), Some(8), Some(9)]);
        let shown = errors.to_string();
        assert!(shown.contains("did you mean \"SAFE_UPDATE_LEVEL\"?"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn nothing_is_put_in_the_place_of_dollars() {
        for (written, expected) in [
            ("$PATH", "$PATH"),
            ("\"${PATH}\"", "${PATH}"),
            ("'$PATH'", "$PATH"),
            ("a\\$PATH", "a$PATH"),
            ("\"\\\\$PATH\"", "\\$PATH"),
        ] {
            let variables = read(&format!("SAFE_UPDATE_LEVEL={written}\n"), &[]);
            let variables = variables.unwrap_or_else(|errors| panic!("{written}: {errors}"));
            let value = value(&variables, "SAFE_UPDATE_LEVEL");
            assert_eq!(value.as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn slips_in_names_are_found() {
        let variables = read("", &[("SAFE_UPDATE_LEVLE", "x"), ("SAFE_UPDATE_HOME", "/")]);
        let variables = variables.expect("variables");
        let unknown: Vec<_> = variables.unknown(&["SAFE_UPDATE_LEVEL"]).collect();
        assert_eq!(unknown, ["SAFE_UPDATE_LEVLE"]);
        assert!(!format!("{:?}", Environment::from_iter([("A", "hush")])).contains("hush"));
    }
}
