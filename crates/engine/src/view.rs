//! What faces are shown and told: one snapshot, then one stream of events.

use chat::{
    Conversation, ConversationId, ConversationSummary, ErrorReport, ModelRef, Question, ServerState, SignInStep,
    ToolChoice, Turn, TurnEvent, TurnId, VisitorCall, Way,
};
use serde::{Deserialize, Serialize};

use crate::prices::Price;
use crate::secret_place::SecretPlace;
use crate::settings::Settings;

/// Everything a face is told after its [`Snapshot`]; nothing is repeated, nothing left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum AppEvent {
    /// A turn began in that conversation: this is the whole of it so far.
    TurnStarted {
        conversation: ConversationId,
        turn: Turn,
    },
    /// Something happened to a turn.
    Turn {
        conversation: ConversationId,
        turn: TurnId,
        event: TurnEvent,
    },
    /// A conversation is new or its title, time or state changed.
    Conversation {
        summary: ConversationSummary,
    },
    ConversationRemoved {
        id: ConversationId,
    },
    /// Many conversations came or went at once: these are all there are now, newest first.
    Conversations {
        summaries: Vec<ConversationSummary>,
    },
    /// Somebody opened a conversation: these are its latest turns at this instant.
    ConversationOpened {
        conversation: Conversation,
        /// How many turns come before these.
        earlier: usize,
    },
    /// A server is new or anything of it changed.
    Server {
        server: ServerView,
    },
    ServerRemoved {
        name: String,
    },
    /// A server wrote these lines to its standard error; with them there have been `logged`.
    ServerLog {
        server: String,
        lines: Vec<String>,
        logged: u64,
    },
    /// A step of a sign-in began, ended or failed.
    SignIn {
        server: String,
        step: SignInStep,
    },
    /// A server asks something that belongs to no turn, or that question has come to stand differently.
    Question {
        question: Question,
    },
    /// A resource that was subscribed to is not what it was.
    ResourceUpdated {
        server: String,
        uri: String,
    },
    Settings {
        settings: SettingsView,
    },
    /// A conversation uses other tools, or its model has found some.
    ToolChoice {
        conversation: ConversationId,
        choice: ToolChoice,
    },
    /// All calls that wait for a person's word on this way, and none besides.
    VisitorCalls {
        way: Way,
        calls: Vec<VisitorCall>,
    },
    /// A link that describes a server was followed. The window takes it and shows it; nothing is added by it.
    LinkFollowed,
    /// All that is wrong now and stays so until it is mended; what was wrong before is.
    Troubles {
        troubles: Vec<ErrorReport>,
    },
    /// Something went wrong outside any turn.
    Trouble {
        error: ErrorReport,
    },
}

impl AppEvent {
    /// Leaves out results that are too large to be told: see [`chat::Output::shorten`].
    pub fn shorten(&mut self) {
        match self {
            Self::TurnStarted { turn, .. } => turn.shorten(),
            Self::Turn { event, .. } => event.shorten(),
            Self::ConversationOpened { conversation, .. } => conversation.turns.iter_mut().for_each(Turn::shorten),
            _ => (),
        }
    }
}

/// All that a face needs to draw itself, taken at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Newest first.
    pub conversations: Vec<ConversationSummary>,
    pub servers: Vec<ServerView>,
    /// What servers ask outside of any turn, oldest first.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Question>>", optional))]
    pub questions: Vec<Question>,
    pub settings: SettingsView,
    /// What could not be read when Loquat started; everything else works.
    pub troubles: Vec<ErrorReport>,
    /// Loquat's own version.
    pub version: String,
    /// Where configuration and data lie.
    pub home: String,
}

/// One configured server and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    pub name: String,
    /// Comes with Loquat: part of the help desk.
    pub bundled: bool,
    pub enabled: bool,
    /// The command line or the address, secrets masked.
    pub address: String,
    pub state: ServerState,
    /// While it is connecting for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub starting: Option<chat::Starting>,
    /// Which kinds of things it offers besides tools.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<chat::Offers>", optional))]
    pub offers: chat::Offers,
    /// The last known catalogue, also while the server is away.
    pub tools: Vec<chat::Tool>,
    /// The last lines it wrote to its standard error.
    pub log: Vec<String>,
    /// How many lines it has ever written there.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<u64>", optional))]
    pub logged: u64,
}

/// The settings, and what is known about each provider's key. Never a key itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    pub settings: Settings,
    /// The prices in force.
    pub prices: Vec<Price>,
    pub providers: Vec<ProviderView>,
    /// Where secrets are kept.
    pub secrets: SecretPlace,
}

/// One provider as Settings → Models shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ProviderView {
    /// `openai`, `lmstudio`, `practice` or `custom`.
    pub id: String,
    pub name: String,
    pub base_url: String,
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
    pub key: KeyState,
}

/// What is known of a stored key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum KeyState {
    /// Not looked up yet: the keychain is asked only when someone needs the answer.
    Unknown,
    Missing,
    /// In the keychain; `hint` is its end, such as `••••abcd`.
    Stored {
        hint: String,
    },
    /// Given by the environment; nothing is stored.
    Environment {
        hint: String,
    },
    /// Kept until Loquat ends, because no keychain answered.
    MemoryOnly {
        hint: String,
        error: ErrorReport,
    },
    /// The keychain did not answer.
    Unavailable {
        error: ErrorReport,
    },
}

/// One model that a provider offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    pub model: ModelRef,
    /// A name for people, where the provider has one.
    pub name: String,
    /// How much it can read now, in tokens: of the loaded instance where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub context: Option<u64>,
    /// How much it could read where it can be loaded with more, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub most_context: Option<u64>,
    /// Whether it is in memory, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub loaded: Option<bool>,
    /// Whether it was made to use tools, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tools: Option<bool>,
    /// Whether it looks at images, where the provider tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub vision: Option<bool>,
}

/// A server somebody is about to add: shown, then agreed to, before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ServerPreview {
    pub name: String,
    /// The whole command line or the address, secrets masked.
    pub address: String,
    /// Whether it starts a program on this computer.
    pub runs_program: bool,
    /// Names of environment variables and headers that it brings.
    pub variables: Vec<String>,
    /// Whether a server of that name is there already and would be replaced.
    pub replaces: bool,
}
