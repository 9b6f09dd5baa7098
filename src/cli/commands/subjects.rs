//! What `apply` and `approve` are about: a plan file, or targets with or without a version.

use std::path::{Path, PathBuf};

use crate::actions::plan::NamedVersion;
use crate::cli::error::CommandError;
use crate::domain::image::Tag;
use crate::domain::inventory::Kind;
use crate::domain::target::TargetName;

/// What was named.
#[derive(Debug, Default)]
pub struct Subjects {
    /// A saved plan.
    pub file: Option<PathBuf>,
    /// Targets as they were written, without their versions.
    pub targets: Vec<String>,
    /// Those that were named with a version.
    pub versions: Vec<NamedVersion>,
}

impl Subjects {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What is neither, or both at once.
    pub fn read(subjects: &[String]) -> Result<Self, CommandError> {
        let mut read = Self::default();
        for subject in subjects {
            if is_plan_file(subject) {
                if subjects.len() > 1 {
                    return Err(CommandError::usage_message(format!(
                        "{subject} is a plan file, which stands alone"
                    ))
                    .hint("name one plan file, or targets"));
                }
                read.file = Some(PathBuf::from(subject));
                continue;
            }
            let (target, version) = match subject.split_once('=') {
                Some((target, version)) => (target, Some(version)),
                None => (subject.as_str(), None),
            };
            let name: TargetName = target.parse().map_err(|error| {
                CommandError::usage(error).hint(
                    "`plan -o name` prints names; a plan file is one that `plan --out` wrote and ends in .json",
                )
            })?;
            if let Some(version) = version {
                let version = match name.kind {
                    // As tags name them; a version of a chart has no underscore of its own.
                    Kind::Release => version.replace('+', "_"),
                    _ => version.to_owned(),
                };
                let tag: Tag = version.parse().map_err(|error| {
                    CommandError::usage(anyhow::Error::new(error).context(subject.clone()))
                })?;
                read.versions.push(NamedVersion { target: name, tag });
            }
            let again = read.targets.iter().any(|known| known == target);
            if again && version.is_some() {
                return Err(CommandError::usage_message(format!("{target} is named twice"))
                    .hint("name one version of it"));
            }
            read.targets.push(target.to_owned());
        }
        Ok(read)
    }

    /// Whether single things were named.
    pub fn is_named(&self) -> bool {
        self.file.is_some() || !self.targets.is_empty()
    }
}

/// No target ends so, or is a path.
fn is_plan_file(subject: &str) -> bool {
    let json = Path::new(subject).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    (json && !TargetName::is_meant(subject)) || subject.starts_with(['.', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_targets_are_told_apart() {
        let read = |subjects: &[&str]| {
            let subjects: Vec<String> = subjects.iter().map(|&each| each.into()).collect();
            Subjects::read(&subjects).map_err(|error| error.error.to_string())
        };
        let plan = read(&["plan.json"]).expect("a file");
        assert_eq!(plan.file, Some("plan.json".into()));
        assert_eq!(read(&["./plan"]).expect("a file").file, Some("./plan".into()));
        let targets = read(&["deploy/web=2.0.0", "prod/sts/db:postgres"]).expect("targets");
        assert_eq!(targets.targets, ["deploy/web", "prod/sts/db:postgres"]);
        assert_eq!(targets.versions.len(), 1);
        assert_eq!(targets.versions[0].tag.as_str(), "2.0.0");
        // A directory of the name of a namespace is no plan file, and a path is no target.
        assert_eq!(read(&["/plans/a"]).expect("a file").file, Some("/plans/a".into()));
        assert_eq!(read(&["PLAN.JSON"]).expect("a file").file, Some("PLAN.JSON".into()));
        assert_eq!(read(&["prod/deploy/app.json"]).expect("a target").file, None);
        let named = read(&["ns/deploy/web:main=1.2.3-alpine"]).expect("a target");
        assert_eq!(named.targets, ["ns/deploy/web:main"]);
        assert!(named.is_named() && plan.is_named());
        assert!(!read(&[]).expect("nothing").is_named());
        for wrong in [&["plan.json", "deploy/web"][..], &["nginx"], &["deploy/web=a b"], &[""]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
