//! Pictures of a terminal for the documents: what the program printed, colours included, as SVG.

use std::fmt::Write as _;

/// What one sign takes, in the units of the picture.
const WIDTH: f64 = 8.4;
const LINE: usize = 20;
const MARGIN: usize = 16;

/// How signs look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    bold: bool,
    dim: bool,
    colour: Option<u8>,
}

impl Look {
    /// Takes over what one escape sequence says (`ESC [ … m`).
    fn take(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code.parse::<u8>() {
                Ok(0) | Err(_) => *self = Self::default(),
                Ok(1) => self.bold = true,
                Ok(2) => self.dim = true,
                Ok(22) => (self.bold, self.dim) = (false, false),
                Ok(39) => self.colour = None,
                Ok(code @ 30..=37) => self.colour = Some(code - 30),
                Ok(code @ 90..=97) => self.colour = Some(code - 90),
                Ok(other) => panic!("the picture knows no look {other}"),
            }
        }
    }

    fn style(self) -> String {
        const COLOURS: [&str; 8] = [
            "#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
        ];
        let mut style = String::new();
        if let Some(colour) = self.colour {
            let _ = write!(style, " fill=\"{}\"", COLOURS[usize::from(colour)]);
        }
        if self.bold {
            style.push_str(" font-weight=\"bold\"");
        }
        if self.dim {
            style.push_str(" opacity=\"0.6\"");
        }
        style
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The lines of a terminal that one line takes, colours not counted.
fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut last, mut length, mut in_colour) = (Vec::new(), String::new(), 0, false);
    for sign in line.chars() {
        in_colour |= sign == '\u{1b}';
        if !in_colour && length == columns {
            lines.push(std::mem::take(&mut last));
            length = 0;
        }
        last.push(sign);
        length += usize::from(!in_colour);
        in_colour &= sign != 'm';
    }
    lines.push(last);
    lines
}

/// The picture of what a command printed on a terminal of so many columns.
///
/// # Panics
/// It printed more than text in colours.
pub(crate) fn svg(command: &str, printed: &str, columns: u16) -> String {
    let text = format!("\u{1b}[1m$ {command}\u{1b}[0m\n{}", printed.replace('\r', ""));
    let lines: Vec<String> =
        text.trim_end().lines().flat_map(|line| wrapped(line, usize::from(columns))).collect();
    let width = f64::from(columns).mul_add(WIDTH, 2.0 * f64::from(16_u8));
    let height = lines.len() * LINE + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" role=\"img\">
<title>{}</title>
<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>
<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#c9d1d9\">
",
        escaped(command)
    );
    let mut look = Look::default();
    for (number, line) in lines.iter().enumerate() {
        let y = MARGIN + number * LINE + 14;
        let mut column = 0_u32;
        let mut rest = line.as_str();
        while !rest.is_empty() {
            if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
                let (codes, after) = sequence.split_once('m').unwrap_or_else(|| {
                    panic!("more than colours: {line:?}");
                });
                look.take(codes);
                rest = after;
                continue;
            }
            let (part, after) = rest.split_at(rest.find('\u{1b}').unwrap_or(rest.len()));
            rest = after;
            let shown = part.trim_end_matches(' ');
            let before = shown.len() - shown.trim_start_matches(' ').len();
            let start = column + u32::try_from(before).unwrap_or_default();
            column += u32::try_from(part.chars().count()).unwrap_or_default();
            let shown = shown.trim_start_matches(' ');
            if shown.is_empty() {
                continue;
            }
            // Each part has its place and its length, so that another font moves nothing.
            let x = f64::from(start).mul_add(WIDTH, 16.0);
            let signs = u32::try_from(shown.chars().count()).unwrap_or_default();
            let long = f64::from(signs) * WIDTH;
            let style = look.style();
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{long:.1}\" xml:space=\"preserve\"{style}>{}</text>",
                escaped(shown)
            );
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}
