//! The bytes of a list page: its items one by one, and where the next page begins. Keeps nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::client::RequestError;

/// Hands each item of a list to `each`, without keeping the list.
pub(super) fn items<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    each: impl FnMut(T),
) -> Result<(), RequestError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let list = ListVisitor { each, item: PhantomData::<T> };
    let is_list = (&mut deserializer)
        .deserialize_map(list)
        .and_then(|is_list| deserializer.end().map(|()| is_list))
        .map_err(|error| RequestError::malformed(&error))?;
    if is_list { Ok(()) } else { Err(RequestError::Malformed("it is no list".into())) }
}

struct ListVisitor<T, F> {
    each: F,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for ListVisitor<T, F> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut is_list = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "items" {
                is_list = true;
                map.next_value_seed(Items { each: &mut self.each, item: PhantomData::<T> })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(is_list)
    }
}

struct Items<'f, T, F> {
    each: &'f mut F,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Items<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Go writes an empty list as null at times.
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Items<'_, T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.each)(item);
        }
        Ok(())
    }
}

/// The continuation of a page. It stands before the items, so the items are not looked at.
pub(super) fn continuation(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(rename = "continue")]
        token: Option<String>,
    }
    struct Head<'t>(&'t mut Option<String>);
    impl<'de> Visitor<'de> for Head<'_> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                if key == "metadata" {
                    *self.0 = map.next_value::<Metadata>()?.token;
                    return Ok(());
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut token = None;
    // Leaving the map early is an error to the parser; what was read before stands.
    let _ = serde_json::Deserializer::from_slice(bytes).deserialize_map(Head(&mut token));
    token.filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> Result<Vec<String>, RequestError> {
        #[derive(Deserialize)]
        struct Named<'a> {
            name: &'a str,
        }
        let mut names = Vec::new();
        items(json.as_bytes(), |named: Named<'_>| {
            names.push(named.name.to_owned());
        })?;
        Ok(names)
    }

    #[test]
    fn items_are_handed_over_one_by_one() {
        let json = r#"{"kind":"List","metadata":{},"items":[{"name":"a","x":[1]},{"name":"b"}]}"#;
        assert_eq!(names(json), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names(r#"{"items":null}"#), Ok(Vec::new()));
        assert_eq!(names(r#"{"items":[]}"#), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for json in [
            "",
            "[]",
            "{}",
            "<html>",
            r#"{"items":{}}"#,
            r#"{"items":[{"name":1}]}"#,
            r#"{"items":[{"name":"a"}"#,
            r#"{"items":[]} more"#,
        ] {
            assert!(names(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_continuation_is_found_without_reading_the_items() {
        for (json, expected) in [
            (r#"{"metadata":{"continue":"abc"},"items":[{broken"#, Some("abc")),
            (r#"{"items":[{"a":"b"}],"metadata":{"continue":"late"}}"#, Some("late")),
            (r#"{"metadata":{"continue":""},"items":[]}"#, None),
            (r#"{"metadata":{},"items":[]}"#, None),
            (r#"{"items":[]}"#, None),
            ("[]", None),
        ] {
            assert_eq!(continuation(json.as_bytes()).as_deref(), expected, "{json}");
        }
    }
}
