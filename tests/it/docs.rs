//! The documents under `docs/`: the reference of the policy is written from its schema, what a document
//! names is there, and what helm is started for is what SECURITY.md lists. `UPDATE_DOCS=1 cargo test --test
//! it docs` writes the reference anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use safe_update::adapters::registry::Limits;
use safe_update::domain::inventory::Kind;
use serde_json::Value;

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
        let link = format!("[{name}](#{})", name.to_lowercase());
        return match words_of(&root["$defs"][name]) {
            Some(words) => {
                let words = words.iter().map(|(word, _)| format!("`{word}`"));
                format!("{link}: {}", words.collect::<Vec<_>>().join(", "))
            }
            None => link,
        };
    }
    if let Some(each) = schema["anyOf"].as_array() {
        let each = each.iter().filter(|one| one["type"] != "null");
        return each.map(|one| kind(one, root)).collect::<Vec<_>>().join(", ");
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
            (Value::Number(least), Value::Number(most)) if least == most => format!("`{most}`"),
            (Value::Number(least), Value::Number(most)) => format!("a number, {least} to {most}"),
            _ => "a number".into(),
        },
        other => panic!("no words for {other:?} in {schema}"),
    }
}

/// The words of a definition that is a choice of them, each with its meaning.
fn words_of(definition: &Value) -> Option<Vec<(&str, &str)>> {
    let mut words = Vec::new();
    for one in definition["oneOf"].as_array()? {
        let told = one["description"].as_str();
        let told = told.unwrap_or_else(|| panic!("nothing is said of {one}"));
        words.push((one["const"].as_str()?, told));
    }
    Some(words)
}

/// What holds where a key of these is not written, whichever it is.
const UNSAID: [(&str, &str); 2] = [("Match", "anything"), ("Rule", "as it is without the rule")];

/// What holds where a key is not written. `defaults` are those of the whole, where they are told there.
fn default(key: &str, name: &str, definition: &Value, defaults: Option<&Value>) -> String {
    let is = |one: &Value| one.as_str() == Some(key);
    if definition["required"].as_array().is_some_and(|keys| keys.iter().any(is)) {
        return "has to be written".into();
    }
    if let Some((_, word)) = UNSAID.iter().find(|(unsaid, _)| *unsaid == name) {
        return (*word).into();
    }
    let told = defaults.and_then(|all| all.get(key));
    match told.or_else(|| definition["properties"][key].get("default")) {
        Some(Value::Null) => "none".into(),
        Some(Value::Array(all)) if all.is_empty() => "none".into(),
        Some(Value::Object(all)) if all.is_empty() => "none".into(),
        // They stand in the table of its keys.
        Some(Value::Object(_)) => "see there".into(),
        Some(Value::String(word)) => format!("`{word}`"),
        Some(value) => format!("`{value}`"),
        None => panic!("{name} {key}: nothing says what holds where it is not written"),
    }
}

fn table(text: &mut String, name: &str, definition: &Value, root: &Value) {
    let properties = definition["properties"].as_object().expect("keys");
    // Of what stands at the top level once, its key there tells the defaults.
    let of_it = |property: &&Value| {
        let link = format!("#/$defs/{name}");
        let each = property["anyOf"].as_array();
        each.is_some_and(|each| each.iter().any(|one| one["$ref"] == link.as_str()))
    };
    let whole = root["properties"].as_object().expect("keys").values().find(of_it);
    let defaults = whole.and_then(|property| property.get("default"));
    text.push_str("\n| Key | Value | Default | What it means |\n|---|---|---|---|\n");
    for (key, schema) in properties {
        let told = schema["description"].as_str();
        let told = told.unwrap_or_else(|| panic!("{key} has no description")).replace('\n', " ");
        let default = default(key, name, definition, defaults);
        let cells = [kind(schema, root), default, told].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| `{key}` | {} |", cells.join(" | "));
    }
}

/// The schema of the policy, as the program prints it.
fn policy_schema() -> Value {
    let schema = TestEnv::new().run(&["config", "schema"]).succeeds();
    serde_json::from_str(&schema).expect("a schema")
}

/// The reference, from what `config schema` prints.
fn reference() -> String {
    let schema = policy_schema();
    let mut text = String::from(
        "# The policy file\n\n\
         Written from the schema that `kubectl safe-update config schema` prints: an editor can use that one. `config init`\n\
         writes a file with every key and its default, `config show` tells which value holds and who set it. What is not said\n\
         keeps its default; a key that is not known is an error.\n",
    );
    table(&mut text, "", &schema, &schema);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        let told = definition["description"].as_str();
        let told = told.unwrap_or_else(|| panic!("{name} has no description")).replace('\n', " ");
        let _ = write!(text, "\n## {name}\n\n{told}\n");
        if definition["properties"].is_object() {
            table(&mut text, name, definition, &schema);
        } else if let Some(words) = words_of(definition) {
            text.push_str("\n| Word | What it means |\n|---|---|\n");
            for (word, told) in words {
                let _ = writeln!(text, "| `{word}` | {} |", told.replace('\n', " "));
            }
        }
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

#[test]
fn the_reference_names_every_kind_of_a_rule_and_the_default_of_a_registry() {
    let schema = policy_schema();
    let told = schema["$defs"]["Match"]["properties"]["kind"]["description"].as_str();
    let told = told.expect("a description");
    for kind in Kind::ALL.into_iter().chain([Kind::Release]) {
        assert!(told.contains(&format!("`{kind}`")), "{kind}: {told}");
    }
    let registry = &schema["$defs"]["Registry"]["properties"]["maxInFlight"];
    assert_eq!(registry["default"], Limits::default().max_in_flight, "{registry}");
}

/// The code of a file: its comments and its tests left out.
fn code(file: &Path) -> String {
    let text = read(file);
    let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The sources in a folder and below it, without files of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The first text of a list, where it is one, and what follows it.
fn first_text(list: &str) -> Option<(&str, &str)> {
    let (text, rest) = list.trim_start().strip_prefix('"')?.split_once('"')?;
    Some((text, rest))
}

/// A word as a verb of helm is one.
fn is_verb(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// What helm is called with in a text of code: the first word of every list of arguments, and the second
/// where it is one too.
fn verbs(code: &str) -> Vec<String> {
    let lists = code.split('[').skip(1).filter_map(|list| {
        let (verb, rest) = first_text(list).filter(|(verb, _)| is_verb(verb))?;
        let each = rest.strip_prefix(".into()");
        let whole = || list.split_once(']').filter(|(_, end)| end.starts_with(".map(Into::into)"));
        if each.is_none() && whole().is_none() {
            return None;
        }
        let rest = each.unwrap_or(rest).strip_prefix(',');
        let second = rest.and_then(first_text).map(|(word, _)| word);
        Some(match second.filter(|word| is_verb(word)) {
            Some(word) => format!("{verb} {word}"),
            None => verb.to_owned(),
        })
    });
    lists.collect()
}

#[test]
fn the_verbs_of_helm_are_those_that_security_lists() {
    let sample = r#"
        let one = vec!["pull".into(), "--version".into()];
        let two = ["repo", "update", "--", &name].map(Into::into);
        let no = ["name", "owner"].contains(&label) && object["status"].is_null();
    "#;
    assert_eq!(verbs(sample), ["pull", "repo update"]);

    let mut files = Vec::new();
    sources(&root().join("src/adapters/helm"), &mut files);
    let mut called = BTreeSet::new();
    for file in files {
        let code = code(&file);
        let verbs = verbs(&code);
        let before = |at: usize| code[..at].chars().next_back().is_some_and(char::is_whitespace);
        let calls = code.match_indices("Call {").filter(|(at, _)| before(*at)).count()
            + code.matches("(&Call {").count();
        assert!(
            calls <= verbs.len(),
            "{}: {calls} calls of helm, and only the verbs {verbs:?} were found",
            file.display()
        );
        called.extend(verbs);
    }
    let security = read(&root().join("SECURITY.md"));
    let row = security.lines().find(|line| line.starts_with("| `helm` ")).expect("the row of helm");
    let when = row.rsplit(" | ").next().expect("when it is started");
    let listed: BTreeSet<String> = quoted(when).into_iter().map(str::to_owned).collect();
    assert_eq!(called, listed, "the code calls the former, SECURITY.md lists the latter");
}
