//! What a conversation is, what a turn does next, and whether a call may run.
//!
//! **Invariant:** nothing here performs I/O, reads a clock, or awaits. A turn is a
//! value; [`Turn::apply`] moves it, [`Turn::next`] says what it wants.
//!
//! Start reading at [`Turn`]; the words used everywhere else are in [`Item`].
//!
//! Times are milliseconds since the Unix epoch, written down by whoever drives the turn.

mod attachment;
mod branch;
mod choice;
mod condensed;
mod conversation;
mod diagnosis;
mod error;
mod form;
mod ids;
mod item;
mod launch;
mod leave;
mod offers;
mod page;
mod policy;
mod question;
mod remembered;
mod server;
mod shorten;
mod signin;
mod turn;
mod visible;
mod visitor;
mod wire;

pub use attachment::{Attachment, AttachmentKind};
pub use branch::{Branches, Link, VersionOf};
pub use choice::{ToolChoice, ToolRef};
pub use condensed::{Condensed, recalled};
pub use conversation::{Conversation, ConversationSummary, ModelRef};
pub use diagnosis::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, StepOutcome};
pub use error::{ErrorCode, ErrorReport};
pub use form::{Field, FieldKind, FieldOption, FieldProblem, filled};
pub use ids::{CallId, ConversationId, ItemId, TurnId};
pub use item::{CallStatus, Change, Content, Item, Message, Output, Piece, PieceKind, Progress, Role, ToolCall};
pub use launch::{Launch, Sandbox};
pub use leave::{Leave, LeaveBy};
pub use offers::{
    Blank, Completion, FilledPrompt, LogLevel, LogLine, Offers, Prompt, PromptArgument, PromptMessage, Reading,
    Resource, ResourceList, ResourceTemplate,
};
pub use page::{Page, PageFrom};
pub use policy::{Decision, Level, Policy, Rule};
pub use question::{
    Answer, Ask, Priorities, Question, QuestionStatus, SamplingMessage, SamplingPart, SamplingRequest, SamplingTool,
};
pub use remembered::{Covers, Effect, Remember, RememberWhat, Remembered, Scope};
pub use server::{ServerState, Starting, Tool, ToolHints};
pub use signin::{AccountView, Remedy, SignInProgress, SignInStage, SignInStep};
pub use turn::{Next, Note, Pace, Turn, TurnEvent, TurnStatus, Usage};
pub use visible::visible;
pub use visitor::{Exposed, RequestState, VisitorCall, VisitorRequest, Way};
pub use wire::WireLine;
