//! A turn for a caller that brings what was said before: what other programs ask for through the API.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::{CallId, CallStatus, ConversationId, ErrorCode, ErrorReport, Item, ModelRef, Output, Progress, Rule};
use chat::{Reading, Tool, ToolCall, Turn, TurnEvent, TurnId};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use mcp::{Answers, Catalogue};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::approvals::Approval;
use crate::attachments::{self, Given};
use crate::branches::Place;
use crate::clock::now;
use crate::engine::{Engine, fresh_id, no_model};
use crate::equip::{Equipment, Recorder};
use crate::provider::{ModelEvent, ModelRequest, Provider, ProviderError, Sampling};
use crate::run::{Record, Runner};
use crate::store::StoreError;
use crate::tools::{OnProgress, Tools};
use crate::toolset::Whose;
use crate::visitors::Visitor;

/// Stands for the caller where a tool's server is named. No server can be called so.
pub const CALLER: &str = "caller:";
/// A tool that its server calls idempotent is tried this often again.
const RETRIES: u32 = 2;

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

/// A turn under way. Dropping it stops the turn and its calls.
pub struct Visiting {
    pub conversation: Option<ConversationId>,
    pub turn: TurnId,
    /// Who answers.
    pub model: ModelRef,
    events: mpsc::UnboundedReceiver<TurnEvent>,
    _stop: DropGuard,
}

impl Visiting {
    /// What happens next; nothing after the end.
    pub async fn next(&mut self) -> Option<TurnEvent> {
        self.events.recv().await
    }
}

impl Engine {
    /// Begins a turn that belongs to its caller.
    pub async fn visit(&self, visit: Visit) -> Result<Visiting, ErrorReport> {
        let settings = self.settings();
        let model = visit.model.or(settings.model.clone()).ok_or_else(no_model)?;
        let provider = self.provider(&model.provider).await?;
        let turn = begun(visit.items, model.clone(), settings.max_rounds)?;
        let (id, earlier, turn) = match visit.keep {
            Keep::Nothing => (None, visit.earlier, turn),
            Keep::New => (Some((ConversationId(fresh_id()), true)), visit.earlier, turn),
            Keep::In(id) => {
                let place = if visit.again { self.last_place(&id).await? } else { Place::End };
                let standing = self.standing(&id, &place).await?;
                let turn = standing.place(turn);
                (Some((id, false)), standing.earlier, turn)
            }
        };
        let (send, events) = mpsc::unbounded_channel();
        let stop = match &id {
            Some((id, is_new)) => {
                if !is_new {
                    self.shared_choice(id).await?;
                }
                let stop = self.begin(id, *is_new, &turn)?;
                if *is_new {
                    self.begin_choice(id, None);
                }
                stop
            }
            None => CancellationToken::new(),
        };
        let facts = self.facts(&model).await;
        let told = self.told(id.as_ref().map(|(id, _)| id), None).await?;
        let kept = id.as_ref().map(|(id, _)| Recorder { engine: self.clone(), conversation: id.clone() });
        let recorder = Arc::new(Told::of(self, &visit.scope, kept, send));
        let provider = Arc::new(Handing { provider, extra: Arc::new(visit.extra), stop: stop.clone() });
        let conversation = id.as_ref().map(|(id, _)| id.clone());
        let equipment = Equipment { provider, facts, recorder, stop: stop.clone(), conversation: conversation.clone() };
        let runner = self.runner(&settings, equipment).unattended();
        // The caller's own tools run at the caller, who asked for them.
        let own = visit.tools.iter().map(|tool| Rule::AllowTool { server: CALLER.into(), tool: tool.name.clone() });
        let rules: Vec<Rule> = visit.scope.rules.iter().cloned().chain(own).collect();
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
            ..runner
        };
        self.inner.turns.spawn(self.clone().pass(conversation.clone(), runner, turn));
        Ok(Visiting { conversation, turn: turn_id, model, events, _stop: stop.drop_guard() })
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
}

impl Record for Told {
    fn record(&self, turn: &Turn, event: &TurnEvent) {
        if let Some(kept) = &self.kept {
            kept.record(turn, event);
        }
        // The caller may be gone; then the turn is being stopped.
        let _ = self.send.send(event.clone());
        let TurnEvent::Item { item: Item::ToolCall(call) } = event else { return };
        match &self.visitor {
            Some(visitor) => visitor.follow(call),
            None if matches!(call.status, CallStatus::AwaitingApproval { .. }) => self.refuse(&call.id),
            None => (),
        }
    }

    fn flush(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        // The ledger knows of calls whose conversation is not kept.
        Box::pin(self.engine.inner.store.flush())
    }

    fn given<'a>(&'a self, earlier: &'a [Turn], items: &'a [Item], sees: bool) -> BoxFuture<'a, Given> {
        Box::pin(attachments::given(&self.engine.inner.store, earlier, items, sees))
    }
}

impl Told {
    fn of(engine: &Engine, scope: &Scope, kept: Option<Recorder>, send: mpsc::UnboundedSender<TurnEvent>) -> Self {
        let visitor = Visitor::of(engine, scope, kept.as_ref().map(|kept| &kept.conversation));
        Self { kept, send, engine: engine.clone(), visitor }
    }

    fn refuse(&self, call: &CallId) {
        let word = "nobody is there to allow it; the key that was used does not allow it by itself";
        let _ = self.engine.answer(call, Approval::Refuse { word: Some(word.into()) });
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

/// The tools of some servers, and the caller's own.
struct ScopedTools {
    tools: Arc<dyn Tools>,
    servers: Option<Vec<String>>,
    own: Vec<Tool>,
    /// What was made of which catalogue: it changes rarely.
    made: Mutex<Option<(Arc<Catalogue>, Arc<Catalogue>)>>,
}

impl ScopedTools {
    fn new(tools: Arc<dyn Tools>, servers: Option<Vec<String>>, own: Vec<Tool>) -> Self {
        let own = own.into_iter().map(|tool| Tool { server: CALLER.into(), ..tool }).collect();
        Self { tools, servers, own, made: Mutex::default() }
    }

    fn scoped(&self, all: &Catalogue) -> Catalogue {
        let may = |tool: &&Tool| self.servers.as_ref().is_none_or(|servers| servers.contains(&tool.server));
        // A tool of the caller hides one of ours that the model would know by the same name.
        let hidden = |tool: &&Tool| self.own.iter().any(|own| own.called == tool.called);
        let ours = all.tools().iter().filter(may).filter(|tool| !hidden(tool)).cloned();
        Catalogue::of(&ours.chain(self.own.iter().cloned()).collect::<Vec<_>>())
    }
}

impl Tools for ScopedTools {
    fn whose(&self) -> BoxFuture<'_, Whose> {
        self.tools.whose()
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        let all = self.tools.catalogue();
        if self.servers.is_none() && self.own.is_empty() {
            return all;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, scoped)) if Arc::ptr_eq(of, &all) => scoped.clone(),
            _ => {
                let scoped = Arc::new(self.scoped(&all));
                *made = Some((all, scoped.clone()));
                scoped
            }
        }
    }

    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>> {
        self.tools.read(server, uri, answers, stop)
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>> {
        if call.server == CALLER {
            let handed = Output {
                content: vec![],
                structured: None,
                model_text: String::new(),
                whole: None,
                bytes: 0,
                withheld: 0,
                too_deep: false,
            };
            return Box::pin(std::future::ready(Ok(handed)));
        }
        Box::pin(async move {
            let progress: Arc<dyn Fn(Progress) + Send + Sync> = progress.into();
            let mut left = if call.hints.idempotent { RETRIES } else { 0 };
            loop {
                let told = progress.clone();
                let outcome = self.tools.call(call, Box::new(move |it| told(it)), answers.clone(), stop.clone()).await;
                if outcome.is_ok() || left == 0 || stop.is_cancelled() {
                    return outcome;
                }
                left -= 1;
            }
        })
    }
}
