//! Which face was invoked, and what its help calls itself.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, Command};

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

    /// The program as this face has it. A user of Helm may have no kubectl, and a release is what he
    /// names first.
    pub fn dress(&self, program: Command) -> Command {
        let program = program.bin_name(&self.name);
        if !self.is_helm {
            return program;
        }
        let name = &self.name;
        program
            .override_usage(format!(
                "{name} [RELEASE [CHART]] [FLAGS]\n       {name} <COMMAND> [FLAGS]"
            ))
            .after_help(format!(
                "Examples:
  {name}                         what the releases of the namespace could move to
  {name} shop                    one release, looked at, verified, put back if it fails
  {name} shop stable/shop        the same, with the place of its chart
  {name} plan -A --only helm     the releases of all namespaces
  {name} shop --help             the flags of an upgrade"
            ))
    }
}

/// On the Helm face the first word that is no flag is a verb or a release: `helm safe-upgrade shop`
/// is `upgrade shop`, and nothing at all is `upgrade` too, which plans the releases. A release with the
/// name of a verb is written `release/plan`. Behind flags of `upgrade` a verb stays one, so that it is
/// told where its flags belong, and is not taken for a release.
pub fn for_helm(mut arguments: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let is_flag = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    // What a flag of all verbs, or of `upgrade`, takes as its value is neither.
    let of_upgrade = command.find_subcommand("upgrade");
    let known = || {
        let more = of_upgrade.into_iter().flat_map(Command::get_arguments);
        command.get_arguments().chain(more)
    };
    let takes_the_next = |word: &OsString| {
        let text = word.to_string_lossy();
        let flag = |argument: &&Arg| match text.strip_prefix("--") {
            Some(long) => argument.get_long() == Some(long),
            None => argument.get_short().is_some_and(|short| text == format!("-{short}")),
        };
        known().find(flag).is_some_and(|argument| {
            argument.get_action().takes_values() && !argument.is_require_equals_set()
        })
    };
    let asks =
        |word: &OsString| ["-h", "--help", "-V", "--version"].iter().any(|known| *word == **known);
    let mut words = arguments.iter().skip(1);
    let mut first = None;
    while let Some(word) = words.next() {
        if !is_flag(word) {
            first = Some(word);
            break;
        }
        if takes_the_next(word) {
            words.next();
        }
    }
    let is_verb =
        first.is_some_and(|word| command.get_subcommands().any(|verb| *word == *verb.get_name()));
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
        let flag = |name: &'static str| Arg::new(name).long(name).global(true);
        let command = Command::new("x")
            .arg(flag("color"))
            .arg(flag("config").short('c'))
            .arg(flag("quiet").action(clap::ArgAction::SetTrue))
            .subcommands(["plan", "apply"].map(Command::new))
            .subcommand(Command::new("upgrade").arg(Arg::new("soak").long("soak")));
        for (typed, meant) in [
            (&["x"][..], &["x", "upgrade"][..]),
            (&["x", "shop"], &["x", "upgrade", "shop"]),
            (&["x", "--yes", "shop"], &["x", "upgrade", "--yes", "shop"]),
            (&["x", "plan", "-A"], &["x", "plan", "-A"]),
            (&["x", "release/plan"], &["x", "upgrade", "release/plan"]),
            (&["x", "--help"], &["x", "--help"]),
            (&["x", "shop", "--help"], &["x", "upgrade", "shop", "--help"]),
            (&["x", "-o", "json"], &["x", "upgrade", "-o", "json"]),
            (&["x", "--color", "never", "plan"], &["x", "--color", "never", "plan"]),
            (&["x", "-c", "plan", "plan"], &["x", "-c", "plan", "plan"]),
            (&["x", "-c", "plan"], &["x", "upgrade", "-c", "plan"]),
            (&["x", "--color=never", "plan"], &["x", "--color=never", "plan"]),
            (&["x", "--quiet", "plan"], &["x", "--quiet", "plan"]),
            (&["x", "--soak", "0s", "plan"], &["x", "--soak", "0s", "plan"]),
            (&["x", "--soak", "plan", "shop"], &["x", "upgrade", "--soak", "plan", "shop"]),
            (&["x", "--quiet", "shop", "plan"], &["x", "upgrade", "--quiet", "shop", "plan"]),
        ] {
            let typed = typed.iter().map(OsString::from).collect();
            assert_eq!(for_helm(typed, &command), meant);
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
