use super::reply::Directive;
use super::*;
use crate::cli::face::Face;

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn ask(line: &[&str], is_helm: bool) -> Reply {
    let (partial, words) = line.split_last().expect("a word");
    let question = Question {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        partial: (*partial).to_owned(),
        described: true,
        is_helm,
    };
    reply(&question, Looking { is_helm, until: Instant::now() + LOOK_UP })
}

fn values(line: &[&str]) -> Vec<String> {
    ask(line, false).candidates.into_iter().map(|candidate| candidate.value).collect()
}

#[test]
fn a_question_is_told_from_a_command() {
    let kubectl = Face { name: "kubectl safe-update".into(), is_helm: false };
    let helm = Face { name: "helm safe-upgrade".into(), is_helm: true };
    let read = |line: &[&str], face| Question::read(&words(line), face);
    for line in [&[][..], &["x"], &["x", "plan"], &["x", "plan", "__complete"]] {
        assert_eq!(read(line, &kubectl), None, "{line:?}");
    }
    let question = |words: &[&str], partial: &str, described, is_helm| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Some(Question { words, partial: partial.to_owned(), described, is_helm })
    };
    assert_eq!(read(&["x", "__complete", "plan", ""], &helm), question(&["plan"], "", true, true));
    assert_eq!(read(&["x", "__complete"], &kubectl), question(&[], "", true, false));
    assert_eq!(
        read(&["x", "__completeNoDesc", "plan", "-v", "4", "de"], &kubectl),
        question(&["plan", "-v=4"], "de", false, false)
    );
    // kubectl's own program, whatever other variables say.
    for program in ["/a/bin/kubectl_complete-safe_update", "kubectl_complete-safe_update.exe"] {
        assert_eq!(read(&[program, "pl"], &helm), question(&[], "pl", true, false));
    }
}

#[test]
fn verbs_flags_and_words_are_offered() {
    let verbs = values(&[""]);
    assert!(["plan", "apply", "version"].iter().all(|verb| verbs.contains(&(*verb).to_owned())));
    assert_eq!(values(&["con"]), ["config"]);
    assert_eq!(values(&["config", ""]), ["init", "show", "check", "schema"]);
    assert_eq!(values(&["plan", "--all"]), ["--all-namespaces", "--allow-base-change"]);
    assert_eq!(values(&["plan", "-A", "--all"]), ["--allow-base-change"]);
    assert_eq!(values(&["plan", "-o", "j"]), ["json"]);
    assert_eq!(values(&["plan", "-oj"]), ["-ojson"]);
    assert_eq!(values(&["plan", "--output=j"]), ["json"]);
    assert_eq!(values(&["plan", "--only=kubernetes,h"]), ["kubernetes,helm"]);
    assert_eq!(values(&["plan", "--level", ""]), ["patch", "minor", "major"]);
    assert_eq!(values(&["completion", "z"]), ["zsh"]);
    assert_eq!(values(&["nonsense"]), [""; 0]);
    let plan = ask(&["pla"], false);
    assert_eq!(
        plan.candidates[0].description,
        "Show what could move, to what, and what the policy says about it"
    );
}

#[test]
fn files_are_left_to_the_shell() {
    for (line, directive) in [
        (&["plan", "-f", ""][..], Directive::FILES),
        (&["plan", "--filename="], Directive::FILES),
        (&["plan", "--out", ""], Directive::FILES),
        (&["plan", "--config", ""], Directive::FILES),
        (&["upgrade", "-f", ""], Directive::FILES),
        (&["config", "check", ""], Directive::FILES),
        (&["plan", "--cache-dir", ""], Directive::DIRECTORIES),
        (&["plan", "--constraint", ""], Directive::CLOSED),
        (&["plan", "-f", "x", "deploy/"], Directive::CLOSED),
    ] {
        assert_eq!(ask(line, false), Reply::of(directive), "{line:?}");
    }
}

#[test]
fn the_helm_face_offers_what_it_takes() {
    let values = |line: &[&str]| -> Vec<String> {
        ask(line, true).candidates.into_iter().map(|candidate| candidate.value).collect()
    };
    assert_eq!(values(&["up"]), ["upgrade"]);
    assert_eq!(values(&["--diff-c"]), ["--diff-context"]);
    assert_eq!(values(&["shop", "--reset-t"]), ["--reset-then-reuse-values"]);
    assert_eq!(values(&["plan", "--det"]), ["--detailed-exitcode"]);
    assert_eq!(values(&["shop", "--det"]), [""; 0]);
    assert_eq!(values(&["-o", "y"]), ["yaml"]);
    // helm takes these away and completes them itself.
    for flag in ["--namespace", "--kubeconfig", "--help", "--color"] {
        assert_eq!(values(&["plan", flag]), [""; 0]);
    }
    assert_eq!(values(&["plan", "--context"]), ["--context"]);
}

#[test]
fn every_argument_that_is_looked_up_is_one_of_the_program() {
    use source::Source;
    fn walk(command: &clap::Command, verbs: &mut Vec<String>, into: &mut Vec<(String, Source)>) {
        let names: Vec<&str> = verbs.iter().map(String::as_str).collect();
        for argument in command.get_arguments() {
            let source = Source::of(&names, argument);
            into.push((format!("{} {}", names.join(" "), argument.get_id()), source));
        }
        for verb in command.get_subcommands() {
            verbs.push(verb.get_name().to_owned());
            walk(verb, verbs, into);
            verbs.pop();
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), &mut Vec::new(), &mut found);
    let of = |source: Source| -> Vec<&str> {
        let names = found.iter().filter(|(_, found)| *found == source);
        names.map(|(name, _)| name.trim()).collect()
    };
    assert_eq!(of(Source::Contexts), ["context"]);
    assert_eq!(of(Source::Clusters), ["cluster"]);
    assert_eq!(of(Source::Users), ["user"]);
    assert_eq!(of(Source::Namespaces), ["namespace"]);
    assert_eq!(of(Source::Releases), ["upgrade release"]);
    assert_eq!(of(Source::ChartVersions), ["upgrade version"]);
    assert_eq!(of(Source::Records), ["rollback to", "history show record"]);
    assert_eq!(of(Source::TargetsAndFiles), ["apply subjects", "approve subjects"]);
    assert_eq!(
        of(Source::Targets),
        [
            "plan targets",
            "explain subject",
            "rollback target",
            "resume targets",
            "history target",
            "forget target",
            "list targets",
        ]
    );
}
