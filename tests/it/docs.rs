//! The documents under `docs/`: the reference of the policy is written from its schema, and what a
//! document names is there. `UPDATE_DOCS=1 cargo test --test it docs` writes the reference anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::env::TestEnv;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents that people read.
fn documents() -> Vec<PathBuf> {
    let named =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tests/bed/README.md"];
    let mut files: Vec<PathBuf> = named.iter().map(|name| root().join(name)).collect();
    let docs = fs::read_dir(root().join("docs")).expect("the directory of documents");
    files.extend(docs.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The words between back-quotes, outside of blocks of code.
fn quoted(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (at, part) in text.split("```").enumerate() {
        if at % 2 == 0 {
            words.extend(part.split('`').skip(1).step_by(2));
        }
    }
    words
}

#[test]
fn every_file_that_a_document_names_is_there() {
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        let folders = ["src/", "tests/", "docs/", "dist/", "krew/", "examples/", "benches/"];
        for word in quoted(&text) {
            let is_path = folders.iter().any(|folder| word.starts_with(folder));
            if is_path && !word.contains(['*', ' ', '<', '$']) {
                seen += 1;
                let found = root().join(word.split(':').next().unwrap_or_default());
                assert!(found.exists(), "{}: there is no {word}", document.display());
            }
        }
        let folder = document.parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                seen += 1;
                assert!(folder.join(file).exists(), "{}: there is no {link}", document.display());
            }
        }
    }
    assert!(seen > 50, "only {seen} names were found");
}

/// What a value of a schema may be, in words.
fn kind(schema: &Value, root: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        let definition = &root["$defs"][name];
        return match definition["properties"] {
            Value::Object(_) => format!("[{name}](#{})", name.to_lowercase()),
            _ => kind(definition, root),
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str);
        return words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(each) = schema[key].as_array() {
            let each = each.iter().filter(|one| one["type"] != "null");
            return each.map(|one| kind(one, root)).collect::<Vec<_>>().join(", ");
        }
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    match names.into_iter().find(|name| *name != "null") {
        Some("array") => format!("a list: {}", kind(&schema["items"], root)),
        Some("object") => format!("a map: {}", kind(&schema["additionalProperties"], root)),
        Some("string") => "a text".into(),
        Some("boolean") => "`true`, `false`".into(),
        Some("integer") => match (&schema["minimum"], &schema["maximum"]) {
            (Value::Number(least), Value::Number(most)) => format!("a number, {least} to {most}"),
            _ => "a number".into(),
        },
        other => panic!("no words for {other:?} in {schema}"),
    }
}

fn table(text: &mut String, properties: &Map<String, Value>, root: &Value) {
    text.push_str("\n| Key | Value | What it means |\n|---|---|---|\n");
    for (key, schema) in properties {
        let told = schema["description"].as_str();
        let told = told.unwrap_or_else(|| panic!("{key} has no description")).replace('\n', " ");
        let kind = kind(schema, root).replace('|', "\\|");
        let _ = writeln!(text, "| `{key}` | {kind} | {} |", told.replace('|', "\\|"));
    }
}

/// The reference, from what `config schema` prints.
fn reference() -> String {
    let schema = TestEnv::new().run(&["config", "schema"]).succeeds();
    let schema: Value = serde_json::from_str(&schema).expect("a schema");
    let mut text = String::from(
        "# The policy file\n\n\
         Written from the schema that `kubectl safe-update config schema` prints: an editor can use that one. `config init`\n\
         writes a file with every key and its default, `config show` tells which value holds and who set it. What is not said\n\
         keeps its default; a key that is not known is an error.\n",
    );
    let properties = |schema: &Value| schema["properties"].as_object().cloned();
    table(&mut text, &properties(&schema).expect("keys"), &schema);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        let Some(keys) = properties(definition) else { continue };
        let _ = write!(text, "\n## {name}\n");
        if let Some(told) = definition["description"].as_str() {
            let _ = write!(text, "\n{told}\n");
        }
        table(&mut text, &keys, &schema);
    }
    text
}

#[test]
fn the_reference_of_the_policy_is_that_of_its_schema() {
    let file = root().join("docs/policy.md");
    let reference = reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &reference).expect("it can be written");
    }
    let hint = "`UPDATE_DOCS=1 cargo test --test it docs` writes it anew";
    assert!(read(&file) == reference, "docs/policy.md is not what the schema says: {hint}");
}
