//! What is typed of a target, and how its candidates are written. Pure.
//!
//! ```text
//! ""  "de"             a kind that begins so, in the namespace of the line
//! "deploy/" "deploy/w" that kind
//! "deploy/web:" "…:m"  the containers of that workload
//! "shop/" "shop/d"     a kind in that namespace, and so on
//! ```

use crate::domain::inventory::Kind;
use crate::domain::target::TargetName;

/// What has to be looked up for the word under the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Names of these kinds, each with what stands before the name.
    Names {
        /// The namespace that is typed.
        namespace: Option<String>,
        /// The kinds with the text before the name: `shop/deploy/`.
        kinds: Vec<(Kind, String)>,
    },
    /// The containers of one workload.
    Containers {
        /// The workload.
        target: TargetName,
        /// What stands before the name of a container: `deploy/web:`.
        before: String,
    },
    /// It cannot become a target.
    Nothing,
}

/// The kinds that are offered before one is typed: the others belong to these, or are seldom meant.
const USUAL: [Kind; 5] =
    [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob, Kind::Release];

/// Reads the word under the cursor.
pub(super) fn wanted(partial: &str) -> Wanted {
    let parts: Vec<&str> = partial.split('/').collect();
    match parts[..] {
        [word] => Wanted::Names { namespace: None, kinds: kinds(word, "") },
        [first, rest] => {
            if let Ok(kind) = first.parse::<Kind>() {
                return of_kind(kind, None, first, rest);
            }
            let before = format!("{first}/");
            Wanted::Names { namespace: Some(first.to_owned()), kinds: kinds(rest, &before) }
        }
        [namespace, kind, rest] => match kind.parse::<Kind>() {
            Ok(parsed) => of_kind(parsed, Some(namespace), &format!("{namespace}/{kind}"), rest),
            Err(_) => Wanted::Nothing,
        },
        _ => Wanted::Nothing,
    }
}

fn of_kind(kind: Kind, namespace: Option<&str>, typed: &str, rest: &str) -> Wanted {
    let Some((name, _)) = rest.split_once(':') else {
        return Wanted::Names {
            namespace: namespace.map(str::to_owned),
            kinds: vec![(kind, format!("{typed}/"))],
        };
    };
    let before = format!("{typed}/{name}:");
    match format!("{typed}/{name}").parse() {
        Ok(target) => Wanted::Containers { target, before },
        Err(_) => Wanted::Nothing,
    }
}

/// The kinds whose name begins with a word, written as the word goes on.
fn kinds(word: &str, before: &str) -> Vec<(Kind, String)> {
    let written = |kind: Kind| {
        let long = kind.as_str().to_ascii_lowercase();
        let names = [kind.short(), long.as_str(), kind.plural()];
        names.into_iter().find(|name| name.starts_with(word)).map(|name| format!("{before}{name}/"))
    };
    let known = Kind::ALL.into_iter().chain([Kind::Release]);
    known
        .filter(|kind| !word.is_empty() || USUAL.contains(kind))
        .filter_map(|kind| Some((kind, written(kind)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_says_what_is_looked_up() {
        let told = |partial: &str| match wanted(partial) {
            Wanted::Names { namespace, kinds } => {
                let kinds: Vec<String> = kinds.into_iter().map(|(_, before)| before).collect();
                format!("{}: {}", namespace.unwrap_or_default(), kinds.join(" "))
            }
            Wanted::Containers { target, before } => format!("containers of {target}: {before}"),
            Wanted::Nothing => "nothing".to_owned(),
        };
        for (partial, expected) in [
            ("", ": deploy/ sts/ ds/ cj/ release/"),
            ("d", ": deploy/ ds/"),
            ("deployme", ": deployment/"),
            ("re", ": replicaset/ release/"),
            ("po", ": pod/"),
            ("web", ": "),
            ("deploy/", ": deploy/"),
            ("deployments.apps/we", ": deployments.apps/"),
            ("release/", ": release/"),
            ("shop/", "shop: shop/deploy/ shop/sts/ shop/ds/ shop/cj/ shop/release/"),
            ("shop/st", "shop: shop/sts/"),
            ("shop/deploy/w", "shop: shop/deploy/"),
            ("deploy/web:", "containers of deploy/web: deploy/web:"),
            ("shop/sts/db:ma", "containers of shop/sts/db: shop/sts/db:"),
            ("deploy/W:", "nothing"),
            ("a/b/c", "nothing"),
            ("a/b/c/d", "nothing"),
        ] {
            assert_eq!(told(partial), expected, "{partial}");
        }
    }
}
