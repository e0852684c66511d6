//! A turn for a caller that brings what was said before: what other programs ask for through the API.

use std::sync::Arc;
use std::time::Duration;

use chat::{CallId, CallStatus, ConversationId, ErrorCode, ErrorReport, Item, ModelRef, Rule};
use chat::{Tool, ToolCall, Turn, TurnEvent, TurnId};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use mcp::{Catalogue, ToItsEnd};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::approvals::Approval;
use crate::attachments::{self, Brought, Files, Given};
use crate::branches::Place;
use crate::clock::now;
use crate::copies::Going;
use crate::engine::{Engine, fresh_id, no_model};
use crate::equip::{Equipment, Recorder};
use crate::provider::{ModelEvent, ModelRequest, Provider, ProviderError, Sampling};
use crate::run::{Record, Runner};
use crate::scoped::ScopedTools;
use crate::store::StoreError;
use crate::visitors::Visitor;

/// Stands for the caller where a tool's server is named. No server can be called so.
pub const CALLER: &str = "caller:";

/// What a caller asks for.
#[derive(Default)]
pub struct Visit {
    pub keep: Keep,
    /// The items take the place of the conversation's last turn, as another version of it: it stopped for their sake.
    pub again: bool,
    /// What was said before; not looked at where a conversation is gone on with.
    pub earlier: Vec<Turn>,
    /// The question, and what of its answer there is already.
    pub items: Vec<Item>,
    /// The files that come with any of it.
    pub files: Vec<Brought>,
    /// The settings' model where absent.
    pub model: Option<ModelRef>,
    /// The settings' system prompt where absent.
    pub system: Option<String>,
    pub sampling: Sampling,
    /// Further fields of the request to the model, sent as they are.
    pub extra: Map<String, Value>,
    pub scope: Scope,
    /// Tools of the caller: the model may propose them, the caller runs them.
    pub tools: Vec<Tool>,
    /// Whether the caller waits for the end rather than reading along.
    pub whole: bool,
}

/// What remains of a visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Keep {
    #[default]
    Nothing,
    /// A conversation that begins here.
    New,
    /// One that there is already.
    In(ConversationId),
}

/// What of this computer a caller may use.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Who the caller is, as a person may read it.
    pub who: String,
    /// Tools of these servers only; all where absent.
    pub servers: Option<Vec<String>>,
    /// Rules besides the engine's own.
    pub rules: Vec<Rule>,
    /// How long a call waits for somebody's word. Nothing where nobody is there: then what would ask is refused.
    pub patience: Option<Duration>,
}

/// Where a turn goes.
struct Entered {
    /// Its conversation, and whether that begins here.
    id: Option<(ConversationId, bool)>,
    earlier: Vec<Turn>,
    turn: Turn,
    going: Option<Going>,
}

/// A turn under way. Dropping it stops the turn and its calls.
pub struct Visiting {
    pub conversation: Option<ConversationId>,
    pub turn: TurnId,
    /// Who answers.
    pub model: ModelRef,
    events: mpsc::UnboundedReceiver<TurnEvent>,
    /// What is not driven by a task of its own, but by whoever waits for its end.
    driven: Option<ToItsEnd<()>>,
    _stop: DropGuard,
}

impl Visiting {
    /// What happens next; nothing after the end.
    pub async fn next(&mut self) -> Option<TurnEvent> {
        if let Some(driven) = &mut self.driven {
            // Where it broke off, what is told has no end.
            let _ = driven.await;
            self.driven = None;
        }
        self.events.recv().await
    }
}

impl Engine {
    /// Begins a turn that belongs to its caller. Where something of it is kept and the caller is gone before it has begun,
    /// it begins all the same and is stopped: nothing is left half done, least of all where other copies see it.
    pub async fn visit(&self, visit: Visit) -> Result<Visiting, ErrorReport> {
        if visit.keep == Keep::Nothing {
            return self.begin_visit(visit).await;
        }
        let engine = self.clone();
        let begun = self.inner.turns.spawn(async move { engine.begin_visit(visit).await }).await;
        begun.unwrap_or_else(|error| {
            let report = ErrorReport::new(ErrorCode::Unknown, "Loquat could not begin with this answer.");
            Err(report.because(error.to_string()).fix("Try again."))
        })
    }

    async fn begin_visit(&self, visit: Visit) -> Result<Visiting, ErrorReport> {
        let settings = self.settings();
        let model = visit.model.or_else(|| settings.model.clone()).ok_or_else(no_model)?;
        let provider = self.provider(&model.provider).await?;
        let turn = begun(visit.items, model.clone(), settings.max_rounds)?;
        let entered = self.enter(visit.keep, visit.again, visit.earlier, turn).await?;
        let Entered { id, earlier, turn, going } = entered;
        let facts = self.facts(&model).await;
        let told = self.told(id.as_ref().map(|(id, _)| id), None).await?;
        if let Some((id, false)) = &id {
            self.shared_choice(id).await?;
        }
        if id.is_some() {
            let files = self.keep_brought(&visit.files, &turn.items).await?;
            if let Some(going) = &going {
                going.keep_files(&files).await?;
            }
        }
        let (send, events) = mpsc::unbounded_channel();
        // From here on nothing fails: a turn that has begun is driven to its end.
        let stop = match &id {
            Some((id, is_new)) => {
                let stop = self.begin(id, *is_new, &turn)?;
                if *is_new {
                    self.begin_choice(id, None);
                }
                stop
            }
            None => CancellationToken::new(),
        };
        let kept = id.as_ref().map(|(id, _)| Recorder { engine: self.clone(), conversation: id.clone() });
        let recorder = Told::of(self, &visit.scope, kept, send);
        let recorder = Arc::new(Told { going: going.map(Arc::new), brought: visit.files, ..recorder });
        let provider = Arc::new(Handing { provider, extra: Arc::new(visit.extra), stop: stop.clone() });
        let conversation = id.as_ref().map(|(id, _)| id.clone());
        let equipment = Equipment { provider, facts, recorder, stop: stop.clone(), conversation: conversation.clone() };
        let runner = self.runner(&settings, equipment).unattended();
        // The caller's own tools run at the caller, who asked for them.
        let own = visit.tools.iter().map(|tool| Rule::AllowTool { server: CALLER.into(), tool: tool.name.clone() });
        let rules: Vec<Rule> = visit.scope.rules.iter().cloned().chain(own).collect();
        // Of a conversation there may be others who read along.
        let whole = visit.whole && conversation.is_none();
        let (engine, of, turn_id) = (self.clone(), conversation.clone(), turn.id.clone());
        let runner = Runner {
            tools: Arc::new(ScopedTools::new(runner.tools.clone(), visit.scope.servers, visit.tools)),
            policy: Box::new(move || {
                let mut policy = engine.policy(of.as_ref());
                policy.rules.extend(rules.iter().cloned());
                policy
            }),
            earlier: Arc::new(earlier),
            ledger: runner.ledger.for_api(visit.scope.who),
            system: visit.system.unwrap_or(told),
            sampling: over(visit.sampling, runner.sampling),
            whole,
            ..runner
        };
        let driven = self.driven(self.clone().pass(conversation.clone(), runner, turn), whole);
        Ok(Visiting { conversation, turn: turn_id, model, events, driven, _stop: stop.drop_guard() })
    }

    /// By whoever waits for the end of it, else by a task of its own.
    fn driven(&self, pass: impl Future<Output = ()> + Send + 'static, whole: bool) -> Option<ToItsEnd<()>> {
        let pass = self.inner.turns.track_future(pass);
        if whole {
            return Some(ToItsEnd::new(pass));
        }
        tokio::spawn(pass);
        None
    }

    /// Finds the turn its place, and holds it against other copies.
    async fn enter(&self, keep: Keep, again: bool, earlier: Vec<Turn>, turn: Turn) -> Result<Entered, ErrorReport> {
        Ok(match keep {
            Keep::Nothing => Entered { id: None, earlier, turn, going: None },
            Keep::New => {
                let id = ConversationId(fresh_id());
                let going = self.begin_shared(&id, &turn).await?;
                Entered { id: Some((id, true)), earlier, turn, going }
            }
            Keep::In(id) => {
                let going = self.take_shared(&id).await?;
                let place = if again { self.last_place(&id).await? } else { Place::End };
                let standing = self.standing(&id, &place).await?;
                let turn = standing.place(turn);
                Entered { id: Some((id, false)), earlier: standing.earlier, turn, going }
            }
        })
    }

    /// Everything that can be called now.
    pub fn tools(&self) -> Arc<Catalogue> {
        self.inner.servers.tools()
    }

    /// In the place of the turn that came last.
    async fn last_place(&self, id: &ConversationId) -> Result<Place, ErrorReport> {
        let turns = self.conversation(id).await?.turns;
        Ok(turns.into_iter().next_back().map_or(Place::End, |turn| Place::Again(turn.id)))
    }

    /// Drives a turn of which nothing is kept where it has no conversation.
    async fn pass(self, conversation: Option<ConversationId>, runner: Runner, mut turn: Turn) {
        if let Some(id) = &conversation {
            self.drive(id, runner, turn).await;
            return;
        }
        self.await_servers(&runner.stop).await;
        runner.run(&mut turn).await;
    }
}

fn begun(items: Vec<Item>, model: ModelRef, max_rounds: u32) -> Result<Turn, ErrorReport> {
    let mut items = items.into_iter();
    let Some(question) = items.next() else {
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "There is nothing to answer.")
            .fix("Send at least one message of the user."));
    };
    let mut turn = Turn::new(TurnId(fresh_id()), model, question, now());
    turn.max_rounds = max_rounds.max(1);
    let mut round = 0;
    for item in items {
        // What was answered already counts as the rounds it took.
        if item.round() > round {
            round = item.round();
            turn.apply(&TurnEvent::Asked);
        }
        turn.apply(&TurnEvent::Item { item });
    }
    Ok(turn)
}

fn over(own: Sampling, usual: Sampling) -> Sampling {
    Sampling {
        temperature: own.temperature.or(usual.temperature),
        top_p: own.top_p.or(usual.top_p),
        max_output_tokens: own.max_output_tokens.or(usual.max_output_tokens),
    }
}

/// Tells the caller, and whoever else is told of a conversation that is kept.
struct Told {
    kept: Option<Recorder>,
    send: mpsc::UnboundedSender<TurnEvent>,
    engine: Engine,
    /// Nothing where nobody is there to be asked.
    visitor: Option<Visitor>,
    /// Nothing where no other copy could go on with it.
    going: Option<Arc<Going>>,
    /// The files that came along.
    brought: Vec<Brought>,
}

impl Record for Told {
    fn record(&self, turn: &Turn, event: &TurnEvent) {
        if let Some(kept) = &self.kept {
            kept.record(turn, event);
        }
        if let Some(going) = &self.going {
            going.follow(turn, event);
        }
        match event {
            TurnEvent::Ended { .. } if self.engine.inner.copies.is_some() => {
                self.engine.end_shared(self.going.clone(), event.clone(), self.send.clone());
            }
            // The caller may be gone; then the turn is being stopped.
            event => drop(self.send.send(event.clone())),
        }
        let TurnEvent::Item { item: Item::ToolCall(call) } = event else { return };
        match &self.visitor {
            Some(visitor) => visitor.follow(call),
            None if matches!(call.status, CallStatus::AwaitingApproval { .. }) => self.refuse(&call.id),
            None => (),
        }
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            // The ledger knows of calls whose conversation is not kept.
            self.engine.inner.store.flush().await?;
            self.engine.keep_shared(self.going.as_deref()).await
        })
    }

    fn given<'a>(&'a self, earlier: &'a [Turn], items: &'a [Item], sees: bool) -> BoxFuture<'a, Given> {
        let files = Files { store: &self.engine.inner.store, brought: &self.brought };
        Box::pin(attachments::given(files, earlier, items, sees))
    }
}

impl Told {
    fn of(engine: &Engine, scope: &Scope, kept: Option<Recorder>, send: mpsc::UnboundedSender<TurnEvent>) -> Self {
        let visitor = Visitor::of(engine, scope, kept.as_ref().map(|kept| &kept.conversation));
        Self { kept, send, engine: engine.clone(), visitor, going: None, brought: vec![] }
    }

    fn refuse(&self, call: &CallId) {
        let why = "nobody is there to allow it, and the key that was used does not allow it by itself";
        let _ = self.engine.answer(call, Approval::Unanswered { why: why.into() });
    }
}

/// Asks the provider, until the model has proposed what the caller must run.
struct Handing {
    provider: Arc<dyn Provider>,
    extra: Arc<Map<String, Value>>,
    stop: CancellationToken,
}

impl Provider for Handing {
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ProviderError>> {
        let round = request.items.iter().map(Item::round).max().unwrap_or_default();
        let handed = |item: &Item| matches!(item, Item::ToolCall(call) if call.round == round && is_handed(call));
        if request.items.iter().any(handed) {
            self.stop.cancel();
            return futures::stream::pending().boxed();
        }
        self.provider.stream(ModelRequest { extra: self.extra.clone(), ..request })
    }
}

/// Whether the call was given to the caller to run, and its result has not come yet.
pub fn is_handed(call: &ToolCall) -> bool {
    call.server == CALLER
        && matches!(&call.status, CallStatus::Succeeded { output } if output.content.is_empty() && output.bytes == 0)
}
