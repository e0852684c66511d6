//! How other programs come in while the window is open: the local API and the gateway, on where they were left on.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use api::{KeyRights, LocalApi};
use chat::{ErrorCode, ErrorReport, VisitorCall, Way};
use engine::{Engine, Home};
use gateway::LocalGateway;
use serde::{Deserialize, Serialize};

const FILE: &str = "doors.json";

/// Whether a door is open, and at which port of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Door {
    on: bool,
    port: u16,
}

/// As a person left them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    api: Door,
    gateway: Door,
}

impl Default for Kept {
    fn default() -> Self {
        Self { api: Door { on: false, port: 8000 }, gateway: Door { on: false, port: 9000 } }
    }
}

/// Settings → Local API.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocalApiPanel {
    door: Door,
    /// Why it is not on although it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    error: Option<ErrorReport>,
    #[serde(flatten)]
    api: LocalApi,
}

/// Settings → Gateway.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayPanel {
    door: Door,
    /// Why it is not on although it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    error: Option<ErrorReport>,
    #[serde(flatten)]
    gateway: LocalGateway,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApiKey {
    /// The program that will use it.
    pub(crate) name: String,
    pub(crate) rights: KeyRights,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerVisitor {
    pub(crate) id: String,
    pub(crate) way: Way,
    pub(crate) allow: bool,
}

pub(crate) struct Doors {
    engine: Engine,
    api: Result<api::Switch, ErrorReport>,
    gateway: gateway::Switch,
    file: PathBuf,
    kept: Mutex<Kept>,
    /// Why one could not be opened, by its way.
    errors: Mutex<(Option<ErrorReport>, Option<ErrorReport>)>,
}

impl Doors {
    pub(crate) fn new(engine: &Engine, home: &Home) -> Arc<Self> {
        let file = home.dir().join(FILE);
        // Where it cannot be read nobody is let in until it is said again.
        let kept = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let telling = engine.clone();
        let tell = move |calls| telling.announce_visitors(Way::Gateway, calls);
        Arc::new(Self {
            engine: engine.clone(),
            api: api::Switch::new(engine.clone(), home.dir()).map_err(|error| error.report()),
            gateway: gateway::Switch::new(home.dir(), engine.servers().clone(), tell),
            file,
            kept: Mutex::new(kept),
            errors: Mutex::default(),
        })
    }

    /// Opens those that were left open.
    pub(crate) async fn open(&self) {
        let Kept { api, gateway } = self.kept();
        // What went wrong is shown where it can be mended.
        let _ = tokio::join!(self.open_api(api), self.open_gateway(gateway));
    }

    pub(crate) async fn close(&self) {
        if let Ok(api) = &self.api {
            api.turn_off().await;
        }
        self.gateway.turn_off().await;
    }

    pub(crate) fn api(&self) -> Result<&api::Switch, ErrorReport> {
        self.api.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn gateway(&self) -> &gateway::Switch {
        &self.gateway
    }

    pub(crate) async fn api_panel(&self) -> Result<LocalApiPanel, ErrorReport> {
        let api = self.api()?.view().await;
        Ok(LocalApiPanel { door: self.kept().api, error: self.errors().0.clone(), api })
    }

    pub(crate) async fn gateway_panel(&self) -> Result<GatewayPanel, ErrorReport> {
        let gateway = self.gateway.view().await?;
        Ok(GatewayPanel { door: self.kept().gateway, error: self.errors().1.clone(), gateway })
    }

    pub(crate) async fn turn_api(&self, door: Door) -> Result<(), ErrorReport> {
        self.open_api(door).await?;
        self.keep(|kept| kept.api = door)
    }

    pub(crate) async fn turn_gateway(&self, door: Door) -> Result<(), ErrorReport> {
        self.open_gateway(door).await?;
        self.keep(|kept| kept.gateway = door)
    }

    /// Every call of another program that waits for a person's word.
    pub(crate) async fn visitor_calls(&self) -> Vec<VisitorCall> {
        let mut calls = self.engine.visitor_calls();
        calls.extend(self.gateway.waiting().await);
        calls
    }

    pub(crate) async fn answer(&self, answer: AnswerVisitor) -> Result<(), ErrorReport> {
        match answer.way {
            Way::Api => self.engine.answer_visitor(&answer.id, answer.allow),
            Way::Gateway => self.gateway.answer(&answer.id, answer.allow).await,
        }
    }

    async fn open_api(&self, door: Door) -> Result<(), ErrorReport> {
        let opened = match (self.api()?, door.on) {
            (api, true) => api.turn_on(door.port).await,
            (api, false) => {
                api.turn_off().await;
                Ok(())
            }
        };
        self.errors().0 = opened.clone().err();
        opened
    }

    async fn open_gateway(&self, door: Door) -> Result<(), ErrorReport> {
        let opened = if door.on {
            self.gateway.turn_on(door.port).await
        } else {
            self.gateway.turn_off().await;
            Ok(())
        };
        self.errors().1 = opened.clone().err();
        opened
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) -> Result<(), ErrorReport> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut kept);
        let text = serde_json::to_vec_pretty(&*kept).map_err(std::io::Error::other);
        text.and_then(|text| mcp::write_atomically(&self.file, &text)).map_err(|error| {
            ErrorReport::new(ErrorCode::StorageFailed, "Which doors are open could not be written down.")
                .because(error.to_string())
                .fix("Check the disk. It holds until Loquat ends.")
        })
    }

    fn kept(&self) -> Kept {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn errors(&self) -> std::sync::MutexGuard<'_, (Option<ErrorReport>, Option<ErrorReport>)> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
