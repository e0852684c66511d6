//! The API as a window turns it on and off, and what it shows of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use chat::{ErrorCode, ErrorReport, Exposed, VisitorRequest};
use engine::{Engine, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::api::{Api, Door};
use crate::keys::{KeyError, KeyRights, KeyView, Keys, NewKey};
use crate::serve::{Served, serve};

/// Answers under way have so long to come to their end when it is turned off.
const ENDING: Duration = Duration::from_secs(2);
/// Programs give up after ten minutes, by default; what is asked is answered before.
const PATIENCE: Duration = Duration::from_secs(300);

/// The API of one window: off until it is turned on, for this machine only and never without a key.
pub struct Switch {
    engine: Engine,
    keys: Keys,
    patience: Duration,
    served: Mutex<Option<Served>>,
}

/// What a person sees of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LocalApi {
    /// What other programs call the base URL; nothing while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub address: Option<String>,
    /// Those that are valid, oldest first.
    pub keys: Vec<KeyView>,
    pub exposed: Vec<Exposed>,
    /// Newest first.
    pub requests: Vec<VisitorRequest>,
}

impl Switch {
    pub fn new(engine: Engine, home: &Path) -> Result<Self, KeyError> {
        Ok(Self { engine, keys: Keys::open(home)?, patience: PATIENCE, served: Mutex::default() })
    }

    /// A call that must ask waits so long for a word; no word is no.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Serves at this port of this machine from now on, wherever it was served before.
    pub async fn turn_on(&self, port: u16) -> Result<(), ErrorReport> {
        let mut served = self.served.lock().await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if served.as_ref().is_some_and(|served| served.address() == address) {
            return Ok(());
        }
        // Only what could take its place ends the one before.
        let listener = TcpListener::bind(address).await.map_err(|error| taken(&address, &error))?;
        if let Some(before) = served.take() {
            before.end_within(ENDING).await;
        }
        let api = Api::new(self.engine.clone(), self.keys.clone(), Door::Loopback).attended(self.patience);
        *served = Some(serve(api, listener).map_err(|error| error.report())?);
        Ok(())
    }

    pub async fn turn_off(&self) {
        if let Some(served) = self.served.lock().await.take() {
            served.end_within(ENDING).await;
        }
    }

    pub async fn view(&self) -> LocalApi {
        let served = self.served.lock().await;
        LocalApi {
            address: served.as_ref().map(|served| format!("http://{}/v1", served.address())),
            keys: self.keys.list().iter().filter(|key| !key.revoked).map(KeyView::from).collect(),
            exposed: self.exposed(),
            requests: served.as_ref().map(Served::requests).unwrap_or_default(),
        }
    }

    /// The only time at which the key can be read.
    pub fn create_key(&self, name: &str, rights: KeyRights) -> Result<NewKey, ErrorReport> {
        self.keys.create(name, rights).map_err(|error| error.report())
    }

    pub fn revoke_key(&self, name: &str) -> Result<(), ErrorReport> {
        self.keys.revoke(name).map_err(|error| error.report())
    }

    /// What a key without rights of its own can use, server by server.
    fn exposed(&self) -> Vec<Exposed> {
        let mut exposed: Vec<Exposed> = vec![];
        for tool in self.engine.tools().tools() {
            let judged = self.engine.explain(&tool.server, &tool.name, json!({}), None);
            let asks = !judged.is_ok_and(|judged| judged.verdict == Verdict::Allow);
            match exposed.iter_mut().find(|known| known.name == tool.server) {
                Some(known) => (known.tools, known.asking) = (known.tools + 1, known.asking + u32::from(asks)),
                None => exposed.push(Exposed { name: tool.server.clone(), tools: 1, asking: u32::from(asks) }),
            }
        }
        exposed
    }
}

fn taken(address: &SocketAddr, error: &std::io::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("Nothing can listen on {address}."))
        .because(error.to_string())
        .fix("Choose another port, or end the program that listens there.")
}
