//! The gateway as a window turns it on and off, and what it shows of it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use chat::{ErrorCode, ErrorReport, Exposed, VisitorCall, VisitorRequest};
use mcp::{Servers, write_atomically};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    sync::Mutex,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{
    AuditFilter, AuditPage, Gateway, GatewayError, Options, Served, Verified,
    audit::{search, verify},
    auth::new_key,
};

/// What runs has so long to come to its end when it is turned off.
const ENDING: Duration = Duration::from_secs(2);
/// How often it is looked whether the one before has ended.
const LOOK: Duration = Duration::from_millis(50);
const KEYS: &str = "gateway-keys.json";
/// What a window's gateway begins with. Servers come from the window.
const BEGINNING: &str = include_str!("../catalogue/window.yaml");
const TENANT: &str = "default";
const ROLE: &str = "Agent";

/// Told whenever other calls wait than before.
type Tell = dyn Fn(Vec<VisitorCall>) + Send + Sync;

/// The gateway of one window: off until it is turned on, for this machine only and never without a key. It offers the
/// window's own servers, and what its file says besides.
pub struct Switch {
    folder: PathBuf,
    servers: Servers,
    tell: std::sync::Arc<Tell>,
    on: Mutex<Option<On>>,
}

struct On {
    gateway: Gateway,
    served: Served,
}

/// What a person sees of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LocalGateway {
    /// Where other programs find the MCP server; nothing while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub address: Option<String>,
    /// Its configuration.
    pub file: String,
    /// Its audit log, while it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub audit: Option<String>,
    /// Those that were made here.
    pub keys: Vec<GatewayKey>,
    /// What is wrong with the configuration as it is now, and with the servers that it names.
    pub troubles: Vec<ErrorReport>,
    /// Nothing while it is off.
    pub exposed: Vec<Exposed>,
    /// Calls of tools, newest first.
    pub requests: Vec<VisitorRequest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct GatewayKey {
    pub name: String,
    pub roles: Vec<String>,
}

/// As the gateway's own files spell a key.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    sha256: String,
    tenant: String,
    roles: Vec<String>,
}

impl Switch {
    /// Its configuration, keys and audit log lie in that folder.
    pub fn new(folder: &Path, servers: Servers, tell: impl Fn(Vec<VisitorCall>) + Send + Sync + 'static) -> Self {
        Self { folder: folder.to_owned(), servers, tell: std::sync::Arc::new(tell), on: Mutex::default() }
    }

    /// Serves at this port of this machine from now on, wherever it was served before.
    pub async fn turn_on(&self, port: u16) -> Result<(), ErrorReport> {
        let mut on = self.on.lock().await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if on.as_ref().is_some_and(|on| on.served.address() == address) {
            return Ok(());
        }
        self.begin().map_err(|error| self.unwritten(&error))?;
        // Two gateways never write one log: the one before ends first, but only for one that can take its place.
        TcpListener::bind(address).await.map_err(|error| taken(&address, &error))?;
        if let Some(before) = on.take() {
            before.end().await;
        }
        let (config, servers) = (self.file(), Some(self.servers.clone()));
        let options = Options { config, listen: Some(address), servers, ..Options::default() };
        let gateway = open(options).await.map_err(|error| error.report())?;
        let served = gateway.serve().await.map_err(|error| error.report())?;
        let (mut waiting, tell) = (gateway.waiting(), self.tell.clone());
        tokio::spawn(async move {
            while waiting.changed().await.is_ok() {
                tell(waiting.borrow_and_update().clone());
            }
            tell(vec![]);
        });
        *on = Some(On { gateway, served });
        Ok(())
    }

    pub async fn turn_off(&self) {
        if let Some(on) = self.on.lock().await.take() {
            on.end().await;
        }
    }

    pub async fn view(&self) -> Result<LocalGateway, ErrorReport> {
        let on = self.on.lock().await;
        let keys = self.kept()?.into_iter().map(|key| GatewayKey { name: key.name, roles: key.roles });
        Ok(LocalGateway {
            address: on.as_ref().map(|on| on.served.url()),
            file: self.file().display().to_string(),
            audit: on.as_ref().map(|on| on.gateway.audit_log().display().to_string()),
            keys: keys.collect(),
            troubles: on.as_ref().map(|on| on.gateway.troubles()).unwrap_or_default(),
            exposed: on.as_ref().map(|on| on.gateway.exposed()).unwrap_or_default(),
            requests: on.as_ref().map(|on| on.gateway.recent()).unwrap_or_default(),
        })
    }

    /// What is in the log, newest first; nothing while the gateway is off.
    pub async fn search_audit(&self, filter: AuditFilter) -> Result<AuditPage, ErrorReport> {
        let Some(log) = self.log().await else { return Ok(AuditPage { entries: vec![], more: false }) };
        let searched = spawn_blocking(move || search(&log, &filter)).await;
        searched.map_err(io::Error::other).flatten().map_err(|error| {
            ErrorReport::new(ErrorCode::StorageFailed, "The audit log cannot be read.").because(error.to_string())
        })
    }

    /// Whether every record is there, unchanged and in order.
    pub async fn verify_audit(&self) -> Result<Verified, ErrorReport> {
        let log = self.log().await.ok_or_else(|| {
            ErrorReport::new(ErrorCode::NotFound, "The gateway is off.").fix("Turn it on to look into its log.")
        })?;
        let verified = spawn_blocking(move || verify(&log)).await;
        match verified {
            Ok(verified) => verified.map_err(|error| error.report()),
            Err(error) => Err(ErrorReport::new(ErrorCode::Unknown, error.to_string())),
        }
    }

    async fn log(&self) -> Option<PathBuf> {
        self.on.lock().await.as_ref().map(|on| on.gateway.audit_log())
    }

    /// The calls that wait for a person's word.
    pub async fn waiting(&self) -> Vec<VisitorCall> {
        self.on.lock().await.as_ref().map(|on| on.gateway.waiting().borrow().clone()).unwrap_or_default()
    }

    pub async fn answer(&self, id: &str, approve: bool) -> Result<(), ErrorReport> {
        if let Some(on) = self.on.lock().await.as_ref()
            && on.gateway.answer(id, approve).await
        {
            return Ok(());
        }
        Err(ErrorReport::new(ErrorCode::NotFound, "This call does not wait for an answer any more.")
            .because("It was answered already, timed out, or its caller left."))
    }

    /// Makes a key for a program. What is returned is the only time at which it can be read.
    pub async fn create_key(&self, name: &str) -> Result<String, ErrorReport> {
        let on = self.on.lock().await;
        let name = name.trim();
        let mut keys = self.kept()?;
        if name.is_empty() || keys.iter().any(|known| known.name == name) {
            let message = if name.is_empty() { "A key needs a name." } else { "There is a key of that name already." };
            return Err(ErrorReport::new(ErrorCode::InvalidInput, message)
                .fix("Name it after the program that will use it, or revoke the other one first."));
        }
        let made = new_key();
        let (tenant, roles) = (TENANT.to_owned(), vec![ROLE.to_owned()]);
        keys.push(Kept { name: name.to_owned(), sha256: made.sha256, tenant, roles });
        self.keep(&keys, on.as_ref()).await?;
        Ok(made.key)
    }

    pub async fn revoke_key(&self, name: &str) -> Result<(), ErrorReport> {
        let on = self.on.lock().await;
        let mut keys = self.kept()?;
        keys.retain(|known| known.name != name);
        self.keep(&keys, on.as_ref()).await
    }

    fn file(&self) -> PathBuf {
        self.folder.join("gateway.yaml")
    }

    /// Writes what is not there yet.
    fn begin(&self) -> io::Result<()> {
        let keys = self.folder.join(KEYS);
        if !keys.exists() {
            write_atomically(&keys, b"[]\n")?;
        }
        if self.file().exists() { Ok(()) } else { write_atomically(&self.file(), BEGINNING.as_bytes()) }
    }

    fn kept(&self) -> Result<Vec<Kept>, ErrorReport> {
        let path = self.folder.join(KEYS);
        let unreadable = |cause: String| {
            ErrorReport::new(
                ErrorCode::StorageFailed,
                format!("The gateway's keys in {} cannot be read.", path.display()),
            )
            .because(cause)
            .fix("Mend the file, or move it away; then no key is known and nobody gets in.")
        };
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }

    /// Writes the keys down; from then on they are the ones that count.
    async fn keep(&self, keys: &[Kept], on: Option<&On>) -> Result<(), ErrorReport> {
        let text = serde_json::to_vec_pretty(keys).map_err(io::Error::other);
        let written = text.and_then(|text| write_atomically(&self.folder.join(KEYS), &text));
        written.map_err(|error| self.unwritten(&error))?;
        match on {
            Some(on) => on.gateway.reload().await.map_err(|error| error.report()),
            None => Ok(()),
        }
    }

    fn unwritten(&self, error: &io::Error) -> ErrorReport {
        let message = format!("The gateway's files in {} cannot be written.", self.folder.display());
        ErrorReport::new(ErrorCode::StorageFailed, message)
            .because(error.to_string())
            .fix("Make room, or give the folder the rights.")
    }
}

impl On {
    async fn end(self) {
        // A client that holds on to its stream does not keep it.
        let _ = timeout(ENDING, self.served.stop()).await;
        self.gateway.shut_down().await;
    }
}

/// Opens it as soon as the one before has let go of the audit log, which happens when its last call has ended.
async fn open(options: Options) -> Result<Gateway, GatewayError> {
    let trying = async {
        loop {
            match Gateway::open(options.clone()).await {
                Err(GatewayError::Audit { .. }) => sleep(LOOK).await,
                other => return other,
            }
        }
    };
    match timeout(ENDING, trying).await {
        Ok(opened) => opened,
        Err(_) => Gateway::open(options).await,
    }
}

fn taken(address: &SocketAddr, error: &io::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("Nothing can listen on {address}."))
        .because(error.to_string())
        .fix("Choose another port, or end the program that listens there.")
}
