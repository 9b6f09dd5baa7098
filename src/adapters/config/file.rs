//! The policy file as it is written: the types from which it is read and from which its JSON
//! schema is made. Values stay text with their place; [`super::read`] gives them a meaning, and
//! [`super::merge`] the defaults that hold where nothing is said: the `default`s here only tell them, and
//! tests hold them against what happens.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::Spanned;

/// Text and where it stands.
pub(super) type Text = Spanned<String>;

/// Safe Update's policy and settings.
///
/// Later wins: built-in defaults, the top level, the rules in order, the annotations of an object,
/// the command line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Safe Update policy")]
pub(super) struct File {
    /// The version of this format.
    #[schemars(with = "u64", range(min = 1, max = 1))]
    pub(super) version: Spanned<u64>,
    /// What may be done, by the kind of change.
    #[schemars(extend("default" = {
        "patch": "auto",
        "minor": "review",
        "major": "manual",
        "prerelease": "skip",
        "digest": "review",
        "base": "review",
    }))]
    pub(super) actions: Option<Actions>,
    /// A range that new versions must satisfy, as Helm writes it: `>=16 <17`, `^1.2`, `~2.3`.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) constraint: Option<Text>,
    /// How long a version must have been published.
    #[schemars(with = "Option<Length>", extend("default" = null))]
    pub(super) minimum_age: Option<Text>,
    /// How a new reference is written.
    #[schemars(with = "Option<PinWord>", extend("default" = "keep"))]
    pub(super) pin: Option<Text>,
    /// How long a healthy update is watched before it counts as done.
    #[schemars(with = "Option<Length>", extend("default" = "1m"))]
    pub(super) soak: Option<Text>,
    /// When a failed update is undone automatically.
    #[schemars(with = "Option<RollbackWord>", extend("default" = "careful"))]
    pub(super) rollback: Option<Text>,
    /// The place in the order of application: lower goes first.
    #[schemars(with = "Option<i32>", extend("default" = 0))]
    pub(super) order: Option<Spanned<i32>>,
    /// What has to answer before an update counts as healthy: `http://…`, `https://…` or `tcp://HOST:PORT`.
    #[schemars(with = "Option<Vec<String>>", extend("default" = []))]
    pub(super) probes: Option<Vec<Text>>,
    /// How many changes may be under way at once.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100), extend("default" = 1))]
    pub(super) max_in_flight: Option<Spanned<u32>>,
    /// Leave everything alone, unless a rule says otherwise.
    #[schemars(extend("default" = false))]
    pub(super) skip: Option<bool>,
    /// Exceptions, in order: later ones override.
    #[schemars(with = "Option<Vec<Rule>>", extend("default" = []))]
    pub(super) rules: Option<Vec<Spanned<Rule>>>,
    /// What may be done to objects that somebody else describes.
    #[schemars(extend("default" = {"manifests": "review"}))]
    pub(super) owners: Option<Owners>,
    /// When updates may happen; without any, always.
    #[schemars(with = "Option<Vec<Window>>", extend("default" = []))]
    pub(super) windows: Option<Vec<Spanned<Window>>>,
    /// Days on which no update may happen.
    #[schemars(with = "Option<Vec<Freeze>>", extend("default" = []))]
    pub(super) freeze: Option<Vec<Spanned<Freeze>>>,
    /// How far annotations of objects are heard.
    #[schemars(with = "Option<AnnotationsWord>", extend("default" = "override"))]
    pub(super) annotations: Option<Text>,
    /// How registries are reached, by host.
    #[schemars(with = "Option<BTreeMap<String, Registry>>", extend("default" = {}))]
    pub(super) registries: Option<HashMap<Text, Spanned<Registry>>>,
    /// Where the charts of Helm releases come from: `https://…` of a repository or `oci://HOST/PATH/CHART`, by
    /// `NAMESPACE/RELEASE` or by the name of the chart. The entry of a release goes before that of its chart.
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("default" = {}))]
    pub(super) charts: Option<BTreeMap<String, Text>>,
}

/// What may be done, by the kind of change. The defaults are those of the top level: what a rule does not say
/// stays as it is without it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Actions {
    /// The last part of the version, counters and rebuilds.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) patch: Option<Text>,
    /// The second part of the version.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) minor: Option<Text>,
    /// The first part of the version.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) major: Option<Text>,
    /// A version that is not finished.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) prerelease: Option<Text>,
    /// The same tag with another content.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) digest: Option<Text>,
    /// Another variant, for instance a newer base system.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) base: Option<Text>,
}

/// An exception: what it applies to, and what it sets. What it does not say stays as it is without it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// What it applies to: all that is written has to match.
    #[serde(rename = "match")]
    pub(super) matcher: Match,
    /// What may be done, by the kind of change.
    pub(super) actions: Option<Actions>,
    /// A range that new versions must satisfy.
    #[schemars(with = "Option<String>")]
    pub(super) constraint: Option<Text>,
    /// How long a version must have been published.
    #[schemars(with = "Option<Length>")]
    pub(super) minimum_age: Option<Text>,
    /// How a new reference is written.
    #[schemars(with = "Option<PinWord>")]
    pub(super) pin: Option<Text>,
    /// How long a healthy update is watched before it counts as done.
    #[schemars(with = "Option<Length>")]
    pub(super) soak: Option<Text>,
    /// When a failed update is undone automatically.
    #[schemars(with = "Option<RollbackWord>")]
    pub(super) rollback: Option<Text>,
    /// The place in the order of application: lower goes first.
    #[schemars(with = "Option<i32>")]
    pub(super) order: Option<Spanned<i32>>,
    /// What has to answer before an update counts as healthy: `http://…`, `https://…` or `tcp://HOST:PORT`.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) probes: Option<Vec<Text>>,
    /// Leave it alone.
    pub(super) skip: Option<bool>,
}

/// What a rule applies to. Shell patterns; `*` crosses `/`. An empty one applies to everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    /// Namespace.
    #[schemars(with = "Option<String>")]
    pub(super) namespace: Option<Text>,
    /// Kind: `Deployment`, `StatefulSet`, `DaemonSet`, `CronJob`, `Job`, `ReplicaSet`, `Pod` or `Release` (a
    /// release of Helm); also as kubectl takes it (`sts`, `deployments.apps`).
    #[schemars(with = "Option<String>")]
    pub(super) kind: Option<Text>,
    /// Name of the workload, or of the release.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Text>,
    /// Name of the container; of a release, the name of its chart.
    #[schemars(with = "Option<String>")]
    pub(super) container: Option<Text>,
    /// Repository without the tag, as written or in full (`nginx`, `docker.io/library/nginx`). A release has none.
    #[schemars(with = "Option<String>")]
    pub(super) image: Option<Text>,
    /// Labels of the workload. A release has none.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub(super) labels: Option<BTreeMap<String, Text>>,
}

/// What may be done to objects that somebody else describes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Owners {
    /// The freest action for objects that a manifest describes: the next apply of the manifest
    /// would put the old version back.
    #[schemars(with = "Option<ActionWord>")]
    pub(super) manifests: Option<Text>,
}

/// A time of the week in which updates may happen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Window {
    /// Days (`mon`) and ranges of days (`mon-thu`).
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(super) days: Vec<Text>,
    /// When it opens: `09:00`.
    #[schemars(with = "String")]
    pub(super) from: Text,
    /// When it closes. Not later than `from` means on the next day; `24:00` is midnight.
    #[schemars(with = "String")]
    pub(super) to: Text,
    /// Whose clock, for instance `Europe/Prague`.
    #[schemars(with = "Option<String>", extend("default" = "UTC"))]
    pub(super) time_zone: Option<Text>,
}

/// Days on which no update may happen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Freeze {
    /// The first day: `2026-12-20`.
    #[schemars(with = "String", extend("format" = "date"))]
    pub(super) from: Text,
    /// The last day.
    #[schemars(with = "String", extend("format" = "date"))]
    pub(super) to: Text,
    /// Whose calendar, for instance `Europe/Prague`.
    #[schemars(with = "Option<String>", extend("default" = "UTC"))]
    pub(super) time_zone: Option<Text>,
    /// Why, for people.
    #[schemars(extend("default" = null))]
    pub(super) reason: Option<String>,
}

/// How one registry is reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registry {
    /// Another registry that serves the same repositories: host, port, and a path where it has
    /// one.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) mirror: Option<Text>,
    /// Certificates (PEM) that are trusted besides the usual ones. Not in a project's file.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) ca: Option<Text>,
    /// Our own certificate (PEM). Not in a project's file.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) client_certificate: Option<Text>,
    /// The key of our own certificate (PEM). Not in a project's file.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) client_key: Option<Text>,
    /// Plain HTTP and unchecked certificates are accepted. Not in a project's file.
    #[schemars(with = "Option<bool>", extend("default" = false))]
    pub(super) insecure: Option<Spanned<bool>>,
    /// How many requests may be under way at once.
    #[schemars(with = "Option<u64>", range(min = 1, max = 256), extend("default" = 32))]
    pub(super) max_in_flight: Option<Spanned<u64>>,
    /// A directory with an OCI layout for each repository, which stands in for the registry.
    #[schemars(with = "Option<String>", extend("default" = null))]
    pub(super) layout: Option<Text>,
    /// Hosts besides its own that may be asked for its tokens. Not in a project's file.
    #[schemars(with = "Option<Vec<String>>", extend("default" = []))]
    pub(super) token_hosts: Option<Vec<Text>>,
}

/// What may be done about a new version.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Action")]
#[expect(dead_code, reason = "describes a word for the schema only")]
enum ActionWord {
    /// Nobody needs to be asked.
    Auto,
    /// Somebody has to say yes.
    Review,
    /// Target and version have to be named.
    Manual,
    /// It never happens.
    Skip,
}

/// How a new reference is written.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Pin")]
#[expect(dead_code, reason = "describes a word for the schema only")]
enum PinWord {
    /// In the form it had.
    Keep,
    /// As `tag@digest`.
    Always,
}

/// When a failed update is undone automatically.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Rollback")]
#[expect(dead_code, reason = "describes a word for the schema only")]
enum RollbackWord {
    /// Always, unless all three hold: the new version has run, the step is larger than a patch, and the
    /// workload has state (a release: hooks or CRDs).
    Careful,
    /// Whatever the workload and the step.
    Always,
    /// What failed stays as it is.
    Never,
}

/// How far annotations of objects are heard.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Annotations")]
#[expect(dead_code, reason = "describes a word for the schema only")]
enum AnnotationsWord {
    /// They override the policy.
    Override,
    /// They may only make it stricter.
    Tighten,
    /// They are not read.
    Ignore,
}

/// A length of time: whole numbers with `s`, `m`, `h`, `d` or `w`, several in a row (`90s`, `36h`, `1d12h`).
#[derive(JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "describes a word for the schema only")]
struct Length(#[schemars(regex(pattern = r"^([0-9]+[smhdw])+$"))] String);

/// The JSON schema of the policy file, for editors.
pub fn policy_schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}
