//! The normal form of an object: what means nothing is left out, and what is secret is sealed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::adapters::hash;
use crate::domain::preview::{
    Fingerprint, Sealed, TextLine, Tree, is_private_key, looks_secret, names_secret, secret_in,
};

/// A copy of the object inside itself, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Values of a chart or of a user, as they are. They may hold secrets: what is made of them masks
/// those.
pub fn values(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(bool) => Tree::Bool(*bool),
        Value::Number(number) => Tree::Number(shortest(number).into()),
        Value::String(text) => Tree::Text(text.as_str().into()),
        Value::Array(items) => Tree::List(items.iter().map(values).collect()),
        Value::Object(entries) => Tree::Map(
            entries.iter().map(|(key, value)| (key.as_str().into(), values(value))).collect(),
        ),
    }
}

/// 1.0 is 1 for the API.
fn shortest(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Leaves out what means nothing: null, empty labels and annotations, and the copy that kubectl
/// keeps.
pub(super) fn normalise(body: &mut Map<String, Value>) {
    body.retain(|_, value| !value.is_null());
    for (key, value) in body {
        descend(value);
        let Value::Object(metadata) = value else { continue };
        if key != "metadata" {
            continue;
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
        let empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        metadata.retain(|key, value| !(matches!(&**key, "annotations" | "labels") && empty(value)));
    }
}

fn descend(value: &mut Value) {
    match value {
        Value::Object(map) => normalise(map),
        Value::Array(items) => items.iter_mut().for_each(descend),
        _ => {}
    }
}

/// Seals the secrets of an object.
pub(super) fn sealed(group: &str, kind: &str, body: Map<String, Value>) -> Tree {
    let entries = body.into_iter().map(|(key, value)| {
        let tree = match (group, kind, &*key) {
            ("", "Secret", "data") => sealed_map(value, decoded),
            ("", "Secret", "stringData") => sealed_map(value, |_| None),
            ("", "ConfigMap", "data") => config(value),
            // Definitions describe secrets and hold none.
            ("apiextensions.k8s.io", "CustomResourceDefinition", "spec") => values(&value),
            _ => tree(&key, value),
        };
        (key.into_boxed_str(), tree)
    });
    Tree::Map(entries.collect())
}

/// The content of an entry of a Secret's `data`, which may be wrapped; none where it is no base64.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).ok()
}

fn seal(bytes: &[u8]) -> Sealed {
    Sealed { bytes: bytes.len(), fingerprint: Fingerprint::new(hash::sha256([bytes])) }
}

/// Everything in a map, or whatever stands in its place. The same content is the same secret,
/// however it is written.
fn sealed_map(value: Value, decode: impl Fn(&str) -> Option<Vec<u8>>) -> Tree {
    let one = |value: &Value| match value {
        Value::String(text) => seal(decode(text).as_deref().unwrap_or(text.as_bytes())),
        other => seal(other.to_string().as_bytes()),
    };
    match value {
        Value::Object(entries) => Tree::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into_boxed_str(), Tree::Sealed(one(&value))))
                .collect(),
        ),
        other => Tree::Sealed(one(&other)),
    }
}

/// The content of a `ConfigMap`: files, and single settings that are named like anything.
fn config(value: Value) -> Tree {
    let Value::Object(entries) = value else { return tree("data", value) };
    let entries = entries.into_iter().map(|(key, value)| {
        let setting = |text: &str| !text.is_empty() && !text.trim_end().contains('\n');
        let tree = match value {
            Value::String(text) if setting(&text) && looks_secret(&key) => {
                Tree::Sealed(seal(text.as_bytes()))
            }
            other => tree(&key, other),
        };
        (key.into_boxed_str(), tree)
    });
    Tree::Map(entries.collect())
}

/// Any value under its key.
fn tree(key: &str, value: Value) -> Tree {
    match value {
        Value::String(text) => sealed_text(key, text),
        Value::Number(number) if names_secret(key) => {
            Tree::Sealed(seal(number.to_string().as_bytes()))
        }
        Value::Array(items) => Tree::List(items.into_iter().map(|item| tree(key, item)).collect()),
        Value::Object(entries) => {
            // A variable of a container: its name says what its value is.
            let named = entries.get("name").and_then(Value::as_str).is_some_and(looks_secret);
            let entries: BTreeMap<_, _> = entries
                .into_iter()
                .map(|(key, value)| {
                    let tree = match value {
                        Value::String(text) if named && key == "value" && !text.is_empty() => {
                            Tree::Sealed(seal(text.as_bytes()))
                        }
                        other => tree(&key, other),
                    };
                    (key.into_boxed_str(), tree)
                })
                .collect();
            Tree::Map(entries)
        }
        other => values(&other),
    }
}

fn sealed_text(key: &str, text: String) -> Tree {
    let whole = names_secret(key) || is_private_key(&text);
    if !text.is_empty() && (whole || (!text.contains('\n') && secret_in(&text).is_some())) {
        return Tree::Sealed(seal(text.as_bytes()));
    }
    if text.contains('\n') && text.split('\n').any(|line| secret_in(line).is_some()) {
        let line = |line: &str| match secret_in(line) {
            Some(at) => {
                TextLine::Sealed { before: line[..at].into(), rest: seal(&line.as_bytes()[at..]) }
            }
            None => TextLine::Plain(line.into()),
        };
        return Tree::Lines(text.split('\n').map(line).collect());
    }
    Tree::Text(text.into())
}
