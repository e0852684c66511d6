//! The engine: one home's conversations, servers, settings and keys, for every face alike.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat::{CallId, ConversationId, ConversationSummary, ErrorCode, ErrorReport};
use chat::{ModelRef, Rule, ToolChoice, Turn, TurnEvent, TurnId, TurnStatus};
use mcp::{Consents, SecretFile, SecretsOrMemory, ServerConfig, ServerFile, Servers};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;

use crate::approvals::{Approval, Approvals, answered};
use crate::branches::{Asked, Place, Standing};
use crate::choices::Choices;
use crate::clock::now;
use crate::condense::Room;
use crate::copies::Copies;
use crate::equip::{Equipment, Recorder};
use crate::exchanges::Exchanges;
use crate::facts::Told;
use crate::home::Home;
use crate::hub::{Events, Hub};
use crate::keys::Keys;
use crate::ledger::Face;
use crate::logging::{LogFilter, LogRecord};
use crate::models::Http;
use crate::options::Options;
use crate::paging::LastResult;
use crate::permissions::Permissions;
use crate::pictures::Pictures;
use crate::provider::OnlyInPieces;
use crate::questions::Questions;
use crate::run::Runner;
use crate::settings::Settings;
use crate::store::{Store, TitledBy};
use crate::titles::{Titling, by_rule, question_of};
use crate::toolset::Preparing;
use crate::view::{AppEvent, Snapshot};
use crate::visitors::Visitors;

/// Servers that are still connecting are waited for this long before a turn's first request.
const SERVERS_MAY_TAKE: Duration = Duration::from_secs(5);

/// Cheap to clone; every clone is the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) home: Home,
    pub(crate) store: Store,
    /// Nothing where this engine is one alone.
    pub(crate) copies: Option<Arc<Copies>>,
    pub(crate) hub: Hub,
    pub(crate) servers: Servers,
    /// Where the servers are written down; nothing where they were given for this engine alone.
    pub(crate) file: Option<Mutex<ServerFile>>,
    /// What could not be read when the home was opened.
    pub(crate) troubles: Vec<ErrorReport>,
    /// What is wrong with the list of servers as it is now.
    pub(crate) list_troubles: Mutex<Vec<ErrorReport>>,
    /// Cancelled when nobody has this engine any more.
    pub(crate) ended: CancellationToken,
    _ends: DropGuard,
    pub(crate) helpdesk: Option<PathBuf>,
    pub(crate) settings: Mutex<Arc<Settings>>,
    pub(crate) settings_given: bool,
    pub(crate) keys: Keys,
    /// What the configurations of servers refer to.
    pub(crate) secrets: Arc<SecretsOrMemory>,
    pub(crate) secret_file: SecretFile,
    /// Which programs may be started; nothing where the servers were given for this engine alone.
    pub(crate) consents: Option<Arc<Consents>>,
    pub(crate) sign_ins: crate::sign_in::UnderWay,
    pub(crate) http: Http,
    pub(crate) practice: OnceCell<practice::Practice>,
    /// Held while the list of servers is read, changed and written.
    pub(crate) changing_servers: tokio::sync::Mutex<()>,
    pub(crate) turns: TaskTracker,
    opened: Instant,
    pub(crate) approvals: Arc<Approvals>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) face: Face,
    pub(crate) exchanges: Exchanges,
    pub(crate) permissions: Arc<Permissions>,
    pub(crate) preparing: Arc<Preparing>,
    pub(crate) choices: Choices,
    pub(crate) titling: Titling,
    pub(crate) told: Told,
    pub(crate) only_in_pieces: OnlyInPieces,
    pub(crate) pictures: Arc<Pictures>,
    pub(crate) questions: Arc<Questions>,
    pub(crate) last_result: LastResult,
    pub(crate) visitors: Visitors,
}

/// A question and where it goes.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// A new conversation is begun where none is named.
    pub conversation: Option<ConversationId>,
    pub text: String,
    /// The settings' model where absent.
    pub model: Option<ModelRef>,
    /// Which tools a new conversation uses; the settings' where absent.
    pub tools: Option<ToolChoice>,
    /// What the model is told before everything else, from now on; as it was where absent.
    pub instructions: Option<String>,
    /// Where in its conversation it stands.
    pub place: Place,
    /// The files that come with it, as [`Engine::attach`] named them.
    pub attachments: Vec<String>,
}

impl Engine {
    /// Opens a home. Servers begin to connect; nobody waits for them.
    pub async fn open(options: Options) -> Result<Self, ErrorReport> {
        let (home, settings_given, ended) = (options.home, options.settings.is_some(), CancellationToken::new());
        let (mut troubles, mut list_troubles) = (vec![], vec![]);
        let settings = match options.settings {
            Some(settings) => settings.checked()?,
            None => Settings::load_or_set_aside(&home.settings(), &mut troubles)?,
        };
        crate::logging::follow(&settings);
        let (file, configs) = match options.servers {
            Some(configs) => (None, configs.into_iter().map(|it| ServerConfig { bundled: false, ..it }).collect()),
            None => crate::servers::of_home(&home, options.helpdesk.as_deref(), &mut list_troubles)?,
        };
        let permissions = Permissions::load(home.permissions(), &mut troubles);
        // They connect while the conversations are read.
        let (secret_file, kept) = crate::secret_place::of_home(&home, options.secrets, options.passphrase).await?;
        let secrets = Arc::new(SecretsOrMemory::new(kept.clone()));
        let whose = crate::servers::Whose { home: file.is_some(), ask_first: options.ask_first };
        let (servers, consents) = crate::servers::start(&home, &settings, secrets.clone(), whose, configs);
        let (store, hub) = conversations_of(&home).await.map_err(|error| error.report())?;
        let inner = Inner {
            store,
            copies: Copies::of(options.database.as_ref()).await?,
            hub,
            servers,
            file: file.map(Mutex::new),
            troubles,
            list_troubles: Mutex::new(list_troubles),
            _ends: ended.clone().drop_guard(),
            ended,
            helpdesk: options.helpdesk,
            settings: Mutex::new(Arc::new(settings)),
            settings_given,
            keys: Keys::new(kept),
            secrets,
            secret_file,
            consents,
            sign_ins: Default::default(),
            http: Http::default(),
            practice: OnceCell::new(),
            changing_servers: tokio::sync::Mutex::default(),
            turns: TaskTracker::new(),
            opened: Instant::now(),
            approvals: Arc::default(),
            questions: Arc::default(),
            last_result: LastResult::default(),
            visitors: Visitors::default(),
            rules: options.rules,
            face: options.face,
            exchanges: Exchanges::default(),
            permissions: Arc::new(permissions),
            preparing: Arc::default(),
            choices: Choices::default(),
            titling: Titling::default(),
            told: Told::default(),
            only_in_pieces: OnlyInPieces::default(),
            pictures: Arc::default(),
            home,
        };
        Ok(Self::of(inner))
    }

    fn of(inner: Inner) -> Self {
        let engine = Self { inner: Arc::new(inner) };
        engine.watch();
        engine
    }

    /// Follows what servers ask and become, and what is written into their list; lets go of what was removed long ago.
    fn watch(&self) {
        self.purge();
        self.inner.servers.answer_unasked(Arc::new(crate::questions::Unasked(Arc::downgrade(&self.inner))));
        self.watch_servers();
        self.watch_list();
    }

    /// Everything a face shows, and every event from this instant on.
    pub fn subscribe(&self) -> (Snapshot, Events) {
        self.inner.hub.subscribe(|conversations| Snapshot {
            conversations,
            servers: self.server_views(),
            questions: self.inner.questions.outside(),
            settings: self.settings_view(),
            troubles: self.troubles(),
            version: env!("CARGO_PKG_VERSION").into(),
            home: self.inner.home.dir().display().to_string(),
        })
    }

    /// The last lines of this process's log that the filter lets through, oldest first.
    pub fn recent_logs(&self, filter: &LogFilter) -> Vec<LogRecord> {
        crate::logging::recent(filter)
    }

    /// Asks a question: a turn begins, and goes on by itself. Returns where it went.
    pub async fn send(&self, question: Question) -> Result<(ConversationId, TurnId), ErrorReport> {
        let settings = self.settings();
        let model = question.model.or(settings.model.clone()).ok_or_else(no_model)?;
        let provider = self.provider(&model.provider).await?;
        let (id, is_new) = match question.conversation {
            Some(id) => (id, false),
            None => (ConversationId(fresh_id()), true),
        };
        let standing = if is_new { Standing::default() } else { self.standing(&id, &question.place).await? };
        let attachments = self.attachments(&question.attachments).await?;
        let turn = standing.ask(Asked { text: &question.text, attachments }, model, settings.max_rounds)?;
        let facts = self.facts(&turn.model).await;
        let system = self.told(Some(&id), question.instructions.as_deref()).await?;
        if !is_new {
            self.shared_choice(&id).await?;
        }
        let stop = self.begin(&id, is_new, &turn)?;
        if is_new {
            self.begin_choice(&id, question.tools);
        }
        let recorder = Arc::new(Recorder { engine: self.clone(), conversation: id.clone() });
        if let Some(own) = &question.instructions {
            self.inner.store.instruct(&id, Some(own));
        }
        // Who waits for the answer shall not wait for a title as well.
        self.inner.titling.give_up();
        let conversation = Some(id.clone());
        let room = Some(Room { context: facts.context });
        let equipment = Equipment { provider: provider.clone(), facts, recorder, stop, conversation };
        let runner = Runner { earlier: Arc::new(standing.earlier), system, room, ..self.runner(&settings, equipment) };
        let turn_id = turn.id.clone();
        let (engine, of) = (self.clone(), id.clone());
        self.inner.turns.spawn(async move {
            if let Some(turn) = engine.drive(&of, runner, turn).await {
                engine.entitle(&of, &turn, provider).await;
            }
        });
        Ok((id, turn_id))
    }

    /// Writes down that a turn begins, and tells every face. What comes back stops it.
    pub(crate) fn begin(
        &self,
        id: &ConversationId,
        is_new: bool,
        turn: &Turn,
    ) -> Result<CancellationToken, ErrorReport> {
        if is_new {
            let at = turn.started_at;
            let title = by_rule(question_of(turn));
            let (created_at, updated_at, running, pinned) = (at, at, false, false);
            let summary = ConversationSummary { id: id.clone(), title, created_at, updated_at, running, pinned };
            self.inner.store.add_conversation(&summary, TitledBy::Rule);
            self.inner.hub.put(summary);
        }
        let stop = self.inner.hub.begin(id, turn).ok_or_else(busy)?;
        self.inner.store.begin(id, turn);
        Ok(stop)
    }

    /// Stops the turn under way, if there is one.
    pub fn stop(&self, conversation: &ConversationId) {
        self.inner.hub.stop(conversation);
    }

    /// Gives a person's word on a call that waits for it.
    pub fn answer(&self, call: &CallId, approval: Approval) -> Result<(), ErrorReport> {
        if let Approval::With { arguments } = &approval {
            self.may_run_with(call, arguments)?;
        }
        if self.inner.approvals.answer(call, approval) {
            return Ok(());
        }
        Err(answered())
    }

    /// Ends one running call; its turn goes on.
    pub fn cancel_call(&self, call: &CallId) -> Result<(), ErrorReport> {
        if self.inner.approvals.cancel(call) {
            return Ok(());
        }
        Err(ErrorReport::new(ErrorCode::NotFound, "This call does not run any more."))
    }

    /// Stops every turn, writes everything down and ends every server.
    pub async fn shut_down(self) {
        self.inner.hub.stop_all();
        self.inner.titling.close();
        self.inner.turns.close();
        self.inner.turns.wait().await;
        if let Err(error) = self.inner.store.flush().await {
            tracing::error!("not everything is on disk: {error}");
        }
        self.inner.servers.clone().shutdown().await;
        self.inner.ended.cancel();
        // The last words may tell most.
        let _ = tokio::task::spawn_blocking(crate::logging::flush).await;
    }

    /// Drives a turn to its end, and answers with it. A turn that cannot go on at all ends, too: nobody waits for ever.
    pub(crate) async fn drive(&self, id: &ConversationId, runner: Runner, mut turn: Turn) -> Option<Turn> {
        self.await_servers(&runner.stop).await;
        let turn_id = turn.id.clone();
        let driven = tokio::spawn(async move {
            runner.run(&mut turn).await;
            turn
        });
        let ended = match driven.await {
            Ok(turn) => {
                self.inner.store.end(&turn);
                Some(turn)
            }
            Err(error) => {
                let report = ErrorReport::new(ErrorCode::Unknown, "Loquat could not go on with this answer.")
                    .because(error.to_string())
                    .fix("Try again. What arrived is kept.");
                let event = TurnEvent::Ended { status: TurnStatus::Failed { error: report }, at: now() };
                self.inner.store.append(&turn_id, &event);
                self.inner.hub.happen(id, &event);
                None
            }
        };
        if let Err(error) = self.inner.store.flush().await {
            self.inner.hub.announce(AppEvent::Trouble { error: error.report() });
        }
        ended
    }

    /// Until the servers have connected, for a while after the start; later it waits for nobody.
    pub(crate) async fn await_servers(&self, stop: &CancellationToken) {
        let left = SERVERS_MAY_TAKE.saturating_sub(self.inner.opened.elapsed());
        tokio::select! {
            () = self.inner.servers.settled(left) => (),
            () = stop.cancelled() => (),
        }
    }

    /// As they are now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.inner.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Sortable by time, so that lists and files have an order of their own.
pub(crate) fn fresh_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

pub(crate) fn no_model() -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "No model is chosen yet.")
        .fix("Choose who answers: OpenAI, LM Studio, or the practice model.")
}

pub(crate) fn busy() -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "An answer is still being written in this conversation.")
        .fix("Stop it, or wait until it is done.")
}

/// What was said in a home, and those who are told what is said.
async fn conversations_of(home: &Home) -> Result<(Store, Hub), crate::store::StoreError> {
    let store = Store::open(&home.database(), &home.run()).await?;
    let hub = Hub::of(store.conversations().await?);
    Ok((store, hub))
}
