//! The plugin helm-diff, where it is installed: people know its output, and have set it up as they
//! like it. Its documented interface is all that is relied on: `helm diff upgrade`, whose
//! `--detailed-exitcode` ends with 0 (nothing differs), 2 (something does) or 1 (it failed).

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::process::{Call, Helm, HelmError};
use super::words::masked;
use crate::domain::text::is_steering;

/// How long it may take.
const DEADLINE: Duration = Duration::from_mins(2);

/// What helm-diff is told.
#[derive(Debug, Clone, Copy)]
pub struct DiffCall<'a> {
    /// The namespace of the release.
    pub namespace: &'a str,
    /// The release.
    pub release: &'a str,
    /// The chart, on this machine.
    pub chart: &'a Path,
    /// How values are made.
    pub values: &'a [OsString],
    /// Lines around a change; none for all.
    pub context: Option<usize>,
    /// What must not be shown.
    pub secrets: &'a [SecretString],
}

impl DiffCall<'_> {
    /// The command line.
    fn arguments(&self) -> Vec<OsString> {
        // Its --context are lines, and -1 means all.
        let context = self.context.map_or_else(|| "-1".to_owned(), |lines| lines.to_string());
        let mut arguments: Vec<OsString> = vec![
            "diff".into(),
            "upgrade".into(),
            "--namespace".into(),
            self.namespace.into(),
            "--detailed-exitcode".into(),
            // The server answers what templates look up, as it does in the upgrade.
            "--dry-run=server".into(),
            format!("--context={context}").into(),
            // Where no colour is wanted, it is taken out on the way to the terminal.
            "--color".into(),
        ];
        arguments.extend(self.values.iter().cloned());
        arguments.push(self.release.into());
        arguments.push(self.chart.into());
        arguments
    }
}

/// Whether a directory of plugins has helm-diff in it. Which plugin a folder holds, its `plugin.yaml`
/// says; the folder is named as its source was.
pub fn is_installed(plugins: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(plugins) else { return false };
    entries.flatten().any(|entry| {
        let text = std::fs::read_to_string(entry.path().join("plugin.yaml"));
        text.is_ok_and(|text| text.lines().any(is_its_name))
    })
}

fn is_its_name(line: &str) -> bool {
    let value = line.strip_prefix("name:").map(str::trim);
    value.is_some_and(|value| value.trim_matches(['"', '\'']) == "diff")
}

impl Helm {
    /// What helm-diff says; none where nothing differs.
    ///
    /// # Errors
    /// It failed.
    pub async fn plugin_diff(&self, diff: &DiffCall<'_>) -> Result<Option<String>, HelmError> {
        let call = Call {
            arguments: diff.arguments(),
            namespace: Some(diff.namespace),
            deadline: DEADLINE,
            secrets: diff.secrets,
            success: &[0, 2],
            ..Call::default()
        };
        let printed = self.run(&call).await?;
        let text = tame(&masked(&String::from_utf8_lossy(&printed.stdout), diff.secrets));
        Ok((printed.code == 2 && !text.trim().is_empty()).then_some(text))
    }
}

/// Colours stay, and nothing else that steers a terminal: what is shown comes from charts.
fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| is_steering(c) && c != '\n' && c != '\t') {
        tame.push_str(&rest[..at]);
        rest = &rest[at..];
        let colour = colour(rest);
        if colour > 0 {
            tame.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        let mut characters = rest.chars();
        if let Some(control) = characters.next() {
            tame.extend(control.escape_unicode());
        }
        rest = characters.as_str();
    }
    tame.push_str(rest);
    tame
}

/// The length of a colour at the beginning of a text: `ESC [ digits and ; m`.
fn colour(text: &str) -> usize {
    let Some(body) = text.strip_prefix("\u{1b}[") else { return 0 };
    let digits = body.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    if body.as_bytes().get(digits) == Some(&b'm') { digits + 3 } else { 0 }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::process::HelmSettings;
    use super::*;

    fn diff(values: &[OsString], context: Option<usize>) -> DiffCall<'_> {
        DiffCall {
            namespace: "prod",
            release: "shop",
            chart: Path::new("/tmp/shop-1.2.0.tgz"),
            values,
            context,
            secrets: &[],
        }
    }

    #[test]
    fn it_is_told_in_its_own_words() {
        let values = ["--reset-then-reuse-values".into(), "--set=a=b".into()];
        assert_eq!(
            diff(&values, Some(3)).arguments(),
            [
                "diff",
                "upgrade",
                "--namespace",
                "prod",
                "--detailed-exitcode",
                "--dry-run=server",
                "--context=3",
                "--color",
                "--reset-then-reuse-values",
                "--set=a=b",
                "shop",
                "/tmp/shop-1.2.0.tgz"
            ]
        );
        assert!(diff(&[], None).arguments().contains(&"--context=-1".into()));
    }

    #[test]
    fn a_plugin_is_known_by_the_name_that_it_gives_itself() {
        let plugins = tempfile::tempdir().expect("a directory");
        assert!(!is_installed(plugins.path()));
        for (folder, yaml) in [("diff", "name: \"secrets\"\n"), ("helm-diff.git", "")] {
            std::fs::create_dir(plugins.path().join(folder)).expect("a directory");
            std::fs::write(plugins.path().join(folder).join("plugin.yaml"), yaml).expect("a file");
        }
        assert!(!is_installed(plugins.path()));
        let yaml = plugins.path().join("helm-diff.git/plugin.yaml");
        std::fs::write(yaml, "name: \"diff\"\nversion: \"3.15.11\"\n").expect("a file");
        assert!(is_installed(plugins.path()));
        assert!(!is_installed(Path::new("/no/such/directory")));
    }

    #[tokio::test]
    async fn its_exit_codes_are_understood() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = directory.path().join("helm");
        let script = r#"#!/bin/sh
            [ "$1" = version ] && { echo v4.3.1; exit; }
            case "$*" in *same*) exit 0;; *broken*) echo "Error: no such chart" >&2; exit 1;; esac
            printf 'changed \033[33myellow\033[0m \033]8;;evil \342\200\256turned\n'; exit 2"#;
        std::fs::write(&program, script).expect("a file");
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).expect("a mode");
        let settings = HelmSettings { program: Some(program.into()), ..HelmSettings::default() };
        let helm = Helm::find(settings).await.expect("new enough");
        let of = async |release: &str| {
            helm.plugin_diff(&DiffCall { release, ..diff(&[], Some(3)) }).await
        };
        assert_eq!(of("same").await, Ok(None));
        let error = of("broken").await.expect_err("it fails");
        assert_eq!(error.to_string(), "helm diff: no such chart");
        let text = of("shop").await.expect("it works").expect("something differs");
        assert_eq!(text, "changed \u{1b}[33myellow\u{1b}[0m \\u{1b}]8;;evil \\u{202e}turned\n");
    }
}
