//! Runs turns and owns conversations: providers, store, approvals, servers, events.
//!
//! **Invariant:** knows nothing of Tauri and nothing of axum; every face (window, terminal, API)
//! joins at [`Engine::send`] and is told what happens by [`Engine::subscribe`].
//!
//! Start reading at `engine.rs` (`send`), then `run.rs` (the loop of a turn).

mod again;
mod approvals;
mod attachments;
mod branches;
mod choices;
mod clock;
mod condense;
mod conversations;
mod copies;
mod depth;
mod diagnose;
mod elsewhere;
mod engine;
mod equip;
mod exchanges;
mod export;
mod facts;
mod figures;
mod folders;
mod fork;
mod heard;
mod hearing;
mod home;
mod hub;
mod import_conversations;
mod instructions;
mod keys;
mod ledger;
pub mod logging;
mod models;
mod offers;
mod options;
#[cfg(any(test, fuzzing))]
pub mod outside;
#[cfg(test)]
mod outside_tests;
mod paging;
mod permissions;
mod pictures;
mod prices;
pub mod provider;
mod questions;
mod reach;
mod removed;
mod repair;
mod results;
mod run;
mod sampling;
mod schema;
mod scoped;
mod search;
mod secret_place;
mod servers;
mod settings;
mod settle;
mod sign_in;
mod store;
mod titles;
mod tools;
mod toolset;
mod view;
mod visit;
mod visitors;

pub use approvals::Approval;
pub use attachments::{Brought, Given, GivenFile, aside, bring, read_aside_with};
pub use branches::Place;
pub use choices::{PricedTool, ServerAccounts, ToolsetView};
pub use engine::{Engine, Question};
pub use exchanges::{ModelExchange, Tap};
pub use export::{ExportError, ExportFormat, Exported};
pub use figures::ModelFigures;
pub use home::Home;
pub use hub::Events;
pub use import_conversations::{
    ConversationsPreview, ExportedBy, FoundConversation, FoundFate, ImportedConversations, Left,
};
pub use instructions::{Instructions, Preset, Variable};
pub use ledger::{Face, LedgerDecision, LedgerEntry, LedgerFilter, LedgerFormat, LedgerOutcome, LedgerPage};
pub use offers::{InChat, Offers};
pub use options::Options;
pub use paging::ResultLines;
pub use permissions::{Explanation, NewRule, RuleState, RuleView, Verdict};
pub use pictures::CallPictures;
pub use prices::Price;
pub use removed::Removed;
pub use search::{SearchFound, SearchHit, SearchKind, SnippetPiece};
pub use secret_place::SecretPlace;
pub use servers::{
    HELP_DESK, ImportAsk, ImportEntry, ImportFate, ImportPreview, ImportSignIn, ImportSource, ImportedSignIn,
    ServerSettings, help_desk,
};
pub use settings::Settings;
pub use toolset::{Offer, ToolIndex, token_price};
pub use view::{AppEvent, KeyState, ModelView, ProviderView, ServerPreview, ServerView, SettingsView, Snapshot};

pub use visit::{CALLER, Keep, Scope, Visit, Visiting, is_handed};

/// The seven questions that show what the help desk can do.
pub const EXAMPLES: [&str; 7] = practice::EXAMPLES;
