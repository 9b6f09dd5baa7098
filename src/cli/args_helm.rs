//! The arguments of `upgrade`, the verb of the Helm face: the flags of `helm upgrade` where they mean
//! the same, and ours. As in `args.rs`, nothing is decided here.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::args::{Candidates, TextFormat};
use super::args_write::Pace;

/// Arguments of `upgrade`. Without a release nothing is upgraded, so that what says how has no meaning.
#[derive(Debug, Args)]
#[command(mut_group("Pace", |pace| pace.requires("release")))]
pub struct UpgradeArgs {
    /// The release; without one, the releases of the namespace are planned
    #[arg(value_name = "RELEASE")]
    pub release: Option<String>,
    /// Where its chart comes from.
    #[arg(
        value_name = "CHART",
        requires = "release",
        help = "Where its chart comes from: oci://HOST/PATH/CHART or REPOSITORY/CHART; helm does not record it"
    )]
    pub chart: Option<String>,
    /// The version of the chart, instead of the one that the policy chooses
    #[arg(long, value_name = "VERSION", requires = "release", help_heading = "Chart")]
    pub version: Option<String>,
    /// The address of the repository in which CHART is looked for
    #[arg(long, value_name = "URL", requires = "chart", help_heading = "Chart")]
    pub repo: Option<String>,
    /// Which candidates.
    #[command(flatten)]
    pub candidates: Candidates,
    /// Values.
    #[command(flatten)]
    pub values: Values,
    /// helm's own timeout for each hook and each wait (5m0s)
    #[arg(
        long,
        value_name = "TIME",
        value_parser = super::args_write::some_length,
        requires = "release",
        help_heading = "Rollout"
    )]
    pub timeout: Option<std::time::Duration>,
    /// First free a release that a helm left pending, when that helm is certainly gone
    #[arg(long, conflicts_with = "dry_run", requires = "release", help_heading = "Rollout")]
    pub unlock: bool,
    /// How it is carried out.
    #[command(flatten)]
    pub pace: Pace,
    /// Never ask, and take only what the policy says needs nobody: the unattended form
    #[arg(long, requires = "release", help_heading = "Consent")]
    pub auto: bool,
    /// Do not ask
    #[arg(short, long, conflicts_with = "auto", requires = "release", help_heading = "Consent")]
    pub yes: bool,
    /// Let helm and the server say what they would do, and write nothing
    #[arg(
        long,
        value_name = "server",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "server",
        value_parser = ["server"],
        requires = "release",
        help_heading = "Consent"
    )]
    pub dry_run: Option<String>,
    /// How many lines around a change are shown; -1 shows all
    #[arg(
        long,
        value_name = "N",
        default_value_t = 3,
        requires = "release",
        allow_negative_numbers = true,
        help_heading = "Output"
    )]
    pub diff_context: i64,
    /// Output of the result
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        help_heading = "Output"
    )]
    pub output: TextFormat,
    /// Write metrics in Prometheus' text format to this file, after each change and at the end
    #[arg(long, value_name = "FILE", requires = "release", help_heading = "Output")]
    pub metrics_file: Option<PathBuf>,
}

/// How values are made, as `helm upgrade` takes it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Values")]
#[group(requires = "release")]
pub struct Values {
    /// A file with values (can be repeated)
    #[arg(short = 'f', long = "values", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub values: Vec<String>,
    /// A value: KEY=VALUE (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A value that stays text: KEY=VALUE (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub set_string: Vec<String>,
    /// A value from a file: KEY=FILE (can be repeated)
    #[arg(long, value_name = "KEY=FILE")]
    pub set_file: Vec<String>,
    /// A value in JSON: KEY=JSON (can be repeated)
    #[arg(long, value_name = "KEY=JSON")]
    pub set_json: Vec<String>,
    /// A value taken as it is written: KEY=TEXT (can be repeated)
    #[arg(long, value_name = "KEY=TEXT")]
    pub set_literal: Vec<String>,
    /// The new chart's defaults with the release's values over them (the default)
    #[arg(long, conflicts_with_all = ["reuse_values", "reset_values"])]
    pub reset_then_reuse_values: bool,
    /// The release's values with the old chart's defaults
    #[arg(long, conflicts_with = "reset_values")]
    pub reuse_values: bool,
    /// The new chart's defaults alone
    #[arg(long)]
    pub reset_values: bool,
}
