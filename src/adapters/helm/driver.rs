//! Where Helm keeps its releases: the words of `HELM_DRIVER` (Helm's `pkg/action/action.go`).

use std::str::FromStr;

use crate::ports::releases::Keeper;

/// A place that can be read here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Driver {
    /// Secrets in the namespace of the release: what Helm does unless it is told otherwise.
    #[default]
    Secrets,
    /// `ConfigMaps` in the namespace of the release.
    ConfigMaps,
}

impl Driver {
    /// The objects that it uses.
    pub fn keeper(self) -> Keeper {
        match self {
            Self::Secrets => Keeper::Secrets,
            Self::ConfigMaps => Keeper::ConfigMaps,
        }
    }
}

/// A driver whose releases cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// A database.
    #[error(
        "releases in a database (HELM_DRIVER=sql) cannot be read; where Helm keeps them in the cluster, unset HELM_DRIVER or set it to secret or configmap"
    )]
    Database,
    /// The memory of another process.
    #[error(
        "releases in memory (HELM_DRIVER=memory) end with the helm that made them; unset HELM_DRIVER or set it to secret or configmap"
    )]
    Memory,
    /// No word of Helm's.
    #[error("HELM_DRIVER={0:?} is no driver of Helm's; unset it or set it to secret or configmap")]
    Unknown(String),
}

impl FromStr for Driver {
    type Err = DriverError;

    /// Reads `HELM_DRIVER`, letter for letter as Helm does; empty is the same as unset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" | "secret" | "secrets" => Ok(Self::Secrets),
            "configmap" | "configmaps" => Ok(Self::ConfigMaps),
            "sql" => Err(DriverError::Database),
            "memory" => Err(DriverError::Memory),
            other => Err(DriverError::Unknown(other.chars().take(40).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_read_as_helm_reads_them() {
        for text in ["", "secret", "secrets"] {
            assert_eq!(text.parse(), Ok(Driver::Secrets), "{text}");
        }
        for text in ["configmap", "configmaps"] {
            assert_eq!(text.parse(), Ok(Driver::ConfigMaps), "{text}");
        }
        for text in ["sql", "memory", "Secret", "etcd", " secret"] {
            let error = text.parse::<Driver>().expect_err(text).to_string();
            assert!(
                error.contains("HELM_DRIVER=") && error.contains("set it to secret"),
                "{error}"
            );
        }
    }
}
