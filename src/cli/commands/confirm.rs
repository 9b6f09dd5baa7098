//! The questions of `apply` on a terminal: once for all that needs nobody, one by one for what needs
//! a yes.

use std::collections::BTreeSet;

use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::domain::plan::Plan;

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Yes,
    No,
    Diff,
    All,
    Quit,
}

/// Asks about rows of a plan: `auto` together, `ask` one by one. `shown` says what some rows change.
/// The accepted rows.
///
/// # Errors
/// Standard input cannot be read.
pub fn confirm(
    plan: &Plan,
    auto: &[usize],
    ask: &[usize],
    shown: &dyn Fn(&BTreeSet<usize>) -> String,
    printer: &Printer,
) -> Result<Vec<usize>, CommandError> {
    let mut taken = Vec::new();
    let show = |rows: &[usize]| printer.data(&shown(&rows.iter().copied().collect()));
    if !auto.is_empty() {
        let what = match auto.len() {
            1 => "Apply the update that needs no review?".to_owned(),
            count => format!("Apply the {count} updates that need no review?"),
        };
        loop {
            match question(printer, &what, "y, n, d for the diff, q")? {
                Reply::Yes | Reply::All => taken.extend(auto),
                Reply::Diff => {
                    show(auto)?;
                    continue;
                }
                Reply::Quit => return Ok(Vec::new()),
                Reply::No => {}
            }
            break;
        }
    }
    let mut all = false;
    for row in ask {
        if all {
            taken.push(*row);
            continue;
        }
        let proposal = &plan.proposals[*row];
        let (workload, slot) = plan.target(proposal);
        let Some(offer) = &proposal.candidate else { continue };
        let what = format!(
            "{}: {} to {} ({})?",
            escape(&workload.target_id(slot)),
            escape(&slot.image.described()),
            escape(&slot.image.shown(&offer.tag)),
            escape(&proposal.reasons.join("; ")),
        );
        loop {
            match question(printer, &what, "y, n, d for the diff, a for all, q")? {
                Reply::Yes => taken.push(*row),
                Reply::All => {
                    all = true;
                    taken.push(*row);
                }
                Reply::Diff => {
                    show(&[*row])?;
                    continue;
                }
                Reply::Quit => return Ok(Vec::new()),
                Reply::No => {}
            }
            break;
        }
    }
    taken.sort_unstable();
    Ok(taken)
}

/// Asks a question that only yes answers.
///
/// # Errors
/// Standard input cannot be read.
pub fn agrees(printer: &Printer, what: &str) -> Result<bool, CommandError> {
    Ok(question(printer, what, "y, n")? == Reply::Yes)
}

fn question(printer: &Printer, what: &str, replies: &str) -> Result<Reply, CommandError> {
    loop {
        let Some(line) = printer.ask(&format!("{what} [{replies}] "))? else {
            // The end of the input is no yes.
            return Ok(Reply::Quit);
        };
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Ok(Reply::Yes),
            "n" | "no" | "" => return Ok(Reply::No),
            "d" | "diff" => return Ok(Reply::Diff),
            "a" | "all" => return Ok(Reply::All),
            "q" | "quit" => return Ok(Reply::Quit),
            _ => printer.say(&format!("Answer with one of: {replies}.")),
        }
    }
}
