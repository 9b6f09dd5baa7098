//! How a target is written: `deploy/web`, `sts/db:CONTAINER`, in full `NAMESPACE/deploy/web:CONTAINER`.

use std::fmt;
use std::str::FromStr;

use super::inventory::{Kind, UnknownKind};

/// A workload, or one container (or image volume) of it, as a user names it.
///
/// ```text
/// target := [ namespace "/" ] kind "/" name [ ":" container ]
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetName {
    /// The namespace, when it is written.
    pub namespace: Option<String>,
    /// The kind.
    pub kind: Kind,
    /// The name of the workload.
    pub name: String,
    /// The container or volume, when it is written.
    pub container: Option<String>,
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It has not two or three parts.
    #[error("{0:?} is no target: write deploy/web, or NAMESPACE/deploy/web:CONTAINER")]
    Shape(String),
    /// A part is no name that an object can have.
    #[error("{text:?} is no target: {part:?} is no name of an object")]
    Name {
        /// The whole text.
        text: String,
        /// The part.
        part: String,
    },
    /// The kind has no images.
    #[error(transparent)]
    Kind(#[from] UnknownKind),
}

impl TargetName {
    /// Whether a text is meant as a target: its first or second part is a kind. Anything else is an
    /// image, `library/nginx` and `team/app` included.
    pub fn is_meant(text: &str) -> bool {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [kind, _] | [_, kind, _] => kind.parse::<Kind>().is_ok(),
            _ => false,
        }
    }
}

impl FromStr for TargetName {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, kind, rest) = match parts[..] {
            [kind, rest] => (None, kind, rest),
            [namespace, kind, rest] => (Some(namespace), kind, rest),
            _ => return Err(TargetError::Shape(text.to_owned())),
        };
        let (name, container) = match rest.split_once(':') {
            Some((name, container)) => (name, Some(container)),
            None => (rest, None),
        };
        for part in [namespace, Some(name), container].into_iter().flatten() {
            if !is_object_name(part) {
                let (text, part) = (text.to_owned(), part.to_owned());
                return Err(TargetError::Name { text, part });
            }
        }
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            kind: kind.parse()?,
            name: name.to_owned(),
            container: container.map(str::to_owned),
        })
    }
}

/// DNS subdomain names (RFC 1123), which objects, namespaces and containers keep to.
fn is_object_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 253
        && text.bytes().next().is_some_and(word)
        && text.bytes().next_back().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || matches!(byte, b'-' | b'.'))
}

impl fmt::Display for TargetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(formatter, "{namespace}/")?;
        }
        write!(formatter, "{}/{}", self.kind.short(), self.name)?;
        self.container.as_ref().map_or(Ok(()), |container| write!(formatter, ":{container}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        for (text, written) in [
            ("deploy/web", "deploy/web"),
            ("deployment/web", "deploy/web"),
            ("deployments.apps/web", "deploy/web"),
            ("prod/sts/db:postgres", "prod/sts/db:postgres"),
            ("ds/node-agent.v2", "ds/node-agent.v2"),
        ] {
            let target: TargetName = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(target.to_string(), written);
            assert!(TargetName::is_meant(text));
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            "",
            "web",
            "deploy/",
            "deploy/Web",
            "deploy/web:",
            "a/b/c/d",
            "service/web",
            "prod/deploy/../x",
        ] {
            assert!(text.parse::<TargetName>().is_err(), "{text}");
        }
    }

    #[test]
    fn images_are_not_taken_for_targets() {
        for text in [
            "nginx",
            "nginx:1.25",
            "library/nginx",
            "ghcr.io/team/app:1",
            "team/app",
            "localhost:5000/pods",
        ] {
            assert!(!TargetName::is_meant(text), "{text}");
        }
    }
}
