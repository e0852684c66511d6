//! What a turn is driven with.

use std::sync::Arc;

use chat::{CallStatus, ConversationId, Item, Turn, TurnEvent};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::attachments::{self, Files, Given};
use crate::engine::Engine;
use crate::facts::Facts;
use crate::ledger::Ledger;
use crate::provider::{Provider, Sampling};
use crate::results::Budget;
use crate::run::{Record, Runner};
use crate::settings::Settings;
use crate::store::StoreError;
use crate::tools::Chosen;

/// What is this turn's own; everything else is the engine's.
pub(crate) struct Equipment {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) facts: Facts,
    pub(crate) recorder: Arc<dyn Record>,
    pub(crate) stop: CancellationToken,
    /// Nothing for a turn that is not kept.
    pub(crate) conversation: Option<ConversationId>,
}

impl Engine {
    /// A runner for one turn, with nothing said before it.
    pub(crate) fn runner(&self, settings: &Settings, equipment: Equipment) -> Runner {
        let Equipment { provider, facts, recorder, stop, conversation } = equipment;
        let (engine, of) = (self.clone(), conversation.clone());
        let toolset = self.turn_tools(conversation.as_ref(), &facts);
        let mut asking = self.asking();
        if let Some(folders) = (toolset.choice)().folders {
            asking.roots = crate::folders::roots(&folders);
        }
        Runner {
            provider,
            tools: Arc::new(Chosen { servers: self.inner.servers.clone(), toolset: toolset.clone() }),
            toolset,
            approvals: self.inner.approvals.clone(),
            asking,
            policy: Box::new(move || engine.policy(of.as_ref())),
            permissions: self.inner.permissions.clone(),
            recorder,
            ledger: Ledger::new(self, conversation.clone()),
            exchanges: self.inner.exchanges.clone(),
            conversation,
            stop,
            earlier: Arc::default(),
            system: String::new(),
            sampling: sampling(settings),
            whole: false,
            budget: Budget::of(facts.context),
            blind: facts.blind,
            room: None,
            pictures: facts.sees.then(|| self.inner.pictures.clone()),
        }
    }
}

/// Stores what happens and tells every face.
pub(crate) struct Recorder {
    pub(crate) engine: Engine,
    pub(crate) conversation: ConversationId,
}

impl Record for Recorder {
    fn record(&self, turn: &Turn, event: &TurnEvent) {
        if !is_progress(event) {
            self.engine.inner.store.append(&turn.id, event);
        }
        self.engine.inner.hub.happen(&self.conversation, event);
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.engine.inner.store.flush())
    }

    fn given<'a>(&'a self, earlier: &'a [Turn], items: &'a [Item], sees: bool) -> BoxFuture<'a, Given> {
        let files = Files { store: &self.engine.inner.store, brought: &[] };
        Box::pin(attachments::given(files, earlier, items, sees))
    }
}

/// How far a call is says nothing that anybody needs after a crash.
fn is_progress(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::Item { item: Item::ToolCall(call) }
        if matches!(call.status, CallStatus::Running { progress: Some(_) }))
}

fn sampling(settings: &Settings) -> Sampling {
    Sampling { temperature: settings.temperature, top_p: settings.top_p, max_output_tokens: settings.max_output_tokens }
}
