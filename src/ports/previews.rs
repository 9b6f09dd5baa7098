//! What an upgrade of a release would do, before it is done.

use futures_util::future::BoxFuture;

use super::rollouts::ReadError;
use crate::domain::change::ObjectId;
use crate::domain::chart::ChartSource;
use crate::domain::image::Digest;
use crate::domain::preview::{ObjectKey, PreviewObject, Tree};

/// Renders charts as a release would get them. Nothing is written.
pub trait Previews: Send + Sync {
    /// What is stored of a release: its objects, its hooks among them.
    fn standing<'a>(
        &'a self,
        object: &'a ObjectId,
    ) -> BoxFuture<'a, Result<Rendering, PreviewError>>;

    /// Fetches a version of a chart, once a run, and renders it with the values that the release
    /// would have: its own, or with `changed` those that the user gives to this upgrade.
    fn render<'a>(
        &'a self,
        object: &'a ObjectId,
        chart: &'a ChartWanted,
        changed: bool,
    ) -> BoxFuture<'a, Result<Rendering, PreviewError>>;

    /// What a tool that the user has installed for it says of the upgrade that was rendered last,
    /// as text for people; none where there is no such tool, or it failed.
    fn told<'a>(
        &'a self,
        object: &'a ObjectId,
        context: Option<usize>,
    ) -> BoxFuture<'a, Option<String>>;
}

/// Asks the server what it would say to objects, without writing them.
pub trait Rehearsals: Send + Sync {
    /// Applies objects on the server in a dry run, as a field manager; with `force` whoever owns a
    /// field gives it up. What the server refuses; conflicts name who owns the field.
    ///
    /// # Errors
    /// The server does not answer.
    fn rehearse<'a>(
        &'a self,
        documents: &'a [Document],
        manager: &'a str,
        force: bool,
    ) -> BoxFuture<'a, Result<Vec<Refused>, ReadError>>;
}

/// An object that the server does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub key: ObjectKey,
    /// Why, in the server's words.
    pub why: String,
    /// This user may not patch it; whether he may create it was not asked.
    pub patch_forbidden: bool,
}

/// An object as it would be written. It has no `Debug`, because it may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// What tells it from others.
    pub key: ObjectKey,
    /// Group and version, as `apps/v1`.
    pub api_version: Box<str>,
    /// Its JSON.
    pub body: String,
}

/// A version of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartWanted {
    /// Where it comes from.
    pub source: ChartSource,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What its repository says that it is; none where it does not say.
    pub digest: Option<Digest>,
}

/// What a release has, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Its objects, hooks among them.
    pub objects: Vec<PreviewObject>,
    /// The values of its chart.
    pub defaults: Tree,
    /// The values of its user.
    pub values: Tree,
    /// The digest of the chart; none where nothing was fetched.
    pub digest: Option<Digest>,
    /// What tells this state of the release from others, as when it is written.
    pub template_hash: String,
    /// It was rendered without the server, which forbids to look: its words.
    pub forbidden: Option<String>,
}

/// Why there is no preview.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreviewError {
    /// There is no helm that can be used.
    #[error("{message}")]
    NoHelm {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<&'static str>,
    },
    /// The chart could not be fetched, or is another one than was announced.
    #[error("chart {chart} cannot be fetched: {message}")]
    Fetch {
        /// Name and version.
        chart: String,
        /// What happened.
        message: String,
    },
    /// The values that the user gave are none.
    #[error("the values cannot be read: {0}")]
    Values(String),
    /// helm does not render it: values, templates, the server's word.
    #[error("chart {chart} does not render: {message}")]
    Render {
        /// Name and version.
        chart: String,
        /// helm's words.
        message: String,
    },
    /// The release cannot be read, or what was rendered cannot.
    #[error("{0}")]
    Unreadable(String),
}
