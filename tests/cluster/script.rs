//! Programs that the tests put in the way of the one that is tested: helpers and plugins, as shell scripts.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes a shell script that can be run.
#[track_caller]
pub(crate) fn executable(file: &Path, script: &str) {
    std::fs::write(file, format!("#!/bin/sh\n{script}\n"))
        .and_then(|()| std::fs::set_permissions(file, Permissions::from_mode(0o755)))
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}
