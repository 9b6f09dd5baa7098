//! The command line exactly as it is typed. Nothing is decided here; `settings.rs` folds it with
//! environment and files.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::args_helm::UpgradeArgs;
use super::args_write::{
    ApplyArgs, ApproveArgs, AuditCommand, ForgetArgs, HistoryArgs, ResumeArgs, RollbackArgs,
    StatusArgs,
};
use super::printer::Color;
use crate::domain::candidate::Level;
use crate::domain::constraint::Constraint;

/// Finds newer versions of what runs in a cluster, and says why each may or may not be applied
///
/// It works with your own kubeconfig. Every decision comes with its reason: `plan` shows what could
/// move, `explain` shows every tag and every gate of one target. `apply` records each change before
/// it is made, verifies it afterwards, and puts back what fails.
#[derive(Debug, Parser)]
#[command(
    name = "safe-update",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Examples:\n  kubectl safe-update plan -A                   what could move, in all namespaces\n  kubectl safe-update plan -f manifests/ --diff  the same for manifests on disk, with the change\n  kubectl safe-update explain deploy/web         every tag and every gate of one target\n  kubectl safe-update explain nginx:1.25.3       every tag of an image, without a cluster\n  kubectl safe-update apply deploy/web=1.26.0    one update, verified, put back if it fails"
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what could move, to what, and what the policy says about it
    Plan(PlanArgs),
    /// Show every tag and every gate of one target or image, and what would change the answer
    Explain(ExplainArgs),
    /// Carry a plan out: record, write, verify, soak, and put back what fails
    Apply(ApplyArgs),
    /// Upgrade one Helm release: preview, confirm, upgrade, verify, and put back what fails
    Upgrade(Box<UpgradeArgs>),
    /// Put back what ran before a change, as a new rollout
    Rollback(RollbackArgs),
    /// Finish or undo what a killed run left
    Resume(ResumeArgs),
    /// Show what is under way or was left unfinished
    Status(StatusArgs),
    /// Show what was done: when, by whom, why, and how it ended
    History(HistoryArgs),
    /// Say yes to versions that need one, for a later unattended run
    Approve(ApproveArgs),
    /// Take versions off the list of what is known bad
    Forget(ForgetArgs),
    /// Check the tamper-evident log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// List what runs: images, who owns them, where they come from
    List(ListArgs),
    /// Check that everything can be read and done that `plan` and `apply` need
    Check(CheckArgs),
    /// Make, show and check policy files
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell, or let kubectl complete this plugin
    Completion(CompletionArgs),
    /// Print the version
    Version(VersionArgs),
}

/// Flags of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// The connection to the cluster.
    #[command(flatten)]
    pub connection: Connection,
    /// Policy file, instead of the ones that are found
    #[arg(long, value_name = "FILE", global = true, help_heading = "General")]
    pub config: Option<PathBuf>,
    /// When to colour; on a terminal that wants it when nothing is said
    #[arg(long, value_enum, value_name = "WHEN", global = true, help_heading = "General")]
    pub color: Option<Color>,
    /// Leave out warnings and progress
    #[arg(short, long, global = true, help_heading = "General")]
    pub quiet: bool,
    /// Say more: -v, -vv, or a level as kubectl takes it (-v=4)
    #[arg(
        short = 'v',
        long = "v",
        value_name = "LEVEL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        action = ArgAction::Append,
        value_parser = clap::value_parser!(u8),
        global = true,
        help_heading = "General"
    )]
    pub verbosity: Vec<u8>,
    /// How logs are written to standard error
    #[arg(long, value_enum, value_name = "FORMAT", global = true, help_heading = "General")]
    pub log_format: Option<LogFormat>,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// kubectl's connection flags, with their own names.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cluster connection")]
pub struct Connection {
    /// The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context
    #[arg(long, value_name = "NAME", global = true)]
    pub context: Option<String>,
    /// The kubeconfig cluster
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    pub cluster: Option<String>,
    /// The kubeconfig user
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    pub user: Option<String>,
    /// It came from helm, which always says one: nobody may have asked for it.
    #[arg(skip)]
    pub namespace_of_helm: bool,
    /// The namespace, instead of the context's
    #[arg(short, long, value_name = "NAME", global = true)]
    pub namespace: Option<String>,
    /// Address of the API server
    #[arg(short, long, value_name = "URL", global = true, hide_short_help = true)]
    pub server: Option<String>,
    /// Bearer token for the API server
    #[arg(long, value_name = "TOKEN", global = true, hide_short_help = true)]
    pub token: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER", global = true, hide_short_help = true)]
    pub as_user: Option<String>,
    /// UID to impersonate
    #[arg(long, value_name = "UID", global = true, hide_short_help = true)]
    pub as_uid: Option<String>,
    /// Group to impersonate (can be repeated)
    #[arg(long, value_name = "GROUP", global = true, hide_short_help = true)]
    pub as_group: Vec<String>,
    /// Extra field to impersonate, KEY=VALUE (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", global = true, hide_short_help = true)]
    pub as_user_extra: Vec<String>,
    /// Client certificate for TLS
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub client_certificate: Option<PathBuf>,
    /// Client key for TLS
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub client_key: Option<PathBuf>,
    /// Certificate authority of the API server
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub certificate_authority: Option<PathBuf>,
    /// Do not verify the API server's certificate
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        global = true,
        hide_short_help = true
    )]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Name to expect in the API server's certificate
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// How long one request to the API server may take (30s, 2m; 0 means no limit of its own)
    #[arg(long, value_name = "TIME", global = true, hide_short_help = true)]
    pub request_timeout: Option<String>,
    /// Ask the API server not to compress
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        global = true,
        hide_short_help = true
    )]
    pub disable_compression: Option<bool>,
    /// Directory for caches, instead of the user's cache directory
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        global = true,
        hide_short_help = true
    )]
    pub cache_dir: Option<PathBuf>,
    /// Do not run credential plugins that the kubeconfig names
    #[arg(long, global = true, hide_short_help = true)]
    pub no_exec: bool,
}

impl Connection {
    /// The namespace that somebody asked for: helm says one to its plugins in any case.
    pub fn asked_namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|_| !self.namespace_of_helm)
    }
}

/// Which objects, as kubectl's list flags say it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Look into all namespaces (-n does not count then)
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Label selector: app=web,tier!=db
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Field selector: metadata.name=web
    #[arg(long, value_name = "SELECTOR")]
    pub field_selector: Option<String>,
    /// Only containers (or image volumes) of this name
    #[arg(short = 'c', long, value_name = "NAME")]
    pub container: Option<String>,
    /// Read manifests instead of a cluster: a file, a directory, or - (can be repeated)
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
    pub filename: Vec<String>,
    /// Only these legs
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LEG")]
    pub only: Vec<OnlyLeg>,
}

/// The legs that `--only` can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnlyLeg {
    /// Workloads in a cluster.
    Kubernetes,
    /// Helm releases in a cluster.
    Helm,
}

/// How registries are asked.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Registries")]
pub struct Lookup {
    /// Ask no registry: only what is in the cache
    #[arg(long, conflicts_with = "refresh")]
    pub offline: bool,
    /// Ask every registry anew, whatever is in the cache
    #[arg(long)]
    pub refresh: bool,
}

/// How candidates are limited.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Candidates")]
pub struct Candidates {
    /// The highest level to look for
    #[arg(long, value_name = "LEVEL", value_parser = level, value_hint = ValueHint::Other)]
    pub level: Option<Level>,
    /// A range that candidates must satisfy, instead of the policy's: ">=1.25 <2"
    #[arg(long, value_name = "RANGE", value_parser = constraint)]
    pub constraint: Option<Constraint>,
    /// Count versions on another base (alpine3.19 for alpine3.18) among the candidates
    #[arg(long)]
    pub allow_base_change: bool,
}

fn level(text: &str) -> Result<Level, String> {
    match text {
        "patch" => Ok(Level::Patch),
        "minor" => Ok(Level::Minor),
        "major" => Ok(Level::Major),
        _ => Err("use patch, minor or major".into()),
    }
}

fn constraint(text: &str) -> Result<Constraint, String> {
    text.parse::<Constraint>().map_err(|error| error.to_string())
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to look at: deploy/web, sts/db, deploy/web:CONTAINER, NAMESPACE/deploy/web
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
    /// Which candidates.
    #[command(flatten)]
    pub candidates: Candidates,
    /// How registries are asked.
    #[command(flatten)]
    pub lookup: Lookup,
    /// Output format
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        help_heading = "Output"
    )]
    pub output: PlanFormat,
    /// Show what would change in each object
    #[arg(long, help_heading = "Output")]
    pub diff: bool,
    /// Write the plan to a file as well, for a later apply
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Leave out the column heads
    #[arg(long, help_heading = "Output")]
    pub no_headers: bool,
    /// Exit with 2 when something is to be updated or held
    #[arg(long, help_heading = "Output")]
    pub detailed_exitcode: bool,
}

/// Formats of `plan` and `list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PlanFormat {
    /// A table for people.
    #[default]
    Table,
    /// A table with more columns.
    Wide,
    /// JSON with a schema (`config schema --for plan`).
    Json,
    /// The same as YAML.
    Yaml,
    /// Only the names, as every verb takes them.
    Name,
}

/// Formats of `explain`, `check` and `version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TextFormat {
    /// Text for people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A target (deploy/web, NAMESPACE/sts/db:CONTAINER) or an image (nginx:1.25.3)
    #[arg(value_name = "TARGET|IMAGE")]
    pub subject: String,
    /// Read the argument as an image, even when it looks like a target
    #[arg(long)]
    pub image: bool,
    /// Take the published tags from a file: one a line, or a JSON list; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Candidates")]
    pub tags_from: Option<PathBuf>,
    /// Which candidates.
    #[command(flatten)]
    pub candidates: Candidates,
    /// Only this container (or image volume) of the target
    #[arg(short = 'c', long, value_name = "NAME", help_heading = "Selection")]
    pub container: Option<String>,
    /// Read the target from manifests: a file, a directory, or - (can be repeated)
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath, help_heading = "Selection")]
    pub filename: Vec<String>,
    /// How registries are asked.
    #[command(flatten)]
    pub lookup: Lookup,
    /// Output format
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        help_heading = "Output"
    )]
    pub output: TextFormat,
    /// Show every dropped tag, not only the nearest
    #[arg(long, help_heading = "Output")]
    pub all_tags: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to look at: deploy/web, sts/db, deploy/web:CONTAINER, NAMESPACE/deploy/web
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
    /// Output format
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        help_heading = "Output"
    )]
    pub output: PlanFormat,
    /// Leave out the column heads
    #[arg(long, help_heading = "Output")]
    pub no_headers: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Check for all namespaces
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,
}

/// Verbs of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented policy file
    Init {
        /// Where to; - is standard output
        #[arg(value_name = "FILE", default_value = "safe-update.yaml")]
        file: PathBuf,
        /// Overwrite a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Show every setting and where it came from
    Show {
        /// Take the project's file from the directory of these manifests
        #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
        filename: Vec<String>,
        /// Output format
        #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
        output: TextFormat,
    },
    /// Check a policy file and tell errors with line and column
    Check {
        /// The file; without it, the ones that are found
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print a JSON schema
    Schema {
        /// Of what
        #[arg(long = "for", value_enum, value_name = "WHAT", default_value_t)]
        subject: SchemaSubject,
    },
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SchemaSubject {
    /// The policy file.
    #[default]
    Policy,
    /// The output of `plan -o json`.
    Plan,
    /// The output of `explain -o json`.
    Explain,
    /// The output of `list -o json`.
    List,
    /// The output of `apply`, `rollback` and `resume -o json`.
    Apply,
    /// The output of `history -o json`.
    History,
    /// The output of `history show -o json`.
    Record,
    /// The output of `status -o json`.
    Status,
}

/// Arguments of `completion`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct CompletionArgs {
    /// What kubectl needs for its own completion.
    #[command(subcommand)]
    pub command: Option<CompletionCommand>,
    /// The shell
    #[arg(value_enum, value_name = "SHELL", required = true)]
    pub shell: Option<Shell>,
}

/// Verbs of `completion`.
#[derive(Debug, Subcommand)]
pub enum CompletionCommand {
    /// Let kubectl complete this plugin: link the program that kubectl asks into a directory of PATH
    ///
    /// The link goes beside the plugin, or into ~/.local/bin where nothing can be written there. The
    /// completion of kubectl itself (`kubectl completion SHELL`) has to be set up in the shell.
    Install {
        /// The directory, instead of those
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// Remove the links that install made
    Uninstall {
        /// The directory, instead of all of PATH and ~/.local/bin
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// Arguments of `version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::Parser as _;

    use super::*;

    #[test]
    fn the_command_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn verbosity_is_read_as_kubectl_and_as_cargo_write_it() {
        for (arguments, levels) in [
            (&["x", "version"][..], &[][..]),
            (&["x", "version", "-v"], &[1]),
            (&["x", "version", "-vvvv"], &[1, 1, 1, 1]),
            (&["x", "version", "-v=4"], &[4]),
            (&["x", "-v=4", "version"], &[4]),
            (&["x", "version", "--v=4"], &[4]),
        ] {
            let cli =
                Cli::try_parse_from(arguments).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
            assert_eq!(cli.global.verbosity, levels, "{arguments:?}");
        }
    }
}
