//! Text and maps of text as the objects carry them, borrowed from the bytes where the format allows
//! it. Large values that nobody reads are skipped, never kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// Text that borrows from the input when it can.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Text and the line on which it stands, where the format tells: YAML does, JSON does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlacedText<'a> {
    text: Text<'a>,
    /// One-based line in the text that was read.
    pub line: Option<u32>,
}

impl Deref for PlacedText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for PlacedText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<Text<'a>>::deserialize(deserializer)?;
        // What an alias stands for is written where the anchor is. An unknown place is line 0.
        let line = [spanned.defined.line(), spanned.referenced.line()]
            .into_iter()
            .find(|line| *line > 0)
            .and_then(|line| u32::try_from(line).ok());
        Ok(Self { text: spanned.value, line })
    }
}

/// A map of strings, in the order in which it was written.
#[derive(Debug, Clone, Default)]
pub struct Pairs<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Pairs<'_> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Whether a key begins with a prefix.
    pub fn any_under(&self, prefix: &str) -> bool {
        self.iter().any(|(name, _)| name.starts_with(prefix))
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let value = map.next_value::<Option<Text<'de>>>()?;
                    pairs.push((key, value.unwrap_or_default()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

/// The annotation that `kubectl apply` keeps; only its presence is of interest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotations whose values are read: our own settings and the marks of owners.
const READ_UNDER: [&str; 7] = [
    super::decode::ANNOTATIONS,
    "meta.helm.sh/",
    "argocd.argoproj.io/tracking-id",
    "objectset.rio.cattle.io/id",
    "objectset.rio.cattle.io/owner-",
    "fleet.cattle.io/",
    "app.kubernetes.io/",
];

/// The annotations that are read. All others are skipped unread, because they are large.
#[derive(Debug, Clone, Default)]
pub struct Annotations<'a> {
    /// The ones whose values matter.
    pub pairs: Pairs<'a>,
    /// The last applied configuration is there.
    pub last_applied: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnnotationsVisitor;
        impl<'de> Visitor<'de> for AnnotationsVisitor {
            type Value = Annotations<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut annotations = Annotations::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if READ_UNDER.iter().any(|prefix| key.starts_with(prefix)) {
                        let value = map.next_value::<Option<Text<'de>>>()?;
                        annotations.pairs.0.push((key, value.unwrap_or_default()));
                    } else {
                        annotations.last_applied |= &*key == LAST_APPLIED;
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(annotations)
            }
        }
        deserializer.deserialize_map(AnnotationsVisitor)
    }
}

/// A number or a percentage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireAmount<'a> {
    /// A number of pods.
    Number(i64),
    /// A percentage as text, `25%`.
    Percentage(Text<'a>),
}

impl WireAmount<'_> {
    /// Whether it is nothing at all.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Number(number) => *number == 0,
            Self::Percentage(text) => text.trim_end_matches('%').trim_matches('0').is_empty(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireAmount<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;
        impl<'de> Visitor<'de> for AmountVisitor {
            type Value = WireAmount<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number or a percentage")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(WireAmount::Number(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(WireAmount::Number(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(WireAmount::Percentage(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(WireAmount::Percentage(Text(Cow::Owned(text.to_owned()))))
            }
        }
        deserializer.deserialize_any(AmountVisitor)
    }
}
