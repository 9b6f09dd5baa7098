//! What a machine is and what an image is built for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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

/// Where the pods of a template may land, as far as its node selector and its tolerations say.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placement {
    /// Architectures that the node selector asks for; empty means any.
    pub architectures: Vec<Arc<str>>,
    /// The operating system that it asks for; none means Linux.
    pub os: Option<Arc<str>>,
    /// The pods tolerate some taint, so that tainted nodes may take them.
    pub tolerates: bool,
}

/// The platforms that an image must have to run wherever its pods may land: those of the nodes that take
/// any pod, and of tainted ones where taints are tolerated. Without nodes (in manifests on disk) only the
/// node selector tells. Asking costs a pull on Docker Hub, so what runs on linux/amd64 alone does not ask.
pub fn needed(placement: &Placement, free: &[Platform], tainted: &[Platform]) -> Vec<Platform> {
    let architectures = &placement.architectures;
    let os = placement.os.as_deref().unwrap_or("linux");
    let tainted = tainted.iter().filter(|_| placement.tolerates);
    let fits = |node: &&Platform| {
        node.os() == os
            && (architectures.is_empty()
                || architectures.iter().any(|wanted| **wanted == *node.architecture()))
    };
    let mut needed: Vec<Platform> = free.iter().chain(tainted).filter(fits).cloned().collect();
    if needed.is_empty() {
        needed = architectures.iter().map(|each| Platform::new(os, each, None)).collect();
    }
    let usual = |one: &Platform| (one.os(), one.architecture()) == ("linux", "amd64");
    if needed.iter().all(usual) { Vec::new() } else { needed }
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
