//! Which tools each conversation uses, and what that costs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat::{ConversationId, ErrorReport, ModelRef, Tool, ToolChoice, ToolRef};
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, Inner};
use crate::facts::Facts;
use crate::store::StoreError;
use crate::toolset::{Limits, Toolset};
use crate::view::{AppEvent, ServerView};

/// Found tools beyond this are forgotten, oldest first.
const MOST_FOUND: usize = 200;
/// What definitions may take where nobody knows how much the model reads, in tokens.
const USUAL_BUDGET: u32 = 24_000;
/// The share of what the model reads that definitions may take: one part in so many.
const SHARE: u64 = 4;

/// What a conversation's model is offered, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ToolsetView {
    pub choice: ToolChoice,
    /// What may be sent of definitions, in tokens.
    pub budget: u32,
    /// What is sent now, in tokens.
    pub sent: u32,
    /// What all chosen tools would take, in tokens.
    pub all: u32,
    /// Whether there are more than fit, so that the model finds them.
    pub finds: bool,
    pub tools: Vec<PricedTool>,
    /// In whose name servers can be called, where somebody is signed in to them.
    #[serde(default)]
    pub accounts: Vec<ServerAccounts>,
}

/// Who is signed in to one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ServerAccounts {
    pub server: String,
    pub names: Vec<String>,
    /// In whose name it is called where a conversation says nothing of its own.
    pub used: String,
    /// Who must sign in again before it can be called in that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub over: Vec<String>,
}

/// One tool that is ready, whether it is used or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PricedTool {
    pub server: String,
    pub tool: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    pub tokens: u32,
    /// Whether the conversation uses it.
    pub on: bool,
    /// Whether it is in the request as it would be made now.
    pub sent: bool,
    /// Why it cannot be sent at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub problem: Option<String>,
}

/// One conversation's choice, shared by its turn and by whoever changes it.
pub(crate) type Shared = Arc<Mutex<ToolChoice>>;

/// The choices that were looked at since the start.
#[derive(Default)]
pub(crate) struct Choices(Mutex<HashMap<ConversationId, Shared>>);

impl Choices {
    fn known(&self, id: &ConversationId) -> Option<Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn put(&self, id: &ConversationId, choice: ToolChoice) -> Shared {
        let mut choices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        choices.entry(id.clone()).or_insert_with(|| Arc::new(Mutex::new(choice))).clone()
    }
}

impl Engine {
    /// Which tools a conversation uses; without one, what holds for new ones.
    pub async fn tool_choice(&self, id: Option<&ConversationId>) -> Result<ToolChoice, ErrorReport> {
        let Some(id) = id else { return Ok(self.settings().tools.clone()) };
        Ok(copy(&*self.shared_choice(id).await?))
    }

    /// Changes which tools a conversation uses, from its next request on; without one, what holds for new ones.
    pub async fn choose_tools(&self, id: Option<&ConversationId>, choice: ToolChoice) -> Result<(), ErrorReport> {
        if let Some(problem) = choice.folders.as_deref().and_then(crate::folders::problem) {
            return Err(problem);
        }
        let Some(id) = id else {
            let tools = ToolChoice { found: vec![], ..choice };
            return self.change_settings(crate::Settings { tools, ..crate::Settings::clone(&self.settings()) });
        };
        let shared = self.shared_choice(id).await?;
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = choice.clone();
        self.inner.keep_choice(id, choice);
        Ok(())
    }

    /// What would be offered now, to that model, and what each tool costs.
    pub async fn toolset(
        &self,
        id: Option<&ConversationId>,
        model: Option<ModelRef>,
    ) -> Result<ToolsetView, ErrorReport> {
        let choice = self.tool_choice(id).await?;
        let model = model.or_else(|| self.usual_model());
        let facts = match &model {
            Some(model) => self.facts(model).await,
            None => Facts::default(),
        };
        let limits = self.limits(&facts);
        let catalogue = self.inner.servers.tools_as(&choice.accounts);
        let shared = Arc::new(Mutex::new(choice.clone()));
        let offer = self.assemble(shared, None, limits).offer(catalogue.clone(), vec![]);
        let price = |tool: &Tool| {
            let prepared = self.inner.preparing.prepare(tool);
            PricedTool {
                server: tool.server.clone(),
                tool: tool.name.clone(),
                title: tool.title.clone(),
                tokens: prepared.as_ref().map_or(0, |prepared| prepared.tokens),
                on: choice.allows(&tool.server, &tool.name),
                sent: offer.names().any(|name| name == tool.called),
                problem: prepared.err().map(|error| error.to_string()),
            }
        };
        let tools: Vec<PricedTool> = catalogue.tools().iter().map(price).collect();
        let all = tools.iter().filter(|tool| tool.on).map(|tool| tool.tokens).sum();
        let accounts = self.signed_in().await;
        let (sent, finds) = (offer.tokens(), offer.finds);
        Ok(ToolsetView { choice, budget: limits.tokens, sent, all, finds, tools, accounts })
    }

    /// The tools of a turn: of a conversation, or of one that is not kept.
    pub(crate) fn turn_tools(&self, id: Option<&ConversationId>, facts: &Facts) -> Arc<Toolset> {
        let shared = id.and_then(|id| self.inner.choices.known(id));
        let shared = shared.unwrap_or_else(|| Arc::new(Mutex::new(self.settings().tools.clone())));
        Arc::new(self.assemble(shared, id.cloned(), self.limits(facts)))
    }

    /// What a conversation uses from its beginning on.
    pub(crate) fn begin_choice(&self, id: &ConversationId, choice: Option<ToolChoice>) {
        let choice = choice.unwrap_or_else(|| self.settings().tools.clone());
        self.inner.choices.put(id, choice.clone());
        if choice != ToolChoice::default() {
            self.inner.store.choose_tools(id, &choice);
        }
    }

    pub(crate) async fn shared_choice(&self, id: &ConversationId) -> Result<Shared, ErrorReport> {
        if let Some(known) = self.inner.choices.known(id) {
            return Ok(known);
        }
        let stored = self.inner.store.tool_choice(id).await.map_err(|error: StoreError| error.report())?;
        Ok(self.inner.choices.put(id, stored.unwrap_or_default()))
    }

    fn assemble(&self, shared: Shared, id: Option<ConversationId>, limits: Limits) -> Toolset {
        let inner = Arc::downgrade(&self.inner);
        let read = shared.clone();
        let keep = move |found: Vec<ToolRef>| {
            let choice = {
                let mut choice = shared.lock().unwrap_or_else(PoisonError::into_inner);
                choice.add_found(found, MOST_FOUND);
                choice.clone()
            };
            if let (Some(inner), Some(id)) = (inner.upgrade(), &id) {
                inner.keep_choice(id, choice);
            }
        };
        Toolset {
            preparing: self.inner.preparing.clone(),
            choice: Box::new(move || copy(&read)),
            keep_found: Box::new(keep),
            limits,
            aside: Mutex::default(),
        }
    }

    fn limits(&self, facts: &Facts) -> Limits {
        let share = facts.context.map(|context| u32::try_from(context / SHARE).unwrap_or(u32::MAX));
        let tokens = self.settings().tool_budget.or(share).unwrap_or(USUAL_BUDGET);
        Limits { tokens, count: facts.most_tools }
    }
}

impl Inner {
    fn keep_choice(&self, id: &ConversationId, choice: ToolChoice) {
        self.store.choose_tools(id, &choice);
        self.hub.announce(AppEvent::ToolChoice { conversation: id.clone(), choice });
    }

    /// A server with what its tools cost as they are sent, and what keeps them from being sent.
    pub(crate) fn priced(&self, mut server: ServerView) -> ServerView {
        for tool in &mut server.tools {
            match self.preparing.prepare(tool) {
                Ok(prepared) => tool.tokens = prepared.tokens,
                Err(error) => tool.warnings.push(format!("{error} It is not given to models.")),
            }
        }
        server
    }
}

fn copy(shared: &Mutex<ToolChoice>) -> ToolChoice {
    shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
