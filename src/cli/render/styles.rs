//! Every colour of the program. Plain by default; output reads without it.

use owo_colors::Style;

/// The palette.
#[derive(Debug, Clone, Default)]
pub struct Styles {
    /// `error:`.
    pub error: Style,
    /// `warning:`.
    pub warning: Style,
    /// `hint:` and other pointers.
    pub hint: Style,
    /// Column heads and section titles.
    pub heading: Style,
    /// What is less important.
    pub faint: Style,
    /// What an unattended run would take; what a gate allows.
    pub update: Style,
    /// What needs somebody.
    pub held: Style,
    /// What will not happen.
    pub blocked: Style,
    /// What could not be looked up.
    pub unknown: Style,
    /// A line that comes.
    pub added: Style,
    /// A line that goes.
    pub removed: Style,
    /// The head of a hunk.
    pub hunk: Style,
}

impl Styles {
    /// The palette of a terminal.
    pub fn colored() -> Self {
        Self {
            error: Style::new().red().bold(),
            warning: Style::new().yellow().bold(),
            hint: Style::new().cyan().bold(),
            heading: Style::new().bold(),
            faint: Style::new().dimmed(),
            update: Style::new().green(),
            held: Style::new().yellow(),
            blocked: Style::new().red(),
            unknown: Style::new().magenta(),
            added: Style::new().green(),
            removed: Style::new().red(),
            hunk: Style::new().cyan(),
        }
    }
}
