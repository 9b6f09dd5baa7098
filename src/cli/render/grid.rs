//! Lays out rows of cells: aligned columns, folded to the width of a terminal, or blocks of lines
//! where the terminal is too narrow for columns. Cells have to be safe to print.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::styles::Styles;

/// Below this width columns are of no use.
const NARROW: u16 = 60;
/// Spaces between columns, as kubectl has at least.
const GAP: usize = 2;

/// Rows under heads. `width` is the terminal's; none means that lines may be as long as they like.
/// `paint` adds colour to a piece of the cell at a row and column; it must not change its width.
pub fn grid(
    heads: &[&str],
    rows: &[Vec<String>],
    width: Option<u16>,
    headers: bool,
    styles: &Styles,
    paint: impl Fn(usize, usize, &str) -> String,
) -> String {
    if let Some(width) = width.filter(|width| *width < NARROW) {
        return blocks(heads, rows, usize::from(width), headers, styles, paint);
    }
    let natural: Vec<usize> = (0..heads.len())
        .map(|column| {
            let head = if headers { heads[column].width() } else { 0 };
            rows.iter().map(|row| row[column].width()).max().unwrap_or(0).max(head)
        })
        .collect();
    let widths = match width {
        Some(width) => allot(&natural, usize::from(width)),
        None => natural,
    };
    let mut text = String::new();
    if headers {
        let pieces: Vec<Vec<String>> = heads.iter().map(|head| vec![(*head).to_owned()]).collect();
        lay(&mut text, &pieces, &widths, |_, piece| styles.heading.style(piece).to_string());
    }
    for (index, row) in rows.iter().enumerate() {
        let pieces: Vec<Vec<String>> =
            row.iter().zip(&widths).map(|(cell, width)| fold(cell, *width)).collect();
        lay(&mut text, &pieces, &widths, |column, piece| paint(index, column, piece));
    }
    text
}

/// Writes one row whose cells are already folded into pieces.
fn lay(
    text: &mut String,
    cells: &[Vec<String>],
    widths: &[usize],
    paint: impl Fn(usize, &str) -> String,
) {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut pending = 0;
        for (column, cell) in cells.iter().enumerate() {
            let piece = cell.get(line).map_or("", String::as_str);
            if !piece.is_empty() {
                text.extend(std::iter::repeat_n(' ', pending));
                text.push_str(&paint(column, piece));
                pending = 0;
            }
            pending += widths[column] - piece.width().min(widths[column]) + GAP;
        }
        text.push('\n');
    }
}

/// Shares a line among columns: small ones keep what they need, large ones get equal parts of the
/// rest.
fn allot(natural: &[usize], width: usize) -> Vec<usize> {
    let gaps = GAP * natural.len().saturating_sub(1);
    let available = width.saturating_sub(gaps).max(natural.len());
    let mut cap = available;
    while natural.iter().map(|width| (*width).min(cap)).sum::<usize>() > available && cap > 1 {
        cap -= 1;
    }
    let mut widths: Vec<usize> = natural.iter().map(|width| (*width).min(cap).max(1)).collect();
    // What rounding left over goes to the last column that still needs it.
    let spare = available.saturating_sub(widths.iter().sum());
    if let Some(last) = (0..natural.len()).rev().find(|column| widths[*column] < natural[*column]) {
        widths[last] = (widths[last] + spare).min(natural[last]);
    }
    widths
}

/// Breaks a cell into pieces of at most `width` columns: at spaces, else after one of `/:-@`, else
/// anywhere.
pub(super) fn fold(cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    let mut pieces = Vec::new();
    let mut rest = cell;
    while rest.width() > width {
        let mut used = 0;
        let mut hard = rest.len();
        let mut soft = None;
        for (index, character) in rest.char_indices() {
            let columns = character.width().unwrap_or(0);
            if used + columns > width {
                hard = index;
                if character == ' ' {
                    soft = Some(index);
                }
                break;
            }
            used += columns;
            match character {
                ' ' => soft = Some(index),
                '/' | ':' | '-' | '@' if soft.is_none_or(|at| !rest[at..].starts_with(' ')) => {
                    soft = Some(index + 1);
                }
                _ => {}
            }
        }
        let first = rest.chars().next().map_or(rest.len(), char::len_utf8);
        let cut = soft.filter(|cut| *cut > 0 && *cut <= hard).unwrap_or(hard).max(first);
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// One cell a line, rows apart: for terminals too narrow for columns.
fn blocks(
    heads: &[&str],
    rows: &[Vec<String>],
    width: usize,
    headers: bool,
    styles: &Styles,
    paint: impl Fn(usize, usize, &str) -> String,
) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| *cell != "-") {
            let indent = if column == 0 { 0 } else { 2 };
            if headers && column > 0 {
                let head = heads[column].to_lowercase();
                text.push_str("  ");
                text.push_str(&styles.faint.style(format!("{head}:")).to_string());
                text.push('\n');
            }
            for piece in fold(cell, width.saturating_sub(indent).max(1)) {
                text.extend(std::iter::repeat_n(' ', indent));
                text.push_str(&paint(index, column, &piece));
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: Option<u16>) -> String {
        let rows = vec![
            vec!["deploy/web:nginx".to_owned(), "update".into(), "a patch change, allowed".into()],
            vec!["deploy/a:b".to_owned(), "held".into(), "-".into()],
        ];
        grid(
            &["TARGET", "DECISION", "REASON"],
            &rows,
            width,
            true,
            &Styles::default(),
            |_, _, c| c.to_owned(),
        )
    }

    #[test]
    fn columns_are_aligned_without_trailing_space() {
        assert_eq!(
            plain(None),
            "TARGET            DECISION  REASON\n\
             deploy/web:nginx  update    a patch change, allowed\n\
             deploy/a:b        held      -\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 4..200 {
            for line in plain(Some(width)).lines() {
                let heads = width < NARROW && line.ends_with(':');
                assert!(line.width() <= usize::from(width) || heads, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn cells_fold_at_words_then_at_joints_then_anywhere() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(
            fold("registry.example.com/team/app", 21),
            ["registry.example.com/", "team/app"]
        );
        assert_eq!(fold("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(fold("日本語", 2), ["日", "本", "語"]);
        assert_eq!(fold("日本語", 1), ["日", "本", "語"]);
    }
}
