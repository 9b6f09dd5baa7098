//! A manifest to objects.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::split::{Document as Part, split};
use super::{body, facts, fixed, kinds, rules};
use crate::adapters::yaml::{self, Place};
use crate::domain::preview::{Marks, ObjectKey, PreviewObject, looks_secret, secret_in};
use crate::ports::previews::Document;

/// A manifest that cannot be read. It never quotes the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}line {line} of the manifest: {message}", named(template))]
pub struct ManifestError {
    /// The template that the document comes from; empty when nothing says so.
    pub template: String,
    /// The one-based line of the manifest.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

fn named(template: &str) -> String {
    if template.is_empty() { String::new() } else { format!("{template}: ") }
}

/// Reads a manifest. Objects without a namespace are in the release's, unless their kind belongs to
/// the cluster.
///
/// # Errors
/// The first document that is no object: broken YAML, a key that stands twice, no kind or no name.
pub fn read(text: &str, release_namespace: &str) -> Result<Vec<PreviewObject>, ManifestError> {
    let (values, of_cluster) = values(text)?;
    values.into_iter().map(|raw| object(raw, release_namespace, &of_cluster)).collect()
}

/// The objects of a manifest as they are written, hooks left out.
///
/// # Errors
/// As [`read`].
pub fn documents(text: &str, release_namespace: &str) -> Result<Vec<Document>, ManifestError> {
    let (values, of_cluster) = values(text)?;
    let mut documents = Vec::with_capacity(values.len());
    for Raw { body, api_version, kind, document } in values {
        let (key, marks) =
            named_so(&body, &api_version, &kind, document, release_namespace, &of_cluster)?;
        if marks.hook.is_none() {
            let body = Value::Object(body).to_string();
            documents.push(Document { key, api_version: api_version.into(), body });
        }
    }
    Ok(documents)
}

/// Gives the texts in the Secrets of a manifest that look like secrets, as they are: under such a key,
/// or behind one in a text of several lines. A document that cannot be read is left out: nothing of
/// it is shown either, as [`read`] refuses the whole manifest.
pub fn secrets(text: &str, mut found: impl FnMut(&str)) {
    let mut objects = Vec::new();
    for document in split(text).into_iter().filter(|document| document.text.contains("Secret")) {
        let _ = parse(document).and_then(|value| flatten(value, document, None, &mut objects));
    }
    for raw in objects.iter().filter(|raw| raw.kind == "Secret" && raw.api_version == "v1") {
        let entries =
            |key: &str| raw.body.get(key).and_then(Value::as_object).into_iter().flatten();
        let decoded = entries("data").filter_map(|(key, value)| {
            let bytes = body::decoded(value.as_str()?)?;
            Some((key, String::from_utf8(bytes).ok()?))
        });
        let plain = entries("stringData")
            .filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        for (key, text) in decoded.chain(plain) {
            if looks_secret(key) {
                found(&text);
                continue;
            }
            for rest in text.lines().filter_map(|line| Some(&line[secret_in(line)?..])) {
                found(rest.trim_end_matches(['"', '\'', ',']));
            }
        }
    }
}

/// Kinds that a manifest itself defines, and that belong to the cluster.
type OfCluster = HashSet<(String, String)>;

fn values(text: &str) -> Result<(Vec<Raw<'_>>, OfCluster), ManifestError> {
    let mut values = Vec::new();
    for document in split(text) {
        flatten(parse(document)?, document, None, &mut values)?;
    }
    let of_cluster = values.iter().filter_map(|raw| kinds::defined(&raw.body)).collect();
    Ok((values, of_cluster))
}

/// An object as it was read.
struct Raw<'a> {
    body: Map<String, Value>,
    api_version: String,
    kind: String,
    document: Part<'a>,
}

fn parse(document: Part<'_>) -> Result<Value, ManifestError> {
    let mut options = yaml::options();
    // As Helm's parser reads them: 0644 is a number to the base of eight.
    options.legacy_octal_numbers = true;
    serde_yaml::from_str_with_options(document.text, options).map_err(|error| {
        let fault = yaml::fault(&error, document.text);
        let line = match fault.place {
            Some(Place { line, .. }) => document.lines_before.saturating_add(line),
            None => document.first_line(),
        };
        ManifestError {
            template: yaml::visible(document.template),
            line,
            message: fault.message,
            hint: fault.hint,
        }
    })
}

fn wrong(document: Part<'_>, message: impl Into<String>) -> ManifestError {
    ManifestError {
        template: yaml::visible(document.template),
        line: document.first_line(),
        message: message.into(),
        hint: None,
    }
}

/// Takes an object, or the items of a list. Those of a list of one kind need not name it.
fn flatten<'a>(
    value: Value,
    document: Part<'a>,
    of: Option<(&str, &str)>,
    found: &mut Vec<Raw<'a>>,
) -> Result<(), ManifestError> {
    let mut body = match value {
        Value::Object(body) => body,
        // What a template leaves when its condition does not hold.
        Value::Null => return Ok(()),
        _ => return Err(wrong(document, "the document is no object")),
    };
    let mut said = |key: &str, default: Option<&str>| {
        let own = body.get(key).and_then(Value::as_str).map(str::to_owned);
        let text = own.or_else(|| default.map(str::to_owned)).filter(|text| !text.is_empty());
        if let Some(text) = &text {
            body.insert(key.to_owned(), Value::String(text.clone()));
        }
        text.ok_or_else(|| wrong(document, format!("the object has no {key}")))
    };
    let kind = said("kind", of.map(|(_, kind)| kind))?;
    let api_version = said("apiVersion", of.map(|(api_version, _)| api_version))?;
    if let Some(item_kind) = kind.strip_suffix("List")
        && let Some(Value::Array(items)) = body.get_mut("items").map(Value::take)
    {
        let of = (!item_kind.is_empty()).then_some((&*api_version, item_kind));
        return items.into_iter().try_for_each(|item| flatten(item, document, of, found));
    }
    found.push(Raw { body, api_version, kind, document });
    Ok(())
}

/// What tells an object from others, and what it is besides.
fn named_so(
    body: &Map<String, Value>,
    api_version: &str,
    kind: &str,
    document: Part<'_>,
    release_namespace: &str,
    of_cluster: &OfCluster,
) -> Result<(ObjectKey, Marks), ManifestError> {
    let metadata = |key: &str| {
        let text = body.get("metadata").and_then(|metadata| metadata.get(key)).and_then(text_of);
        text.filter(|text| !text.is_empty())
    };
    let name = metadata("name")
        .ok_or_else(|| wrong(document, format!("the {kind} has no name in its metadata")))?;
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let cluster = kinds::is_of_cluster(group, kind)
        || of_cluster.contains(&(group.to_owned(), kind.to_owned()));
    let namespace = (!cluster)
        .then(|| metadata("namespace").unwrap_or_else(|| release_namespace.to_owned()).into());
    let key = ObjectKey { group: group.into(), kind: kind.into(), namespace, name: name.into() };
    let annotation =
        |name: &str| body.get("metadata")?.get("annotations")?.get(name)?.as_str().map(str::trim);
    let marks = Marks {
        hook: annotation("helm.sh/hook").map(Into::into),
        keep: annotation("helm.sh/resource-policy")
            .is_some_and(|policy| policy.eq_ignore_ascii_case("keep")),
        crd: kinds::is_definition(group, kind),
    };
    Ok((key, marks))
}

fn object(
    raw: Raw<'_>,
    release_namespace: &str,
    of_cluster: &OfCluster,
) -> Result<PreviewObject, ManifestError> {
    let Raw { mut body, api_version, kind, document } = raw;
    let (key, marks) =
        named_so(&body, &api_version, &kind, document, release_namespace, of_cluster)?;
    body::normalise(&mut body);
    // The key has it, whether it is written or implied.
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    let mut facts = facts::facts(&key, &body);
    facts.rules = rules::rules(&key, &body);
    facts.fixed = fixed::fixed(&key, &body);
    let body = body::sealed(&key.group, &kind, body);
    Ok(PreviewObject {
        key,
        api_version: api_version.into(),
        template: document.template.into(),
        marks,
        body,
        facts,
    })
}

/// A name, which YAML may take for a number.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
