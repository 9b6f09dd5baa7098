//! Which face was invoked, and what its help calls itself.

use std::ffi::OsString;
use std::path::Path;

/// The name of the plugin in helm.
const HELM_PLUGIN: &str = "safe-upgrade";

/// How the program was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// What the user typed, as help and hints repeat it: `kubectl safe-update`.
    pub name: String,
    /// helm started it, as its plugin.
    pub is_helm: bool,
}

impl Face {
    /// Reads the name under which the program was started. kubectl starts a plugin by the path of
    /// the file it found, so the link's own name counts, never what it points to.
    pub fn of(program: Option<&OsString>, plugin: Option<&OsString>) -> Self {
        // helm says who it starts; a plugin of another name that calls us is no face of ours.
        if plugin.is_some_and(|plugin| plugin == HELM_PLUGIN) {
            return Self { name: format!("helm {HELM_PLUGIN}"), is_helm: true };
        }
        let file = program
            .map(Path::new)
            .and_then(Path::file_stem)
            .map_or_else(|| "safe-update".into(), |stem| stem.to_string_lossy().into_owned());
        let name = match file.strip_prefix("kubectl-") {
            Some(plugin) => format!("kubectl {}", plugin.replace('_', "-")),
            None => file,
        };
        Self { name, is_helm: false }
    }
}

/// On the Helm face the first word that is no flag is a verb or a release: `helm safe-upgrade shop`
/// is `upgrade shop`, and nothing at all is `upgrade` too, which plans the releases. `verbs` are the
/// words that are verbs; a release of such a name is written `release/plan`.
pub fn for_helm(mut arguments: Vec<OsString>, verbs: &[String]) -> Vec<OsString> {
    let is_flag = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let asks =
        |word: &OsString| ["-h", "--help", "-V", "--version"].iter().any(|known| *word == **known);
    // A flag may come first, and its value then looks like a word; helm's own flags are gone.
    let first = arguments.iter().skip(1).find(|word| !is_flag(word));
    let is_verb = first.is_some_and(|word| verbs.iter().any(|verb| *word == **verb));
    let only_asks = first.is_none() && arguments.iter().skip(1).any(asks);
    if !is_verb && !only_asks && !arguments.is_empty() {
        arguments.insert(1, "upgrade".into());
    }
    arguments
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
            assert_eq!(Face::of(Some(&program.into()), None).name, name);
            // A plugin of another name runs us.
            let other = "diff".into();
            assert_eq!(Face::of(Some(&program.into()), Some(&other)).name, name);
        }
        assert_eq!(Face::of(None, None).name, "safe-update");
        let helm = Face::of(Some(&"/x/safe-update".into()), Some(&"safe-upgrade".into()));
        assert_eq!((helm.name.as_str(), helm.is_helm), ("helm safe-upgrade", true));
    }

    #[test]
    fn a_release_needs_no_verb_under_helm() {
        let verbs = ["plan", "apply", "upgrade"].map(str::to_owned);
        for (typed, meant) in [
            (&["x"][..], &["x", "upgrade"][..]),
            (&["x", "shop"], &["x", "upgrade", "shop"]),
            (&["x", "--yes", "shop"], &["x", "upgrade", "--yes", "shop"]),
            (&["x", "plan", "-A"], &["x", "plan", "-A"]),
            (&["x", "release/plan"], &["x", "upgrade", "release/plan"]),
            (&["x", "--help"], &["x", "--help"]),
            (&["x", "shop", "--help"], &["x", "upgrade", "shop", "--help"]),
            (&["x", "-o", "json"], &["x", "upgrade", "-o", "json"]),
        ] {
            let typed = typed.iter().map(OsString::from).collect();
            assert_eq!(for_helm(typed, &verbs), meant);
        }
    }

    #[test]
    fn a_level_after_a_space_belongs_to_the_flag() {
        let normal = |arguments: &[&str]| normalise(arguments.iter().map(OsString::from));
        assert_eq!(normal(&["x", "plan", "-v", "4", "-A"]), ["x", "plan", "-v=4", "-A"]);
        assert_eq!(normal(&["x", "plan", "-v", "-A"]), ["x", "plan", "-v", "-A"]);
        assert_eq!(normal(&["x", "--", "-v", "4"]), ["x", "--", "-v", "4"]);
    }
}
