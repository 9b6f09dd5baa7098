//! One document to the workloads in it.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::split::Document;
use crate::adapters::workload::{
    Interner, Text, WireMetadata, WireObject, WireSpec, is_part_of_a_listed_workload, kind_of,
    workload,
};
use crate::adapters::yaml::{Fault, Place, fault, options};
use crate::domain::inventory::{Leg, Origin, Workload};

/// What a document says of itself, whatever it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct WireDocument<'a> {
    api_version: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    metadata: Option<WireMetadata<'a>>,
    spec: Option<WireSpec<'a>>,
    items: Option<Vec<WireObject<'a>>>,
}

/// The same where a part that nobody needs has another shape than that of workloads.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Loose {
    api_version: Option<Value>,
    kind: Option<Value>,
    items: Option<Vec<Value>>,
}

/// Reads a document into workloads. The places of a fault are those of the file.
pub(super) fn read(
    document: Document<'_>,
    file: &Arc<str>,
    interner: &mut Interner,
    workloads: &mut Vec<Workload>,
) -> Result<(), Fault> {
    let mut taker = Taker {
        origin: Origin { file: Arc::clone(file), line: document.first_line() },
        lines_before: document.lines_before,
        interner,
        workloads,
    };
    let parsed: Result<WireDocument<'_>, _> =
        serde_yaml::from_str_with_options(document.text, options());
    let error = match parsed {
        Ok(parsed) => {
            taker.document(parsed);
            return Ok(());
        }
        Err(error) => error,
    };
    // It has the wrong shape for a workload. That matters only if it is one.
    let syntax: Result<IgnoredAny, _> = serde_yaml::from_str_with_options(document.text, options());
    if let Err(syntax) = syntax {
        // JSON that YAML does not take: several values in a row, tabs, very long keys.
        if document.text.trim_start().starts_with('{') && taker.json(document.text) {
            return Ok(());
        }
        return Err(placed(fault(&syntax, document.text), document));
    }
    let loose: Result<Loose, _> = serde_yaml::from_str_with_options(document.text, options());
    // Without apiVersion and kind in the usual shape it is no object: a play, a file of values.
    if loose.is_ok_and(|loose| !taker.loose(loose)) {
        return Err(placed(fault(&error, document.text), document));
    }
    Ok(())
}

/// A fault of a document as one of the file.
fn placed(mut fault: Fault, document: Document<'_>) -> Fault {
    if let Some(Place { line, .. }) = &mut fault.place {
        *line = line.saturating_add(document.lines_before);
    }
    fault
}

struct Taker<'t> {
    origin: Origin,
    lines_before: u32,
    interner: &'t mut Interner,
    workloads: &'t mut Vec<Workload>,
}

impl Taker<'_> {
    fn document(&mut self, document: WireDocument<'_>) {
        let api_version = document.api_version.as_deref().unwrap_or_default();
        let kind = document.kind.as_deref().unwrap_or_default();
        if let (Some(items), Some(item_kind)) = (document.items, kind.strip_suffix("List")) {
            for item in &items {
                self.item(item, api_version, item_kind);
            }
            return;
        }
        let object = WireObject {
            metadata: document.metadata.unwrap_or_default(),
            spec: document.spec.unwrap_or_default(),
            ..WireObject::default()
        };
        self.object(&object, api_version, kind);
    }

    /// An item of a list; those of typed lists do not name their kind.
    fn item(&mut self, item: &WireObject<'_>, api_version: &str, kind: &str) {
        let api_version = item.api_version.as_deref().unwrap_or(api_version);
        let kind = item.kind.as_deref().unwrap_or(kind);
        self.object(item, api_version, kind);
    }

    fn object(&mut self, object: &WireObject<'_>, api_version: &str, kind: &str) {
        let Some(kind) = kind_of(api_version, kind) else {
            return;
        };
        if is_part_of_a_listed_workload(kind, &object.metadata) {
            return;
        }
        let mut workload = workload(kind, object, Leg::File, self.interner);
        // A patch of another object names no image, and one without a name is no object.
        if workload.slots.is_empty() || workload.name.is_empty() {
            return;
        }
        for line in workload.slots.iter_mut().filter_map(|slot| slot.line.as_mut()) {
            *line = line.saturating_add(self.lines_before);
        }
        workload.origin = Some(self.origin.clone());
        self.workloads.push(workload);
    }

    /// Takes the items of a list one by one, or passes over what is no workload. False when a
    /// workload cannot be read.
    fn loose(&mut self, loose: Loose) -> bool {
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (api_version, kind) = (text(loose.api_version), text(loose.kind));
        let (Some(items), Some(item_kind)) = (loose.items, kind.strip_suffix("List")) else {
            return kind_of(&api_version, &kind).is_none();
        };
        items.iter().all(|item| {
            let said = |key: &str, default: &str| {
                item.get(key).and_then(Value::as_str).unwrap_or(default).to_owned()
            };
            let (api_version, kind) = (said("apiVersion", &api_version), said("kind", item_kind));
            match WireObject::deserialize(item) {
                Ok(object) => {
                    self.object(&object, &api_version, &kind);
                    true
                }
                Err(_) => kind_of(&api_version, &kind).is_none(),
            }
        })
    }

    /// Takes JSON values in a row; false, and nothing taken, when the text is none.
    fn json(&mut self, text: &str) -> bool {
        let values: Result<Vec<WireDocument<'_>>, _> =
            serde_json::Deserializer::from_str(text).into_iter().collect();
        let Ok(values) = values else { return false };
        for value in values {
            self.document(value);
        }
        true
    }
}
