use clap::CommandFactory as _;

use super::*;
use crate::cli::args::Cli;

/// The place in words: the verbs, and what is under the cursor.
fn place(line: &[&str]) -> String {
    let mut command = Cli::command();
    command.build();
    let (partial, words) = line.split_last().expect("a word");
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let place = Place::find(&command, &words, partial);
    let spot = match &place.spot {
        Spot::Flag => "a flag".to_owned(),
        Spot::Value { argument, before, partial } => {
            format!("{} [{before}]{partial}", argument.get_id())
        }
        Spot::Word { argument: Some(argument), .. } => format!("word {}", argument.get_id()),
        Spot::Word { argument: None, verb: true } => "a verb".to_owned(),
        Spot::Word { argument: None, verb: false } | Spot::Nowhere => "nowhere".to_owned(),
    };
    let mut text = format!("{}: {spot}", place.verbs.join(" "));
    for flag in place.global_flags() {
        text = format!("{text} {flag}");
    }
    text
}

#[test]
fn the_cursor_is_found() {
    for (line, found) in [
        (&[""][..], ": a verb"),
        (&["pl"], ": a verb"),
        (&["--con"], ": a flag"),
        (&["-"], ": a flag"),
        (&["plan", ""], "plan: word targets"),
        (&["plan", "deploy/a", ""], "plan: word targets"),
        (&["plan", "--"], "plan: a flag"),
        (&["plan", "-n"], "plan: a flag"),
        (&["plan", "-n", ""], "plan: namespace []"),
        (&["plan", "-nwe"], "plan: namespace [-n]we"),
        (&["plan", "-n=we"], "plan: namespace []we"),
        (&["plan", "--namespace=we"], "plan: namespace []we"),
        (&["plan", "--nonsense=we"], "plan: nowhere"),
        (&["plan", "--diff=we"], "plan: nowhere"),
        (&["-n", "plan", "plan", ""], "plan: word targets --namespace=plan"),
        (
            &["-nshop", "plan", "--context", "a", ""],
            "plan: word targets --namespace=shop --context=a",
        ),
        (&["plan", "-Anshop", ""], "plan: word targets --namespace=shop"),
        (&["plan", "-qA", "-o", "js"], "plan: output []js --quiet"),
        // A value that has to stand behind `=` leaves the next word alone.
        (&["upgrade", "--dry-run", ""], "upgrade: word release"),
        (&["upgrade", "--dry-run", "shop", ""], "upgrade: word chart"),
        (&["upgrade", "shop", "a/b", ""], "upgrade: nowhere"),
        (&["plan", "-v", "deploy/a"], "plan: word targets --v"),
        (&["plan", "--", "-"], "plan: word targets"),
        (&["plan", "--", "-n", ""], "plan: word targets"),
        (&["plan", "-f", "-", ""], "plan: word targets"),
        (&["history", ""], "history: word target"),
        (&["history", "show", ""], "history show: word record"),
        (&["history", "deploy/a", "show", ""], "history: nowhere"),
        (&["audit", ""], "audit: a verb"),
        (&["config", "schema", "--for", ""], "config schema: subject []"),
        (&["rollback", "deploy/a", "--to", "20"], "rollback: to []20"),
        (&["nonsense", ""], ": nowhere"),
    ] {
        assert_eq!(place(line), found, "{line:?}");
    }
}

#[test]
fn what_was_typed_is_known() {
    let mut command = Cli::command();
    command.build();
    let words = ["plan", "deploy/a", "-f", "x", "-l", "a=b", "--filename=y", "--diff", "deploy/b"];
    let words = words.map(str::to_owned);
    let place = Place::find(&command, &words, "");
    assert_eq!(place.values("targets").collect::<Vec<_>>(), ["deploy/a", "deploy/b"]);
    assert_eq!(place.values("filename").collect::<Vec<_>>(), ["x", "y"]);
    assert!(place.has("diff") && !place.has("all_namespaces"));
    let flag = |id: &str| {
        place.command.get_arguments().find(|argument| argument.get_id() == id).expect("a flag")
    };
    assert!(place.is_typed_for_good(flag("selector")));
    assert!(!place.is_typed_for_good(flag("filename")));
    assert!(!place.is_typed_for_good(flag("output")));
}
