//! Reads an index in block style by lines, and hands only the wanted keys of the wanted entries to
//! the YAML parser. Most of an index is never parsed.
//!
//! In YAML whatever stands deeper than a key belongs to that key (or, for a list, on its column). So
//! columns alone tell where charts, entries and keys begin:
//!
//! ```text
//! entries:           column 0: keys of the document
//!   nginx:           C: names of charts
//!   - created: x     I >= C: entries
//!     version: y     K > I: keys of an entry
//! ```
//!
//! A line at one of these columns must look like what belongs there. Whatever else stands there
//! (flow style, tags, anchors, quoted keys with escapes, a tab, a second document) is not guessed
//! at: the scan says that it does not know, and the index is parsed as a whole.

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

use serde_yaml::Error;

use self::line::{Known, Unknown, Value, closes, has_anchor, is_dash, key};
use super::entry::{KEYS, Versions, WireEntry};
use super::read::options;

/// A longer line is not written by a person or Helm.
const MAX_LINE: u64 = 4 << 20;
/// The wanted keys of one entry; more cannot be read.
const MAX_ENTRY: usize = 1 << 20;

/// The wanted charts that an index has.
pub(super) type Found = BTreeMap<Arc<str>, Versions>;

/// Reads an index; none where it has to be parsed as a whole.
pub(super) fn scan(
    text: &mut dyn BufRead,
    wanted: &BTreeSet<Arc<str>>,
) -> io::Result<Option<Found>> {
    let mut scanner = Scanner::new(wanted);
    if text.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    let mut line = Vec::with_capacity(4096);
    loop {
        line.clear();
        if text.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == MAX_LINE || scanner.line(&line).is_err() {
            return Ok(None);
        }
    }
    Ok(scanner.end().ok())
}

/// Where in the document the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first key.
    Start,
    /// Below a key that is not `entries`; whether its value may be a list on its column.
    Elsewhere { list: bool },
    /// Below `entries`, with the column of the names once it is known.
    Entries(Option<usize>),
}

/// The chart that the scan is in.
#[derive(Debug)]
struct Chart {
    /// Its name where it is wanted.
    wanted: Option<Arc<str>>,
    /// Its value stands on the line of its name.
    closed: bool,
    /// The column of its entries.
    column: Option<usize>,
}

/// The entry that the scan is in.
#[derive(Debug, Default)]
struct Entry {
    /// The column of its keys.
    column: Option<usize>,
    /// The wanted lines, moved to the left.
    text: Vec<u8>,
    /// The last key is a wanted one.
    keep: bool,
    /// The value of the last key may be a list on its column.
    list: bool,
    too_long: bool,
}

struct Scanner<'a> {
    wanted: &'a BTreeSet<Arc<str>>,
    found: Found,
    place: Place,
    /// `entries` or `apiVersion` was there: it is an index.
    index: bool,
    entries: bool,
    chart: Option<Chart>,
    entry: Option<Entry>,
    /// The quote of a value at a known column that goes on.
    open: Option<u8>,
    /// `---` was there.
    marked: bool,
}

impl<'a> Scanner<'a> {
    fn new(wanted: &'a BTreeSet<Arc<str>>) -> Self {
        Self {
            wanted,
            found: Found::new(),
            place: Place::Start,
            index: false,
            entries: false,
            chart: None,
            entry: None,
            open: None,
            marked: false,
        }
    }

    fn line(&mut self, line: &[u8]) -> Known<()> {
        let mut line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        // Alone it ends a line as well.
        if line.contains(&b'\r') {
            return Err(Unknown);
        }
        let column = line.iter().take_while(|byte| **byte == b' ').count();
        let rest = &line[column..];
        if rest.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            self.keep(line);
            return Ok(());
        }
        if self.is_inside(column) {
            return self.inside(line);
        }
        match rest[0] {
            b'#' => return Ok(()),
            b'\t' => return Err(Unknown),
            _ if self.open.is_some() => return Err(Unknown),
            _ => {}
        }
        match self.place {
            _ if column == 0 => self.top(rest),
            Place::Entries(names) => self.below_entries(names, column, rest),
            Place::Start | Place::Elsewhere { .. } => Err(Unknown),
        }
    }

    /// Whether a line on that column can only belong to what was begun last.
    fn is_inside(&self, column: usize) -> bool {
        match (self.place, &self.chart, &self.entry) {
            (Place::Start, ..) | (Place::Entries(_), None, _) => false,
            (Place::Elsewhere { .. }, ..) => column > 0,
            (Place::Entries(names), Some(chart), entry) => match (&chart.wanted, entry) {
                (None, _) => names.is_some_and(|names| column > names),
                (Some(_), Some(entry)) => entry.column.is_some_and(|keys| column > keys),
                (Some(_), None) => false,
            },
        }
    }

    fn inside(&mut self, line: &[u8]) -> Known<()> {
        if let Some(quote) = self.open
            && closes(quote, line)?
        {
            self.open = None;
        }
        if self.entry.is_some() && has_anchor(line) {
            return Err(Unknown);
        }
        self.keep(line);
        Ok(())
    }

    /// A line on the first column.
    fn top(&mut self, rest: &[u8]) -> Known<()> {
        if rest.starts_with(b"---") {
            let marker = rest[3..].trim_ascii();
            let bare = self.place == Place::Start && (marker.is_empty() || marker[0] == b'#');
            // Twice is one document too many, which the parser will say.
            let again = std::mem::replace(&mut self.marked, true);
            return if bare && !again { Ok(()) } else { Err(Unknown) };
        }
        if is_dash(rest) {
            let list = self.place == Place::Elsewhere { list: true };
            return if list { Ok(()) } else { Err(Unknown) };
        }
        let (name, value) = key(rest)?;
        self.end_chart()?;
        let begins = Value::of(value)?;
        self.open = begins.open;
        self.place = Place::Elsewhere { list: begins.empty };
        self.index |= matches!(name, b"entries" | b"apiVersion");
        if name == b"entries" {
            if std::mem::replace(&mut self.entries, true) {
                return Err(Unknown);
            }
            match value {
                b"{}" => {}
                _ if begins.empty => self.place = Place::Entries(None),
                _ => return Err(Unknown),
            }
        }
        Ok(())
    }

    fn below_entries(&mut self, names: Option<usize>, column: usize, rest: &[u8]) -> Known<()> {
        let names = names.unwrap_or(column);
        self.place = Place::Entries(Some(names));
        if column == names && !is_dash(rest) {
            return self.name(rest);
        }
        let chart = self.chart.as_mut().filter(|chart| !chart.closed).ok_or(Unknown)?;
        if chart.wanted.is_none() {
            // A list on the column of the names; what is deeper was passed over before.
            return if column == names { Ok(()) } else { Err(Unknown) };
        }
        let entries = *chart.column.get_or_insert(column);
        if column < names {
            return Err(Unknown);
        }
        if column == entries && is_dash(rest) {
            self.end_entry()?;
            let inner = &rest[1..];
            let spaces = inner.iter().take_while(|byte| **byte == b' ').count();
            let inner = &inner[spaces..];
            self.entry = Some(Entry::default());
            return match inner.first() {
                None | Some(b'#') => Ok(()),
                Some(_) => self.key(entries + 1 + spaces, inner),
            };
        }
        if column <= entries {
            return Err(Unknown);
        }
        self.key(column, rest)
    }

    /// The name of a chart.
    fn name(&mut self, rest: &[u8]) -> Known<()> {
        self.end_chart()?;
        let (name, value) = key(rest)?;
        let begins = Value::of(value)?;
        let name = std::str::from_utf8(name).map_err(|_| Unknown)?;
        let wanted = self.wanted.get(name).cloned();
        if let Some(name) = &wanted {
            // Of a chart that stands there twice the last one counts.
            self.found.insert(Arc::clone(name), Versions::default());
            if !begins.empty && value != b"[]" {
                return Err(Unknown);
            }
        }
        self.open = begins.open;
        self.chart = Some(Chart { wanted, closed: !begins.empty, column: None });
        Ok(())
    }

    /// A key of an entry, or an element of the list that is the value of the last one.
    fn key(&mut self, column: usize, rest: &[u8]) -> Known<()> {
        let entry = self.entry.as_mut().ok_or(Unknown)?;
        if *entry.column.get_or_insert(column) != column {
            return Err(Unknown);
        }
        if is_dash(rest) {
            if !entry.list || has_anchor(rest) {
                return Err(Unknown);
            }
        } else {
            let (name, value) = key(rest)?;
            let begins = Value::of(value)?;
            entry.keep = KEYS.iter().any(|key| key.as_bytes() == name);
            entry.list = begins.empty;
            self.open = begins.open;
        }
        entry.push(rest);
        Ok(())
    }

    /// Keeps a line that belongs to the last key, moved to the left like that.
    fn keep(&mut self, line: &[u8]) {
        if let Some(entry) = &mut self.entry {
            let start = entry.column.unwrap_or_default().min(line.len());
            entry.push(&line[start..]);
        }
    }

    fn end_entry(&mut self) -> Known<()> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let Some(name) = self.chart.as_ref().and_then(|chart| chart.wanted.as_ref()) else {
            return Ok(());
        };
        let versions = self.found.get_mut(name).ok_or(Unknown)?;
        let wire = if entry.too_long || entry.column.is_none() { None } else { entry.read()? };
        versions.add(wire);
        Ok(())
    }

    fn end_chart(&mut self) -> Known<()> {
        self.end_entry()?;
        self.chart = None;
        Ok(())
    }

    fn end(mut self) -> Known<Found> {
        if self.open.is_some() {
            return Err(Unknown);
        }
        self.end_chart()?;
        if self.index { Ok(self.found) } else { Err(Unknown) }
    }
}

impl Entry {
    fn push(&mut self, line: &[u8]) {
        if !self.keep {
            return;
        }
        if self.text.len() + line.len() >= MAX_ENTRY {
            self.too_long = true;
            return;
        }
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }

    /// Parses the lines; none where they are no entry.
    fn read(&self) -> Known<Option<WireEntry>> {
        if self.text.is_empty() {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(&self.text) else { return Ok(None) };
        match serde_yaml::from_str_with_options(text, options()) {
            Ok(wire) => Ok(Some(wire)),
            // The anchor may stand in another part of the index.
            Err(error) if matches!(error.without_snippet(), Error::UnknownAnchor { .. }) => {
                Err(Unknown)
            }
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
