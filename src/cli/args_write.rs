//! The arguments of the verbs that change something, and of those that tell what was changed. As in
//! `args.rs`, nothing is decided here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::args::{Candidates, Selection, TextFormat};
use crate::domain::policy;

/// Arguments of `apply`.
#[derive(Debug, Args)]
// Taken to be refused with what to do instead, and so not in the help.
#[command(mut_arg("filename", |argument| argument.hide(true)))]
pub struct ApplyArgs {
    /// What to carry out: a plan file (PLAN.json), or targets with or without a version
    /// (deploy/web, deploy/web=2.0.0, NAMESPACE/sts/db:postgres=16.6); without any, all that is selected
    #[arg(value_name = "PLAN.json|TARGET[=VERSION]")]
    pub subjects: Vec<String>,
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
    /// Which candidates.
    #[command(flatten)]
    pub candidates: Candidates,
    /// Never ask, and take only what the policy says needs nobody: the unattended form
    #[arg(long, help_heading = "Consent")]
    pub auto: bool,
    /// Say yes to what is named: a plan file or targets
    #[arg(short, long, conflicts_with = "auto", help_heading = "Consent")]
    pub yes: bool,
    /// Let the server say what it would do, and write nothing
    #[arg(
        long,
        value_name = "server",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "server",
        value_parser = ["server"],
        help_heading = "Consent"
    )]
    pub dry_run: Option<String>,
    /// How it is carried out.
    #[command(flatten)]
    pub pace: Pace,
    /// Changes that are written or verified at the same time, 1 to 100 (soaking ones do not count)
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100),
        help_heading = "Rollout"
    )]
    pub max_in_flight: Option<u32>,
    /// Failures after which nothing more is begun
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Rollout"
    )]
    pub stop_after_failures: u32,
    /// Start a Job of each changed `CronJob` now, and judge that.
    #[arg(
        long,
        help_heading = "Rollout",
        help = "Start a Job of each changed CronJob now, and judge that"
    )]
    pub run_once: bool,
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
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics_file: Option<PathBuf>,
}

/// How changes are carried out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rollout")]
pub struct Pace {
    /// The longest time without progress, instead of the object's own or 10m
    #[arg(long, value_name = "TIME", value_parser = some_length)]
    pub progress_deadline: Option<Duration>,
    /// How long a healthy update is watched, instead of the policy's (0s: not at all)
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub soak: Option<Duration>,
    /// When to stop waiting, whatever is under way; nothing is rolled back for it
    #[arg(long, value_name = "TIME", value_parser = some_length)]
    pub run_timeout: Option<Duration>,
}

/// Reads what policies take, and `0`.
fn length(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    policy::duration(text).map_err(|error| error.to_string())
}

/// The same without `0`, which would be over before it begins.
pub fn some_length(text: &str) -> Result<Duration, String> {
    let length = length(text)?;
    if length.is_zero() { Err("it has to be longer than 0".into()) } else { Ok(length) }
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The workload: deploy/web, NAMESPACE/sts/db
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The record to go back from, as `history` shows it, instead of the last one
    #[arg(long, value_name = "RECORD")]
    pub to: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Let the server say what it would do, and write nothing
    #[arg(
        long,
        value_name = "server",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "server",
        value_parser = ["server"]
    )]
    pub dry_run: Option<String>,
    /// How it is carried out.
    #[command(flatten)]
    pub pace: Pace,
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
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Only these workloads: deploy/web, NAMESPACE/sts/db
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Also what others left in other namespaces, as the Leases there tell it
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Put the old versions back instead of going on
    #[arg(long)]
    pub undo: bool,
    /// How it is carried out.
    #[command(flatten)]
    pub pace: Pace,
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
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Look into all namespaces (-n does not count then)
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// A single record.
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// Only this workload: deploy/web, NAMESPACE/sts/db
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Only what was begun since: a length of time (36h, 7d), a date or a time (UTC)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// The most records to show; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,
}

/// Verbs of `history`.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Show one record whole: what, when, by whom, why, with what evidence
    Show {
        /// The record, as `history` shows it: RUN/N
        #[arg(value_name = "RECORD")]
        record: String,
        /// Output format
        #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
        output: TextFormat,
    },
}

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// What to approve: a plan file (PLAN.json), or targets with or without a version
    #[arg(value_name = "PLAN.json|TARGET[=VERSION]", required = true)]
    pub subjects: Vec<String>,
    /// How long it counts
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = length)]
    pub expires: Duration,
}

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The workload: deploy/web, NAMESPACE/sts/db:CONTAINER
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Only this version; without it, all of the target
    #[arg(long, value_name = "TAG")]
    pub version: Option<String>,
}

/// Verbs of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check the chain of hashes of the journal, and name the first entry that is wrong
    ///
    /// A wrong entry ends with code 9. Keep the state directory as it is then: it is the evidence, and
    /// what was changed in it cannot be told from a mended copy.
    Verify {
        /// The head that an earlier run printed: proves that nothing before it was cut or rewritten
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// Output format
        #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
        output: TextFormat,
    },
    /// Make the index of the journal anew where it is damaged
    ///
    /// The damaged index is kept beside it. The runs themselves are not touched.
    Rebuild,
}
