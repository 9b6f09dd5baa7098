//! What a pod shows: what can never work, what may still pass, and whether the new version ran at
//! all. Only new pods that are not ending count.

use super::{Container, Ended, Failure, FailureCode, Pod, Seen, State, Wanted};
use crate::domain::change::SlotId;
use crate::domain::image::ImageReference;
use crate::domain::inventory::SlotKind;

/// The most that is told of a server's words.
const TEXT_MAX: usize = 600;

/// Something that is wrong with a container.
struct Fault<'a> {
    code: FailureCode,
    text: String,
    /// Waiting does not mend it.
    last: bool,
    /// The container, where it is one that was edited.
    slot: Option<&'a SlotId>,
}

/// The pods that are judged.
pub(super) fn judged(seen: &Seen) -> impl Iterator<Item = &Pod> {
    seen.pods.iter().filter(|pod| !pod.ending)
}

/// What shows that the new version cannot work. An edited container goes before others; where more
/// than one is at fault, none is named, because it is not clear which one is the cause.
pub(super) fn failure(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    let mut faults: Vec<Fault<'_>> = faults(seen, wanted).filter(|fault| fault.last).collect();
    faults.sort_by_key(|fault| fault.slot.is_none());
    let slot = faults.first()?.slot;
    let alone = faults.iter().all(|fault| fault.slot.is_none() || fault.slot == slot);
    let first = faults.into_iter().next()?;
    Some(Failure {
        code: first.code,
        message: first.text,
        never_ran: never_ran(seen, wanted),
        slot: slot.filter(|_| alone).cloned(),
    })
}

/// What holds new pods up without being their end: the code that it has when the time is up, and
/// what it is.
pub(super) fn slow(seen: &Seen, wanted: &Wanted<'_>) -> Option<(FailureCode, String)> {
    if let Some(fault) = faults(seen, wanted).find(|fault| !fault.last) {
        return Some((fault.code, fault.text));
    }
    judged(seen).find_map(|pod| {
        let why = pod.unschedulable.as_ref()?;
        Some((FailureCode::Unschedulable, format!("no node takes pod {}: {}", pod.name, cut(why))))
    })
}

/// A new pod that is not ready, with what its containers do.
pub(super) fn unready(seen: &Seen) -> Option<String> {
    let pod = judged(seen).find(|pod| !pod.ready)?;
    let containers = pod.containers.iter().map(|container| {
        let Container { slot, state, .. } = container;
        match state {
            State::Waiting { reason, .. } if reason.is_empty() => format!("{slot} waits"),
            State::Waiting { reason, .. } => format!("{slot} waits ({reason})"),
            State::Running => format!("{slot} runs"),
            State::Ended(ended) => format!("{slot} ended ({})", ended.reason),
        }
    });
    let containers: Vec<String> = containers.collect();
    Some(format!("pod {} is not ready: {}", pod.name, containers.join(", ")))
}

fn faults<'a>(seen: &'a Seen, wanted: &'a Wanted<'_>) -> impl Iterator<Item = Fault<'a>> {
    judged(seen).flat_map(move |pod| {
        let failed = pod.failed.as_ref().filter(|why| !is_of_the_node(why)).map(|why| Fault {
            code: FailureCode::Crash,
            text: format!("pod {} failed: {}", pod.name, cut(why)),
            last: true,
            slot: None,
        });
        let of_containers = pod.containers.iter().filter_map(move |container| {
            let (code, last) = fault(container)?;
            let slot = Some(&container.slot).filter(|slot| wanted.is_edited(slot));
            Some(Fault { code, text: told(pod, container), last, slot })
        });
        of_containers.chain(failed)
    })
}

/// The code of what is wrong with a container, and whether waiting does not mend it.
fn fault(container: &Container) -> Option<(FailureCode, bool)> {
    let cannot_start = |ended: &Ended| ended.code == 128;
    match &container.state {
        State::Waiting { reason, message } => match &**reason {
            "CrashLoopBackOff" => Some((FailureCode::Crash, true)),
            "InvalidImageName" => Some((FailureCode::ImagePull, true)),
            "ErrImagePull"
            | "ImagePullBackOff"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => Some(pull_failure(message, &container.image)),
            "CreateContainerConfigError" => {
                let words = message.to_ascii_lowercase();
                let syncing = words.contains("failed to sync") && words.contains("cache");
                Some((FailureCode::Config, !syncing))
            }
            "CreateContainerError" => {
                // A busy runtime, not the container.
                let words = message.to_ascii_lowercase();
                let busy = words.contains("deadline exceeded") || words.contains("reserve");
                Some((FailureCode::Config, !busy))
            }
            // Exit code 128 comes from the runtime; what stays broken becomes a crash loop.
            "RunContainerError" => {
                Some((FailureCode::Crash, !container.last.as_ref().is_some_and(cannot_start)))
            }
            _ => None,
        },
        State::Ended(ended) if &*ended.reason == "ContainerCannotRun" && !cannot_start(ended) => {
            Some((FailureCode::Crash, true))
        }
        State::Running | State::Ended(_) => None,
    }
}

/// What the words of a failed pull say, and whether no further try will go better. The name of the image
/// is part of the words and says nothing.
pub(super) fn pull_failure(message: &str, image: &str) -> (FailureCode, bool) {
    let mut words = message.to_ascii_lowercase().replace(&image.to_ascii_lowercase(), "");
    if let Ok(reference) = image.parse::<ImageReference>() {
        words = words.replace(reference.repository().path(), "");
    }
    let says = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    // A registry that hides what is there says "denied" of what is not, too: both words at once leave it
    // open, and it had the image when it was asked before the write.
    let denied = [
        "unauthorized",
        "denied",
        "403 forbidden",
        "authorization failed",
        "no basic auth credentials",
    ];
    let absent = [
        "not found",
        "manifest unknown",
        "name unknown",
        "does not exist",
        "invalidimagename",
        "invalid reference format",
    ];
    if says(&denied) {
        (FailureCode::PullDenied, true)
    } else {
        (FailureCode::ImagePull, says(&absent))
    }
}

/// Whether a pod failed through its node and not through what it ran. (An eviction counts: it
/// strikes the pod that uses more than it asked for.)
fn is_of_the_node(why: &str) -> bool {
    let word = why.split([':', ' ']).next().unwrap_or_default();
    matches!(
        word,
        "Terminated"
            | "NodeShutdown"
            | "Shutdown"
            | "NodeLost"
            | "NodeAffinity"
            | "Preempting"
            | "UnexpectedAdmissionError"
    ) || word.starts_with("OutOf")
}

/// Whether no container of an edited slot ever ran in a new pod, ending ones included. An edited
/// volume runs with any container of its pod. A new pod that is counted and not seen may have run.
pub(super) fn never_ran(seen: &Seen, wanted: &Wanted<'_>) -> bool {
    if u32::try_from(seen.pods.len()).is_ok_and(|pods| pods < seen.counts.updated) {
        return false;
    }
    let volume = wanted.edits.iter().any(|edit| edit.slot.kind == SlotKind::Volume);
    let containers = seen.pods.iter().flat_map(|pod| &pod.containers);
    let mut edited = containers.filter(|container| volume || wanted.is_edited(&container.slot));
    !edited.any(ran)
}

fn ran(container: &Container) -> bool {
    let really = |ended: &Ended| !matches!(&*ended.reason, "StartError" | "ContainerCannotRun");
    match &container.state {
        State::Running => true,
        State::Ended(ended) if really(ended) => true,
        State::Waiting { .. } | State::Ended(_) => match &container.last {
            Some(ended) => really(ended),
            None => container.restarts > 0,
        },
    }
}

/// A container with its pod, its state and how it ended the last time.
pub(super) fn told(pod: &Pod, container: &Container) -> String {
    let kind = match container.slot.kind {
        SlotKind::InitContainer => "init container",
        SlotKind::Container | SlotKind::EphemeralContainer | SlotKind::Volume | SlotKind::Chart => {
            "container"
        }
    };
    let state = match &container.state {
        // The message of a crash loop tells only how long the pause is.
        State::Waiting { reason, .. } if &**reason == "CrashLoopBackOff" => reason.to_string(),
        State::Waiting { reason, message } if message.is_empty() => reason.to_string(),
        State::Waiting { reason, message } => format!("{reason}: {}", cut(message)),
        State::Running => "running".into(),
        State::Ended(ended) => format!("ended with {}", ending(ended)),
    };
    let last =
        container.last.as_ref().map(|ended| format!("; it last ended with {}", ending(ended)));
    format!("{kind} {} of pod {}: {state}{}", container.slot, pod.name, last.unwrap_or_default())
}

fn ending(ended: &Ended) -> String {
    let Ended { code, reason, message } = ended;
    if message.trim().is_empty() {
        return format!("exit code {code} ({reason})");
    }
    format!("exit code {code} ({reason}): {}", tail(message))
}

/// The beginning of a text from outside.
pub(super) fn cut(text: &str) -> &str {
    let text = text.trim();
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The end of a text: what a program says last is why it ended.
fn tail(text: &str) -> &str {
    let text = text.trim();
    let begin = text.char_indices().rev().nth(TEXT_MAX - 1);
    begin.map_or(text, |(begin, _)| &text[begin..])
}
