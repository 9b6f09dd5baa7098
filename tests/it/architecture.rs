//! The house keeps its floors: who may import whom, what `domain` must not know, which names are
//! refused, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the library, by its path under `src`.
struct Source {
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    assert!(files.len() > 30, "the walk found only {} files", files.len());
    files
        .into_iter()
        .map(|file| Source {
            path: file.strip_prefix(&root).expect("under src").to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&file).expect("source is text"),
        })
        .collect()
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The floor of a path like `domain/gate.rs` or of the first part of `crate::domain::gate`.
fn floor(room: &str) -> Option<u8> {
    match room {
        "domain" => Some(0),
        "ports" => Some(1),
        "adapters" => Some(2),
        "actions" => Some(3),
        "cli" => Some(4),
        _ => None,
    }
}

fn code_lines(source: &Source) -> impl Iterator<Item = &str> {
    source.text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// Every `crate::…` path of a file, from its `use` lines and from its code.
fn crate_paths(source: &Source) -> Vec<Vec<String>> {
    code_lines(source)
        .flat_map(|line| line.match_indices("crate::").map(|(at, _)| &line[at + 7..]))
        .map(|rest| {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            rest[..end].split("::").map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn a_file_imports_only_from_floors_below_its_own() {
    let mut wrong = Vec::new();
    for source in sources() {
        let parts: Vec<&str> = source.path.split('/').collect();
        let room = parts[0].trim_end_matches(".rs");
        let Some(own) = floor(room) else { continue };
        for path in crate_paths(&source) {
            let Some(other) = floor(&path[0]) else {
                continue;
            };
            let same_room = path[0] == room;
            if other > own || (other == own && !same_room) {
                wrong.push(format!("{} imports crate::{}", source.path, path.join("::")));
            }
            // Adapters do not know each other; only what they are written in is shared. Charts lie in
            // registries too, and their repositories are asked with the same care.
            let shared = ["hash", "record", "safe", "temporary", "workload", "yaml"];
            let below = [("charts", "registry")];
            if same_room && room == "adapters" && path.len() > 1 && parts.len() > 1 {
                let sibling = parts[1].trim_end_matches(".rs");
                let known = shared.contains(&path[1].as_str())
                    || below.contains(&(sibling, path[1].as_str()));
                if path[1] != sibling && !known {
                    wrong.push(format!(
                        "{} imports its sibling crate::{}",
                        source.path,
                        path.join("::")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn decisions_know_no_io_no_clock_and_no_serialisation() {
    let refused = [
        "std::fs",
        "std::io",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "tokio",
        "async ",
        ".await",
        "serde",
        "reqwest",
        "kube::",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "Zoned::now",
        "println!",
        "TimeZone::system",
        "TimeZone::get",
    ];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("domain/")) {
        for line in code_lines(source) {
            // Names that begin like the keyword.
            let line = line.replace(".awaited", "").replace(".awaits_", "");
            for word in refused.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}: {word} in `{}`", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn actions_do_not_print_and_do_not_know_the_command_line() {
    let refused =
        ["clap", "println!", "eprintln!", "std::io", "anstream", "owo_colors", "indicatif"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("actions/")) {
        for line in code_lines(source) {
            for word in refused.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}: {word} in `{}`", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_printer_opens_the_standard_streams() {
    let doors = ["cli/printer.rs", "cli/logging.rs", "cli/render/progress.rs"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !doors.contains(&source.path.as_str())) {
        for line in code_lines(source) {
            if line.contains("io::stdout") || line.contains("io::stderr") {
                wrong.push(format!("{}: `{}`", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_say_what_a_file_is_about() {
    let refused =
        ["utils", "util", "common", "helpers", "types", "manager", "service", "core", "misc"];
    for source in sources() {
        for part in source.path.trim_end_matches(".rs").split('/') {
            assert!(!refused.contains(&part), "{} is named {part}", source.path);
        }
    }
}

#[test]
fn files_stay_short_and_begin_with_their_contract() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 800 {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        if !source.text.starts_with("//!") && !source.path.contains("tests") {
            wrong.push(format!("{} does not say what it owns", source.path));
        }
        if source.path.ends_with("mod.rs") {
            let code = code_lines(&source).filter(|line| {
                let line = line.trim();
                line.starts_with("fn ") || line.starts_with("pub fn ") || line.starts_with("impl")
            });
            if code.count() > 0 {
                wrong.push(format!("{} holds more than documentation and modules", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn main_only_parses_runs_and_exits() {
    let main = sources().into_iter().find(|source| source.path == "main.rs").expect("main.rs");
    assert!(main.text.lines().count() <= 25, "main.rs has {} lines", main.text.lines().count());
}
