//! What stands on one line of an index: keys, the beginning of values, quotes and anchors.

/// Something that the scan does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown;

pub(super) type Known<T> = Result<T, Unknown>;

/// How a value begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    /// It stands on the next lines, if anywhere.
    pub(super) empty: bool,
    /// The quote that is not closed on its line.
    pub(super) open: Option<u8>,
}

impl Value {
    pub(super) fn of(value: &[u8]) -> Known<Self> {
        match value.first() {
            None => Ok(Self { empty: true, open: None }),
            Some(b'&' | b'*' | b'!' | b'?' | b'@' | b'`' | b'%') => Err(Unknown),
            Some(quote @ (b'"' | b'\'')) => {
                let open = !closes(*quote, &value[1..])?;
                Ok(Self { empty: false, open: open.then_some(*quote) })
            }
            Some(_) => Ok(Self { empty: false, open: None }),
        }
    }
}

/// Whether a quoted text ends on a line. Nothing but a comment may follow it there.
pub(super) fn closes(quote: u8, line: &[u8]) -> Known<bool> {
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match *byte {
            b'\\' if quote == b'"' => at += 1,
            b'\'' if quote == b'\'' && line.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => {
                let after = &line[at + 1..];
                let after = after.trim_ascii_start();
                return match after.first() {
                    None | Some(b'#') => Ok(true),
                    Some(_) => Err(Unknown),
                };
            }
            _ => {}
        }
        at += 1;
    }
    Ok(false)
}

pub(super) fn is_dash(rest: &[u8]) -> bool {
    matches!(rest, [b'-'] | [b'-', b' ', ..])
}

/// A key and the beginning of its value. Keys of plain characters only, quoted or not.
pub(super) fn key(rest: &[u8]) -> Known<(&[u8], &[u8])> {
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    let (name, after) = if let quote @ (b'"' | b'\'') = rest[0] {
        let length = rest[1..].iter().take_while(|byte| plain(byte)).count();
        let after = rest[1 + length..].strip_prefix(&[quote]).ok_or(Unknown)?;
        (&rest[1..=length], after)
    } else {
        let length = rest.iter().take_while(|byte| plain(byte)).count();
        let name = &rest[..length];
        if name.is_empty() || name[0] == b'-' || is_null(name) {
            return Err(Unknown);
        }
        (name, &rest[length..])
    };
    let value = after.strip_prefix(b":").ok_or(Unknown)?;
    match value.first() {
        None | Some(b' ') => {}
        Some(_) => return Err(Unknown),
    }
    let value = value.trim_ascii();
    // A comment; behind a key there is always a space before it.
    Ok((name, if value.first() == Some(&b'#') { b"" } else { value }))
}

fn is_null(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"null")
}

/// Whether a line may set an anchor. A `&` in a text with a space before and none behind it counts
/// too, where it follows what a value can follow.
pub(super) fn has_anchor(line: &[u8]) -> bool {
    line.contains(&b'&')
        && line.iter().enumerate().any(|(at, byte)| {
            let before = line[..at].trim_ascii_end();
            let spaced = before.len() < at || at == 0;
            *byte == b'&'
                && (spaced && before.last().is_none_or(|last| matches!(last, b':' | b'-'))
                    || before.last().is_some_and(|last| matches!(last, b',' | b'[' | b'{')))
                && line.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace())
        })
}
