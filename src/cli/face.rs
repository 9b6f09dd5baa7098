//! Which face was invoked, and what its help calls itself.

use std::ffi::OsString;
use std::path::Path;

/// How the program was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// What the user typed, as help and hints repeat it: `kubectl safe-update`.
    pub name: String,
}

impl Face {
    /// Reads the name under which the program was started. kubectl starts a plugin by the path of
    /// the file it found, so the link's own name counts, never what it points to.
    pub fn of(program: Option<&OsString>) -> Self {
        let file = program
            .map(Path::new)
            .and_then(Path::file_stem)
            .map_or_else(|| "safe-update".into(), |stem| stem.to_string_lossy().into_owned());
        let name = match file.strip_prefix("kubectl-") {
            Some(plugin) => format!("kubectl {}", plugin.replace('_', "-")),
            None => file,
        };
        Self { name }
    }
}

/// Rewrites `-v 4`, which kubectl takes, to `-v=4`.
pub fn normalise(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut normal: Vec<OsString> = Vec::new();
    let mut ended = false;
    for argument in arguments {
        let digits = argument
            .to_str()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        match (normal.last_mut(), digits) {
            (Some(last), Some(level)) if !ended && (last == "-v" || last == "--v") => {
                last.push("=");
                last.push(level);
            }
            _ => {
                ended |= argument == "--";
                normal.push(argument);
            }
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_the_user_typed() {
        for (program, name) in [
            ("/home/a/.krew/bin/kubectl-safe_update", "kubectl safe-update"),
            ("kubectl-safe_update.exe", "kubectl safe-update"),
            ("./safe-update", "safe-update"),
        ] {
            assert_eq!(Face::of(Some(&program.into())).name, name);
        }
        assert_eq!(Face::of(None).name, "safe-update");
    }

    #[test]
    fn a_level_after_a_space_belongs_to_the_flag() {
        let normal = |arguments: &[&str]| normalise(arguments.iter().map(OsString::from));
        assert_eq!(normal(&["x", "plan", "-v", "4", "-A"]), ["x", "plan", "-v=4", "-A"]);
        assert_eq!(normal(&["x", "plan", "-v", "-A"]), ["x", "plan", "-v", "-A"]);
        assert_eq!(normal(&["x", "--", "-v", "4"]), ["x", "--", "-v", "4"]);
    }
}
