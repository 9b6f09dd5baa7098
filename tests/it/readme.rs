//! The documents say what the program does: tables against the code, commands against the parser,
//! printed output against real output. `UPDATE_README=1 cargo test --test it readme` writes the
//! generated parts of the README anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _, Parser as _};
use safe_update::adapters::config::POLICY_VARIABLES;
use safe_update::cli::args::Cli;
use safe_update::cli::exit::Exit;
use safe_update::cli::face::normalise;
use safe_update::cli::variables::{FLAG_VARIABLES, INSTALLER_VARIABLES};
use safe_update::domain::candidate::Reason;
use safe_update::domain::gate::Decision;

use crate::env::{PROGRAM, TestEnv};

/// The terminal that printed what the README shows.
#[cfg(target_os = "linux")]
const COLUMNS: u16 = 120;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The text under a heading of the second level.
fn section(text: &str, title: &str) -> String {
    let (_, rest) =
        text.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The cells of the tables in a text, without heads and code marks.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_row = line.starts_with("| ");
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|--"));
        if is_row && !is_head {
            let cells = line.trim_matches('|').split(" | ");
            rows.push(cells.map(|cell| cell.trim().replace('`', "")).collect());
        }
    }
    rows
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let told = rows(&section(&read("README.md"), "Exit codes"));
    let real: Vec<Vec<String>> = Exit::ALL
        .iter()
        .map(|exit| vec![exit.code().to_string(), exit.meaning().replace('`', "")])
        .collect();
    assert_eq!(told, real);
}

#[test]
fn reason_codes_are_those_of_the_program() {
    let told: Vec<String> = rows(&section(&read("README.md"), "Reason codes"))
        .into_iter()
        .map(|row| {
            assert_eq!(row.len(), 2, "{row:?}");
            row[0].clone()
        })
        .collect();
    assert_eq!(told, Reason::ALL.map(|reason| reason.code().to_owned()));
}

#[test]
fn decisions_are_those_of_the_program() {
    let told: Vec<String> = rows(&section(&read("README.md"), "Decisions"))
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    let real = [
        Decision::Update,
        Decision::Held,
        Decision::Blocked,
        Decision::UpToDate,
        Decision::Unknown,
    ];
    assert_eq!(told, real.map(|decision| decision.to_string()));
}

/// Each flag of the program: how it is written, the verbs that take it, what it does.
fn flags() -> Vec<(String, Vec<String>, String)> {
    fn walk(command: &Command, path: &str, into: &mut Vec<(String, Vec<String>, String)>) {
        let told = |argument: &&Arg| !argument.is_positional() && !argument.is_hide_set();
        for argument in command.get_arguments().filter(told) {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let written = written(argument);
            let verb = if path.is_empty() { "all" } else { path };
            match into.iter_mut().find(|(known, ..)| *known == written) {
                Some((_, verbs, _)) => verbs.push(verb.to_owned()),
                None => into.push((written, vec![verb.to_owned()], help)),
            }
        }
        for verb in command.get_subcommands() {
            walk(verb, format!("{path} {}", verb.get_name()).trim_start(), into);
        }
    }
    let mut flags = Vec::new();
    walk(&Cli::command(), "", &mut flags);
    flags
}

/// `-n`, `--namespace NAME`.
fn written(argument: &Arg) -> String {
    let mut text = String::new();
    if let Some(short) = argument.get_short() {
        text = format!("`-{short}`, ");
    }
    if let Some(long) = argument.get_long() {
        text = format!("{text}`--{long}");
        let takes_value = argument.get_action().takes_values();
        if let Some(name) =
            argument.get_value_names().and_then(<[_]>::first).filter(|_| takes_value)
        {
            let name = name.replace('|', "\\|");
            let optional = argument.get_num_args().is_some_and(|count| count.min_values() == 0);
            text = if optional { format!("{text}[={name}]") } else { format!("{text} {name}") };
        }
        text.push('`');
    }
    text
}

#[test]
fn every_flag_is_told_and_none_that_does_not_exist() {
    let mut table = String::from("| flag | verbs | what it does |\n|---|---|---|\n");
    for (written, verbs, help) in flags() {
        let verbs = verbs.join(", ");
        table = format!("{table}| {written} | {verbs} | {} |\n", help.replace('|', "\\|"));
    }
    let readme = read("README.md");
    let section = section(&readme, "Flags");
    let told =
        section.split_inclusive('\n').filter(|line| line.starts_with('|')).collect::<String>();
    if updating() && told != table {
        let updated = if told.is_empty() {
            readme.replacen("\n## Flags\n", &format!("\n## Flags\n\n{table}"), 1)
        } else {
            readme.replacen(&told, &table, 1)
        };
        fs::write(root().join("README.md"), updated).expect("the README");
        return;
    }
    assert_eq!(told, table, "UPDATE_README=1 writes the table");
}

#[test]
fn no_document_names_a_flag_that_does_not_exist() {
    let known: Vec<String> = flags().into_iter().map(|(written, ..)| written).collect();
    // Of other programs.
    let foreign = [
        "--release",
        "--path",
        "--locked",
        "--test",
        "--fast",
        "--bench",
        "--help",
        "--verify",
        "--key",
        "--kube-context",
        "--network",
        "--user",
    ];
    for document in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/shop/README.md"] {
        let text = read(document);
        for (at, _) in text.match_indices("--") {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            let rest = &text[at + 2..];
            let end =
                rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(rest.len());
            let flag = format!("--{}", &rest[..end]);
            if end == 0
                || !(before == '`' || before == ' ' || before == '(')
                || flag.starts_with("---")
            {
                continue;
            }
            let exists = foreign.contains(&flag.as_str())
                || known.iter().any(|each| {
                    let long = each.split('`').find(|part| part.starts_with("--"));
                    long.is_some_and(|long| long.split([' ', '[']).next() == Some(&flag))
                });
            assert!(exists, "{document} names {flag}");
        }
    }
}

/// A command of a document and what is shown below it.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

/// The commands in ```` ```console ```` blocks.
fn shown(text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block has an end");
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let (command, output) = (command.to_owned(), String::new());
                all.push(Shown { command, output });
            } else {
                let last = all.last_mut().expect("a block begins with a command");
                last.output = format!("{}{line}\n", last.output);
            }
        }
    }
    all
}

/// Splits a simple command line as a shell would.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in command.chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (c, Some(q)) if c == q => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_documents_can_be_typed() {
    let mut seen = BTreeMap::new();
    for document in ["README.md", "CONTRIBUTING.md", "examples/shop/README.md"] {
        for Shown { command, .. } in shown(&read(document)) {
            let image = concat!("safe-update/safe-update:", env!("CARGO_PKG_VERSION"), " ");
            let ours = ["kubectl safe-update ", "cargo run --release -- ", image]
                .iter()
                .find_map(|start| Some(command.split_once(start)?.1.to_owned()));
            let Some(ours) = ours else { continue };
            let ours = ours.split(" | ").next().unwrap_or_default();
            let arguments = ["x".to_owned()].into_iter().chain(words(ours));
            let arguments = normalise(arguments.map(Into::into));
            if let Err(error) = Cli::try_parse_from(arguments) {
                panic!("{document}: {command}\n{error}");
            }
            let verb = words(ours).first().cloned().unwrap_or_default();
            *seen.entry(verb).or_insert(0) += 1;
        }
    }
    for verb in Cli::command().get_subcommands().map(Command::get_name) {
        let exempt = verb == "completion";
        assert!(exempt || seen.contains_key(verb), "no example of {verb}: {seen:?}");
    }
}

#[test]
fn the_first_command_is_the_one_that_can_be_tried_at_once() {
    let readme = read("README.md");
    let shown = shown(&readme);
    assert_eq!(shown[0].command, "kubectl safe-update plan -f examples/shop");
    assert!(!shown[0].output.is_empty());
    let tries: Vec<&str> = shown.iter().map(|each| each.command.as_str()).collect();
    assert!(tries.contains(&"cargo run --release -- plan -f examples/shop"));
    assert!(tries.contains(&"./tests/run"));
}

/// Runs a command line on a terminal, from the root of the repository; what it says on standard
/// error comes last.
#[cfg(target_os = "linux")]
pub(crate) fn on_terminal(env: &TestEnv, columns: u16, directory: &Path, command: &str) -> String {
    let errors: PathBuf = env.home().join("errors");
    let command = command.replace("kubectl safe-update", PROGRAM);
    let errors_of = format!("stty cols {columns} rows 50; {command} 2>{}", errors.display());
    let mut run = assert_cmd::Command::new("script");
    run.args(["--quiet", "--return", "--command", &errors_of, "/dev/null"])
        .current_dir(directory)
        .env_clear()
        .envs(env.variables())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color");
    let output = run.output().expect("`script` of util-linux or bsdutils");
    let text = String::from_utf8(output.stdout).expect("text").replace('\r', "");
    text + &fs::read_to_string(errors).unwrap_or_default()
}

#[cfg(target_os = "linux")]
#[test]
fn printed_output_is_real() {
    let readme = read("README.md");
    let mut updated = readme.clone();
    let mut compared = 0;
    for Shown { command, output } in shown(&readme) {
        if output.is_empty() {
            continue;
        }
        let env = TestEnv::new();
        let real = on_terminal(&env, COLUMNS, root(), &command);
        if updating() {
            let old = format!("$ {command}\n{output}```");
            updated = updated.replacen(&old, &format!("$ {command}\n{real}```"), 1);
        } else {
            assert_eq!(output, real, "{command}: UPDATE_README=1 writes it anew");
        }
        compared += 1;
    }
    assert!(compared >= 5, "{compared} outputs");
    if updating() {
        fs::write(root().join("README.md"), updated).expect("the README");
    }
}

pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_README").is_some()
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    let changelog = read("CHANGELOG.md");
    let heads: Vec<&str> = changelog.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(heads.first(), Some(&"## [Unreleased]"));
    let version = env!("CARGO_PKG_VERSION");
    for head in &heads[1..] {
        assert!(head.starts_with("## ["), "{head}");
    }
    assert!(version == "0.1.0" || changelog.contains(&format!("## [{version}]")));
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in ["README.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            if let Some(anchor) = target.strip_prefix('#') {
                let heads = text.lines().filter(|line| line.starts_with('#'));
                let mut anchors = heads.map(|line| {
                    line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")
                });
                assert!(anchors.any(|each| each == anchor), "{document}: #{anchor}");
            } else if !target.starts_with("https://") {
                assert!(root().join(target).exists(), "{document}: {target}");
            }
        }
    }
}

#[test]
fn lines_of_documents_fit() {
    for document in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        for line in read(document).lines().filter(|line| !line.starts_with('|')) {
            let length = line.chars().count();
            assert!(length <= 140, "{document}: {length} characters: {line}");
        }
    }
}

#[test]
fn policies_in_the_readme_can_be_taken() {
    let readme = read("README.md");
    let mut checked = 0;
    for block in readme.split("```yaml\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block has an end");
        let begin = if block.starts_with("version:") { "" } else { "version: 1\n" };
        let env = TestEnv::new();
        env.write("policy.yaml", format!("{begin}{block}"));
        let _ = env.run(&["config", "check", "policy.yaml", "-q"]).succeeds();
        checked += 1;
    }
    assert!(checked >= 2, "{checked} policies");
}

#[test]
fn variables_are_those_of_the_program() {
    let mut known: Vec<&str> = FLAG_VARIABLES.into_iter().chain(POLICY_VARIABLES).collect();
    known.extend(["SAFE_UPDATE_HOME", "SAFE_UPDATE_CACHE"]);
    known.extend(INSTALLER_VARIABLES);
    known.sort_unstable();
    let told = section(&read("README.md"), "Environment");
    let mut told: Vec<&str> = told
        .split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("SAFE_UPDATE_"))
        .collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told, known);
}
