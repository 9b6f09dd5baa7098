//! Whether the directories for state and cache can be used.

use std::path::Path;

use super::line::{Line, Status, fail, ok, warn};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::ports::rollouts::Journal as _;

/// The state directory has to be safe and writable, and its records readable: `apply` writes nothing
/// without its journal.
pub(super) fn journal(settings: &Settings) -> Line {
    let path = &settings.directories.state;
    let line = directory("state", path);
    let object = path.display().to_string();
    match wire::journal(settings).records() {
        _ if line.status != Status::Ok => {
            let detail = format!("{}: nothing can be applied without it", line.detail);
            fail("state", object, detail)
        }
        Ok((_, troubles)) if troubles.is_empty() => line,
        Ok((_, troubles)) => warn("state", object, troubles.join("; ")),
        Err(error) => fail("state", object, format!("{error}: nothing can be applied with it")),
    }
}

/// A directory of ours has to be writable, or to be made so in one that is.
pub(super) fn directory(check: &'static str, path: &Path) -> Line {
    let object = path.display().to_string();
    let nearest = path.ancestors().find(|ancestor| ancestor.exists());
    match nearest.map(tempfile::tempfile_in) {
        Some(Ok(_)) => ok(check, object, if path.exists() { "writable" } else { "can be made" }),
        Some(Err(error)) => warn(check, object, format!("not writable: {error}")),
        None => warn(check, object, "no part of this path exists".into()),
    }
}
