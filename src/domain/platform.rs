//! What a machine is and what an image is built for.

use std::fmt;
use std::str::FromStr;

/// Operating system and processor that an image is built for, in OCI's words: `linux/arm64/v8`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: Box<str>,
    architecture: Box<str>,
    variant: Option<Box<str>>,
}

/// A text that is no platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a platform is written os/architecture or os/architecture/variant, as in linux/arm64")]
pub struct PlatformError;

impl Platform {
    /// A platform from its parts, case folded; the variants that OCI implies (`arm64/v8`,
    /// `amd64/v1`) and `arm`'s default `v7` are the plain architecture.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let fold = |text: &str| text.to_ascii_lowercase();
        let (os, architecture) = (fold(os), fold(architecture));
        let variant = variant.map(fold).filter(|variant| {
            let implied = matches!(
                (&*architecture, &**variant),
                ("arm64", "v8") | ("amd64", "v1") | ("arm", "v7") | (_, "")
            );
            !implied
        });
        Self { os: os.into(), architecture: architecture.into(), variant: variant.map(Into::into) }
    }

    /// The operating system, `linux` in nearly every case.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The processor, in Go's words: `amd64`, `arm64`, `arm`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The variant, where it is not the usual one of the architecture.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Whether an image for this platform runs on a machine of `machine`. An `arm` image of a
    /// lower variant runs on a higher machine, never the other way round.
    pub fn runs_on(&self, machine: &Self) -> bool {
        if self.os != machine.os || self.architecture != machine.architecture {
            return false;
        }
        let default = if &*self.architecture == "arm" { 7 } else { 1 };
        let level = |variant: Option<&str>| match variant {
            None => Some(default),
            Some(text) => text.strip_prefix('v').and_then(|digits| digits.parse::<u8>().ok()),
        };
        match (level(self.variant()), level(machine.variant())) {
            (Some(image), Some(machine)) => image <= machine,
            _ => self.variant == machine.variant,
        }
    }
}

/// What an image is not built for, of the machines that it has to run on; none where it runs on all.
pub fn not_built_for(image: &[Platform], machines: &[Platform]) -> Option<String> {
    let missing: Vec<String> = machines
        .iter()
        .filter(|machine| !image.iter().any(|image| image.runs_on(machine)))
        .map(ToString::to_string)
        .collect();
    (!missing.is_empty()).then(|| format!("it is not built for {}", missing.join(", ")))
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        if let Some(variant) = &self.variant {
            write!(formatter, "/{variant}")?;
        }
        Ok(())
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let word = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match parts[..] {
            [os, architecture] if parts.iter().all(word) => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] if parts.iter().all(word) => {
                Ok(Self::new(os, architecture, Some(variant)))
            }
            _ => Err(PlatformError),
        }
    }
}
