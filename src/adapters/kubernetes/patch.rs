//! Writes images, and nothing else, in one JSON patch that tests all that it relies on: uid,
//! resource version, and for each image the name and the image at its place. Doing it twice does it
//! once. The write is sent exactly once, and its failure says whether it may have been carried out;
//! a rehearsal is the server's dry run and may be repeated.

use http::Method;
use serde_json::{Value, json};

use crate::domain::change::ObjectId;
use crate::domain::inventory::{Kind, SlotKind};
use crate::ports::rollouts::{Inspected, Replacement, WriteError, Written};

use super::client::{Call, RequestError, Undone};
use super::cluster::Cluster;
use super::object::{Object, path};

/// How the program appears in managed fields.
pub(super) const FIELD_MANAGER: &str = "safe-update";
pub(super) const JSON_PATCH: &str = "application/json-patch+json";

impl Cluster {
    pub(super) async fn written(
        &self,
        object: &ObjectId,
        base: &Inspected,
        images: &[Replacement],
        rehearsal: bool,
    ) -> Result<Written, WriteError> {
        let patch = patch(object, base, images)?;
        let path = path(object).ok_or_else(|| WriteError::Moved(format!("{object} not found")))?;
        let mut target = format!("{path}?fieldManager={FIELD_MANAGER}");
        if rehearsal {
            target.push_str("&dryRun=All");
        }
        let call = Call {
            method: Method::PATCH,
            target: &target,
            content: JSON_PATCH,
            body: patch.to_string().into_bytes(),
        };
        let transport = &self.inner.transport;
        let answer = if rehearsal {
            transport.repeat(&call).await.map_err(|error| Undone { error, maybe: false })
        } else {
            transport.send(&call).await
        };
        let unreadable = |error| Undone { error, maybe: !rehearsal };
        answer
            .and_then(|bytes| written(&bytes).map_err(unreadable))
            .map_err(|undone| write_error(object, &undone))
    }
}

/// The operations: all tests before the first change.
fn patch(object: &ObjectId, base: &Inspected, images: &[Replacement]) -> Result<Value, WriteError> {
    let pod = match object.kind {
        Kind::CronJob => "/spec/jobTemplate/spec/template/spec",
        Kind::Pod => "/spec",
        _ => "/spec/template/spec",
    };
    let test = |path: &str, value: &str| json!({"op": "test", "path": path, "value": value});
    let mut operations = vec![
        test("/metadata/uid", &base.uid),
        test("/metadata/resourceVersion", &base.resource_version),
    ];
    let mut changes = Vec::new();
    for Replacement { slot, from, to, .. } in images {
        let place = base.places.iter().find(|place| place.slot == *slot);
        let place = place.filter(|place| place.image == *from).ok_or_else(|| {
            WriteError::Moved(format!("{slot} of {object} is not {from} any more"))
        })?;
        let entry = format!("{pod}/{}/{}", slot.kind.as_str(), place.index);
        let image = match slot.kind {
            SlotKind::Volume => format!("{entry}/image/reference"),
            _ => format!("{entry}/image"),
        };
        operations.push(test(&format!("{entry}/name"), &slot.name));
        operations.push(test(&image, from));
        changes.push(json!({"op": "replace", "path": image, "value": &**to}));
    }
    operations.append(&mut changes);
    Ok(Value::Array(operations))
}

fn written(bytes: &[u8]) -> Result<Written, RequestError> {
    let object = Object::read(bytes)?;
    Ok(Written {
        images: object.places().into_iter().map(|place| (place.slot, place.image)).collect(),
        generation: object.wire.metadata.generation.unwrap_or(0),
        resource_version: (*object.more.metadata.resource_version).into(),
        template_hash: object.template_hash(),
    })
}

/// What the failure of a write means. Whatever is not known to have changed nothing is unclear.
pub(super) fn write_error(object: &ObjectId, undone: &Undone) -> WriteError {
    let Undone { error, maybe } = undone;
    let said = format!("{object}: {error}");
    let RequestError::Status { code, message, details } = error else {
        return if *maybe { WriteError::Unclear(said) } else { WriteError::Trouble(said) };
    };
    // An admission webhook chooses the status of its refusal, and a webhook that cannot be asked
    // while it must be is an internal error.
    let denied =
        message.starts_with("admission webhook ") && message.contains("denied the request");
    if denied {
        return WriteError::Denied(message.clone());
    }
    if message.contains("failed calling webhook") {
        // It says nothing about the write, and may answer the next time.
        return WriteError::Trouble(message.clone());
    }
    match code {
        404 => WriteError::Moved(format!("{object} is gone")),
        // A test that failed and a path that is not there name no causes; validation and admission
        // policies do.
        409 => WriteError::Moved(format!("{object} has changed: {message}")),
        422 if details.causes.is_empty() => {
            WriteError::Moved(format!("{object} has changed: a test of the write failed"))
        }
        401 | 408 | 429 | 500.. | 300..=399 if *maybe => WriteError::Unclear(said),
        401 | 408 | 429 | 500.. | 300..=399 => WriteError::Trouble(said),
        _ => WriteError::Denied(message.clone()),
    }
}

#[cfg(test)]
mod tests;
