//! Machine output of the verbs: the types, their conversion from domain values,
//! and their schema. Absent values are null, never missing; words are lower-case with `-`.
//!
//! Other programs rely on these shapes. A field may be added; a change of meaning or a removal
//! needs a new version in `schema`.

mod apply;
mod explain;
mod history;
mod list;
mod plan;
mod preview;
mod schema;
mod status;

pub use apply::{
    ApplyOutput, EditOutput, FailureOutput, ResultOutput, apply_output, edits, failure,
};
pub use explain::{ExplainOutput, GateOutput, TagOutput, explain_output};
pub use history::{
    ActorOutput, HistoryOutput, ImageOutput, RecordOutput, RecordShownOutput, history_output,
    record_output,
};
pub use list::{ListOutput, ListedOutput, list_output, owner_word};
pub use plan::{
    BasisOutput, CandidateOutput, ChangeBasis, CurrentOutput, OtherOutput, PlanOutput,
    ProposalOutput, Proposals, SummaryOutput, TargetOutput, WarningOutput, plan_output,
};
pub use preview::{
    DeletionOutput, FieldsOutput, GroundOutput, ImageStepOutput, MismatchOutput,
    ObjectChangeOutput, ObjectOutput, PermissionOutput, PreviewOutput, PreviewedOutput, StepOutput,
    ValueOutput, ValuesOutput, ground_output, preview_output, previewed_output,
};
pub use schema::schema;
pub use status::{StatusOutput, UnderWayOutput, UnfinishedOutput, status_output};
