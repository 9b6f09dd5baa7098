//! What a shell may put where the cursor stands, in the protocol of Cobra's programs: kubectl and helm
//! ask their plugins in it, each in its own way.
//!
//! ```text
//! call  := program ("__complete" | "__completeNoDesc") word* partial     as Cobra's own programs
//!        | "kubectl_complete-safe_update" word* partial                  as kubectl asks
//! reply := (value ["\t" description] "\n")* ":" directive "\n"
//! ```
//!
//! Three things hold whatever happens. Nothing is written to standard error, because Helm 4 reads it
//! as candidates, and nobody is asked anything. It ends within [`PATIENCE`], with what is known by then. And it ends well: who
//! presses a key has asked for no error, so trouble means no candidates.

mod names;
mod place;
mod published;
mod reply;
mod source;
mod targets;

use std::ffi::OsString;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::CommandFactory as _;

use super::args::Cli;
use super::exit::Exit;
use super::face::{Face, for_helm, normalise};
use super::printer::{Color, Printer, leave_the_terminal};
use place::{Place, Spot};
use reply::{Candidate, Reply};

/// The longest that a shell is kept waiting, the start of the program not counted.
pub const PATIENCE: Duration = Duration::from_millis(950);

/// When look-ups end by themselves: early enough that programs that they started for credentials are
/// ended with them, and not left behind.
const LOOK_UP: Duration = Duration::from_millis(700);

/// The name under which kubectl looks for the program that completes its plugin `safe-update`.
pub const KUBECTL_COMPLETES: &str = "kubectl_complete-safe_update";

/// Flags that Helm completes itself in front of ours: most it takes away before its plugins see them.
const FLAGS_OF_HELM: [&str; 4] = ["--namespace", "--kubeconfig", "--help", "--color"];

/// A question of a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words after the name of the program or plugin, without the one under the cursor.
    words: Vec<String>,
    /// The word under the cursor, as far as it is typed.
    partial: String,
    /// Whether the shell shows descriptions.
    described: bool,
    /// The words follow the rule of the Helm face.
    is_helm: bool,
}

/// How names are looked up.
#[derive(Debug, Clone, Copy)]
struct Looking {
    /// The connection may come from Helm's variables.
    is_helm: bool,
    /// What is not known by then is not told.
    until: Instant,
}

impl Question {
    /// The question that the arguments of the process are, the program's name first; none when
    /// they are a command.
    pub fn read(arguments: &[OsString], face: &Face) -> Option<Self> {
        let program = arguments.first().map(Path::new).and_then(Path::file_stem);
        let (words, described, is_helm) = if program.is_some_and(|name| name == KUBECTL_COMPLETES) {
            (arguments.get(1..)?, true, false)
        } else {
            let described = match arguments.get(1)?.to_str()? {
                "__complete" => true,
                "__completeNoDesc" => false,
                _ => return None,
            };
            (arguments.get(2..)?, described, face.is_helm)
        };
        // A word that is no text names nothing that is looked up here.
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let (partial, words) = words.split_last().map_or_else(
            || (String::new(), Vec::new()),
            |(partial, words)| {
                let words = normalise(words.iter().cloned());
                (text(partial), words.iter().map(text).collect())
            },
        );
        Some(Self { words, partial, described, is_helm })
    }
}

/// Answers on standard output.
pub fn answer(question: Question) -> Exit {
    leave_the_terminal();
    // A thread that panics says so on standard error, also where that cannot be closed.
    std::panic::set_hook(Box::new(|_| {}));
    let described = question.described;
    let looking = Looking { is_helm: question.is_helm, until: Instant::now() + LOOK_UP };
    let (send, receive) = mpsc::channel();
    // On a thread of its own, which is left behind when it takes too long: files may lie on a disk
    // that hangs.
    std::thread::spawn(move || send.send(reply(&question, looking)));
    let reply = receive.recv_timeout(PATIENCE).unwrap_or_default();
    let printer = Printer::new(Color::Never, true, false);
    // Who asked may have gone away.
    let _ = printer.data(&reply.written(described));
    Exit::Done
}

fn reply(question: &Question, looking: Looking) -> Reply {
    let mut command = Cli::command();
    command.build();
    let (words, verbs_too) = if question.is_helm {
        as_helm_means(&question.words, &command)
    } else {
        (question.words.clone(), false)
    };
    let place = Place::find(&command, &words, &question.partial);
    let mut reply = match &place.spot {
        Spot::Flag => Reply::closed(flags(&place, question.is_helm)),
        Spot::Value { argument, partial, .. } => source::reply(&place, argument, partial, looking),
        Spot::Word { argument, verb } => {
            let mut verbs = if *verb { verbs(place.command) } else { Vec::new() };
            if verbs_too {
                verbs.extend(self::verbs(&command));
            }
            match argument {
                Some(argument) => {
                    let mut reply = source::reply(&place, argument, &question.partial, looking);
                    reply.candidates.splice(0..0, verbs);
                    reply
                }
                None => Reply::closed(verbs),
            }
        }
        Spot::Nowhere => Reply::default(),
    };
    reply.keep_beginning_with(&place.spot, &question.partial);
    reply
}

/// The words as the Helm face reads them, and whether the next one may also be a verb.
fn as_helm_means(words: &[String], command: &clap::Command) -> (Vec<String>, bool) {
    let typed = std::iter::once("helm").chain(words.iter().map(String::as_str));
    let meant = for_helm(typed.map(OsString::from).collect(), command);
    let open = words.iter().all(|word| word.starts_with('-'));
    (meant.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect(), open)
}

fn verbs(command: &clap::Command) -> Vec<Candidate> {
    command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| Candidate::about(verb.get_name(), verb.get_about()))
        .collect()
}

/// The flags that may still be given; the short ones only to who asks for them.
fn flags(place: &Place<'_>, is_helm: bool) -> Vec<Candidate> {
    let mut flags = Vec::new();
    let mut shorts = Vec::new();
    for argument in place.command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        if place.is_typed_for_good(argument) {
            continue;
        }
        if let Some(long) = argument.get_long() {
            flags.push(Candidate::about(format!("--{long}"), argument.get_help()));
        }
        if let Some(short) = argument.get_short() {
            shorts.push(Candidate::about(format!("-{short}"), argument.get_help()));
        }
    }
    flags.retain(|flag| !is_helm || !FLAGS_OF_HELM.contains(&flag.value.as_str()));
    shorts.retain(|flag| !is_helm || !["-n", "-h"].contains(&flag.value.as_str()));
    flags.extend(shorts);
    flags
}

#[cfg(test)]
mod tests;
