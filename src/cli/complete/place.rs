//! Where on the command line the cursor stands: behind which verbs, at a flag, at its value, at a
//! word. Walks the commands of clap, because a line that is not finished parses to nothing. Pure.

use clap::{Arg, ArgAction, Command};

/// What stands under the cursor.
#[derive(Debug, Clone)]
pub(super) enum Spot<'a> {
    /// A flag.
    Flag,
    /// The value of a flag, or what is typed of it.
    Value {
        /// The flag.
        argument: &'a Arg,
        /// What stands before the value in the same word and belongs to the candidates: the `-n` of
        /// `-nweb`. Of `--namespace=web` it is nothing, because shells of Cobra's take that away.
        before: &'a str,
        /// What is typed of the value.
        partial: &'a str,
    },
    /// A word: a verb where the command has some, or what it is about.
    Word {
        /// The argument that takes it; none where only a verb can stand, or nothing.
        argument: Option<&'a Arg>,
        /// Whether a verb can stand there.
        verb: bool,
    },
    /// Nothing that is known.
    Nowhere,
}

/// The cursor, and what stands before it.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The verb that was reached.
    pub(super) command: &'a Command,
    /// The names of the verbs that lead to it.
    pub(super) verbs: Vec<&'a str>,
    /// What stands under the cursor.
    pub(super) spot: Spot<'a>,
    typed: Vec<Typed<'a>>,
}

/// An argument that was typed.
#[derive(Debug)]
struct Typed<'a> {
    argument: &'a Arg,
    value: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Walks the words. The command must have been built, so that flags of all verbs are known to
    /// each of them.
    pub(super) fn find(command: &'a Command, words: &'a [String], partial: &'a str) -> Self {
        let mut place = Self { command, verbs: Vec::new(), spot: Spot::Nowhere, typed: Vec::new() };
        let mut waiting = None;
        let mut position = 0;
        let mut only_words = false;
        for word in words {
            if let Some(argument) = waiting.take() {
                place.typed.push(Typed { argument, value: Some(word) });
            } else if only_words || !word.starts_with('-') || word == "-" {
                let verb = (position == 0 && !only_words)
                    .then(|| place.command.find_subcommand(word))
                    .flatten();
                if let Some(verb) = verb {
                    place.command = verb;
                    place.verbs.push(verb.get_name());
                } else {
                    if let Some(argument) = positional(place.command, position) {
                        place.typed.push(Typed { argument, value: Some(word) });
                    }
                    position += 1;
                }
            } else if word == "--" {
                only_words = true;
            } else {
                waiting = place.take_flags(word);
            }
        }
        place.spot = match waiting {
            Some(argument) => Spot::Value { argument, before: "", partial },
            None if only_words || !partial.starts_with('-') => {
                let verb = position == 0 && !only_words;
                Spot::Word { argument: positional(place.command, position), verb }
            }
            None => place.inside_flag(partial),
        };
        place
    }

    /// Reads one word of flags; gives the flag whose value is the next word.
    fn take_flags(&mut self, word: &'a str) -> Option<&'a Arg> {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let argument = self.long(name)?;
            if value.is_none() && takes_next_word(argument) {
                return Some(argument);
            }
            self.typed.push(Typed { argument, value });
            return None;
        }
        let letters = word.strip_prefix('-')?;
        for (at, letter) in letters.char_indices() {
            let argument = self.short(letter)?;
            let rest = &letters[at + letter.len_utf8()..];
            if takes_value(argument) && (!rest.is_empty() || takes_next_word(argument)) {
                if rest.is_empty() {
                    return Some(argument);
                }
                let value = rest.strip_prefix('=').unwrap_or(rest);
                self.typed.push(Typed { argument, value: Some(value) });
                return None;
            }
            self.typed.push(Typed { argument, value: None });
        }
        None
    }

    /// The cursor in a word that begins with a dash.
    fn inside_flag(&self, partial: &'a str) -> Spot<'a> {
        let found = if let Some(long) = partial.strip_prefix("--") {
            let Some((name, value)) = long.split_once('=') else {
                return Spot::Flag;
            };
            self.long(name).map(|argument| (argument, "", value))
        } else {
            let mut letters = partial.char_indices().skip(1);
            let Some((at, letter)) = letters.next() else {
                return Spot::Flag;
            };
            let (before, value) = partial.split_at(at + letter.len_utf8());
            if value.is_empty() {
                return Spot::Flag;
            }
            let before_value = value.strip_prefix('=').map_or((before, value), |value| ("", value));
            self.short(letter).map(|argument| (argument, before_value.0, before_value.1))
        };
        match found {
            Some((argument, before, partial)) if takes_value(argument) => {
                Spot::Value { argument, before, partial }
            }
            _ => Spot::Nowhere,
        }
    }

    /// The values that were typed for an argument, by its name in the code.
    pub(super) fn values(&self, id: &str) -> impl Iterator<Item = &'a str> {
        self.typed
            .iter()
            .filter(move |typed| typed.argument.get_id() == id)
            .filter_map(|typed| typed.value)
    }

    /// Whether a flag was typed.
    pub(super) fn has(&self, id: &str) -> bool {
        self.typed.iter().any(|typed| typed.argument.get_id() == id)
    }

    /// Whether it was typed and cannot be repeated.
    pub(super) fn is_typed_for_good(&self, argument: &Arg) -> bool {
        let again = matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
        !again && self.has(argument.get_id().as_str())
    }

    /// The flags of every verb that were typed, as one would type them with any verb.
    pub(super) fn global_flags(&self) -> Vec<String> {
        let global = self.typed.iter().filter(|typed| typed.argument.is_global_set());
        global
            .filter_map(|typed| {
                let long = typed.argument.get_long()?;
                Some(match typed.value {
                    Some(value) => format!("--{long}={value}"),
                    None => format!("--{long}"),
                })
            })
            .collect()
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|argument| argument.get_long() == Some(name))
    }

    fn short(&self, letter: char) -> Option<&'a Arg> {
        self.command.get_arguments().find(|argument| argument.get_short() == Some(letter))
    }
}

fn takes_value(argument: &Arg) -> bool {
    argument.get_action().takes_values()
}

/// Whether the value may stand in a word of its own.
fn takes_next_word(argument: &Arg) -> bool {
    takes_value(argument) && !argument.is_require_equals_set()
}

/// The argument that takes the word at a position, counted from zero; the last one may take several.
fn positional(command: &Command, position: usize) -> Option<&Arg> {
    let several = |argument: &Arg| matches!(argument.get_action(), ArgAction::Append);
    let last = command.get_positionals().last()?;
    command.get_positionals().nth(position).or_else(|| several(last).then_some(last))
}

#[cfg(test)]
mod tests;
