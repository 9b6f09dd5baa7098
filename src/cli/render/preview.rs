//! The preview of a release's upgrade for people: what a decision needs first, then the difference of
//! every object in the manner of helm-diff.

use std::fmt::{Display, Write as _};

use owo_colors::Style;

use super::escape::escape;
use super::styles::Styles;
use crate::domain::diff::LineTag;
use crate::domain::preview::{
    Change, Danger, Fields, Ground, Mismatch, ObjectChange, Permission, Preview, Size, Summary,
};

/// A heading that may run long shows this many lines; JSON has all.
const LINES_MAX: usize = 50;
/// Fields of one object that are named.
const PATHS_MAX: usize = 5;

/// Lines of context as people write them: a number, or -1 for all.
pub fn context(lines: i64) -> Option<usize> {
    usize::try_from(lines).ok()
}

/// The summary alone, for where something else shows the objects.
pub fn summary_text(preview: &Preview, styles: &Styles) -> String {
    summary(&preview.summary, styles)
}

/// The whole preview as text.
pub fn text(preview: &Preview, styles: &Styles) -> String {
    let mut text = summary(&preview.summary, styles);
    if preview.is_empty() {
        section(&mut text, "No object changes", &[], styles);
        return text;
    }
    section(&mut text, "Objects", &[counts(preview)], styles);
    let lists = [
        (None, &preview.objects),
        (Some("Hooks"), &preview.hooks),
        (Some("Definitions of kinds"), &preview.crds),
    ];
    for (title, changes) in lists {
        if changes.is_empty() {
            continue;
        }
        if let Some(title) = title {
            section(&mut text, title, &[], styles);
        }
        for change in changes {
            text.push('\n');
            object(&mut text, change, styles);
        }
    }
    text
}

/// Why a release does not stand on the chart that is said to be installed; empty when it does.
pub fn ground(ground: &Ground, styles: &Styles) -> String {
    let Ground::Differs(found) = ground else { return String::new() };
    let lines: Vec<_> = found
        .iter()
        .map(|each| {
            let how = match &each.mismatch {
                Mismatch::OnlyStored => "the chart does not make it".to_owned(),
                Mismatch::OnlyRendered => "it is not in the release".to_owned(),
                Mismatch::Paths(paths) => some(paths),
            };
            Line::plain(format!("{}: {how}", each.key))
        })
        .collect();
    let mut text = String::new();
    section(&mut text, "The installed chart makes something else", &lines, styles);
    text
}

/// A line of the summary, and its colour.
struct Line {
    text: String,
    style: Style,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { text, style: Style::new() }
    }
}

fn section(text: &mut String, title: &str, lines: &[Line], styles: &Styles) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}", styles.heading.style(title));
    for line in lines {
        let _ = writeln!(text, "  {}", line.style.style(escape(&line.text)));
    }
}

fn summary(summary: &Summary, styles: &Styles) -> String {
    let sections = [
        ("Images", images(summary, styles), LINES_MAX),
        ("Replicas", replicas(summary), LINES_MAX),
        ("Resources", resources(summary), LINES_MAX),
        ("Permissions", permissions(summary, styles), usize::MAX),
        ("Deleted", deleted(summary, styles), usize::MAX),
        ("Would fail", refused(summary, styles), usize::MAX),
        ("Changes at every render", volatile(summary), LINES_MAX),
        ("Values", values(summary, styles), LINES_MAX),
    ];
    let mut text = String::new();
    for (title, mut lines, most) in sections {
        if lines.is_empty() {
            continue;
        }
        if let Some(more) = lines.len().checked_sub(most).filter(|more| *more > 0) {
            lines.truncate(most);
            lines.push(Line { text: format!("and {more} more"), style: styles.faint });
        }
        section(&mut text, title, &lines, styles);
    }
    text
}

/// Old and new value; `none` for nothing.
fn step(from: Option<impl Display>, to: Option<impl Display>) -> String {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let (from, to) = (from.map(|from| from.to_string()), to.map(|to| to.to_string()));
    format!("{} -> {}", shown(from), shown(to))
}

fn images(summary: &Summary, styles: &Styles) -> Vec<Line> {
    let line = |image: &crate::domain::preview::ImageStep| {
        let change = match (&image.from, &image.to) {
            (None, Some(to)) => format!("{to} (new)"),
            (Some(from), None) => format!("{from} (goes)"),
            (from, to) => step(from.as_ref(), to.as_ref()),
        };
        let size = match image.size {
            Some(Size::Up(bump)) => format!(" ({bump})"),
            Some(Size::Down(bump)) => format!(" ({bump}, to an older version)"),
            None => String::new(),
        };
        let init = if image.init { " (init)" } else { "" };
        let down = matches!(image.size, Some(Size::Down(_)));
        Line {
            text: format!("{}, {}{init}: {change}{size}", image.key, image.container),
            style: if down { styles.held } else { Style::new() },
        }
    };
    summary.images.iter().map(line).collect()
}

fn replicas(summary: &Summary) -> Vec<Line> {
    let steps = summary.replicas.iter();
    steps.map(|each| Line::plain(format!("{}: {}", each.key, step(each.from, each.to)))).collect()
}

fn resources(summary: &Summary) -> Vec<Line> {
    let line = |each: &crate::domain::preview::ResourceStep| {
        let amounts = step(each.from.as_ref(), each.to.as_ref());
        Line::plain(format!("{}, {}: {} {amounts}", each.key, each.container, each.resource))
    };
    summary.resources.iter().map(line).collect()
}

fn permissions(summary: &Summary, styles: &Styles) -> Vec<Line> {
    let line = |each: &Permission| {
        let dangers: Vec<_> = each
            .rule
            .dangers
            .iter()
            .map(|danger| match danger {
                Danger::Wildcard => "wildcard",
                Danger::Secrets => "access to secrets",
                Danger::Escalation => "can give itself more",
            })
            .collect();
        let called = each.added && !dangers.is_empty();
        let mark = if called { format!(" ({})", dangers.join("; ")) } else { String::new() };
        let whole = match (each.whole, each.added) {
            (true, true) => " (new)",
            (true, false) => " (goes)",
            (false, _) => "",
        };
        let sign = if each.added { '+' } else { '-' };
        Line {
            text: format!("{sign} {}{whole}: {}{mark}", each.key, each.rule.text),
            style: if called { styles.blocked } else { Style::new() },
        }
    };
    summary.permissions.iter().map(line).collect()
}

fn deleted(summary: &Summary, styles: &Styles) -> Vec<Line> {
    let gone = summary.deleted.iter().map(|each| match each.danger {
        Some(danger) => Line { text: format!("{}: {danger}", each.key), style: styles.blocked },
        None => Line::plain(each.key.to_string()),
    });
    let kept = summary.kept.iter().map(|key| Line {
        text: format!("{key}: stays in the cluster (helm.sh/resource-policy: keep)"),
        style: styles.faint,
    });
    gone.chain(kept).collect()
}

fn refused(summary: &Summary, styles: &Styles) -> Vec<Line> {
    let lines = summary.refused.iter().map(|each| {
        let values = match (&each.from, &each.to) {
            (None, None) => String::new(),
            (from, to) => format!(" ({})", step(from.as_ref(), to.as_ref())),
        };
        let text = format!("{}: {} cannot be changed{values}", each.key, each.path);
        Line { text, style: styles.blocked }
    });
    lines.collect()
}

fn volatile(summary: &Summary) -> Vec<Line> {
    let lines = summary.volatile.iter().map(|each| {
        Line::plain(match &each.fields {
            Fields::Whole => format!("{}: it has another name each time", each.key),
            Fields::Paths(paths) => format!("{}: {}", each.key, some(paths)),
        })
    });
    lines.collect()
}

fn values(summary: &Summary, styles: &Styles) -> Vec<Line> {
    let gone = summary.values.gone.iter().map(|path| Line {
        text: format!("{path}: you set it, but the new chart has no such value"),
        style: styles.held,
    });
    let moved = summary.values.moved.iter().map(|each| {
        let values = step(each.from.as_ref(), each.to.as_ref());
        Line::plain(format!("{}: {values} (the chart's default)", each.path))
    });
    gone.chain(moved).collect()
}

fn some(paths: &[String]) -> String {
    let mut text = paths.iter().take(PATHS_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = paths.len().checked_sub(PATHS_MAX).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    text
}

fn counts(preview: &Preview) -> Line {
    let count = |wanted: Change| {
        let all = [&preview.objects, &preview.hooks, &preview.crds].into_iter().flatten();
        all.filter(|change| change.change == wanted).count()
    };
    let words =
        [(Change::Added, "to add"), (Change::Changed, "to change"), (Change::Removed, "to delete")];
    let parts: Vec<_> =
        words.iter().map(|(change, word)| format!("{} {word}", count(*change))).collect();
    Line::plain(parts.join(", "))
}

fn object(text: &mut String, change: &ObjectChange, styles: &Styles) {
    let key = &change.key;
    // As helm-diff has it: the group, or the version where there is no group.
    let api = if key.group.is_empty() { &change.api_version } else { &key.group };
    let namespace = key.namespace.as_deref().map(|name| format!("{name}, ")).unwrap_or_default();
    let (style, what) = match change.change {
        Change::Added => (styles.added, "has been added:"),
        Change::Removed => (styles.removed, "has been removed:"),
        Change::Changed => (styles.held, "has changed:"),
    };
    let hook = change.hook.as_ref().map(|hook| format!(" [{hook}]")).unwrap_or_default();
    let head = format!("{namespace}{}, {} ({api}){hook} {what}", key.name, key.kind);
    let _ = writeln!(text, "{}", style.style(escape(&head)));
    if !change.template.is_empty() {
        let source = format!("  # Source: {}", change.template);
        let _ = writeln!(text, "{}", styles.faint.style(escape(&source)));
    }
    let mut line = 1;
    for hunk in &change.diff.hunks {
        let start = first_line(&hunk.header);
        if start > line {
            text.push_str("...\n");
        }
        for each in &hunk.lines {
            let (style, sign) = match each.tag {
                LineTag::Context => (Style::new(), ' '),
                LineTag::Removed => (styles.removed, '-'),
                LineTag::Added => (styles.added, '+'),
            };
            let content = format!("{sign} {}", escape(&each.text));
            let _ = writeln!(text, "{}", style.style(content.trim_end()));
        }
        let old = hunk.lines.iter().filter(|each| each.tag != LineTag::Added).count();
        line = start + old;
    }
    if change.hidden > 0 {
        let _ = writeln!(text, "... {} more lines", change.hidden);
    }
}

/// Where a hunk begins in the old text: 12 of `@@ -12,7 +12,8 @@`.
fn first_line(header: &str) -> usize {
    let digits = header.trim_start_matches("@@ -").split([',', ' ']).next().unwrap_or_default();
    digits.parse().unwrap_or(1)
}

#[cfg(test)]
mod tests;
