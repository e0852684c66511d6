//! A server in the name of one account, whichever is used by others: with a session of its own, begun when it is first
//! needed, so that several people's calls run side by side.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use chat::ServerState;
use futures::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Inner, Servers};
use crate::{
    CallError, Catalogue, ServerConfig, ServerSnapshot, SignInError, Transport,
    auth::Account,
    board::{Board, offered},
    connect::Setting,
    session::Session,
};

/// A server that is used in that name for the first time has so long to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(60);
/// No turn waits longer to hear what servers offer to somebody.
const TURNS_WAIT: Duration = Duration::from_secs(10);

/// Who is signed in to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub server: String,
    pub names: Vec<String>,
    /// In whose name it is used where nobody says otherwise.
    pub used: String,
    /// Whose sign-in is over, as far as that was noticed: they must sign in again before they can use it.
    pub over: Vec<String>,
}

/// Servers that hold one server each, by that server and the account.
#[derive(Default)]
pub(super) struct Others(Mutex<HashMap<(String, String), Servers>>);

impl Others {
    fn all(&self) -> MutexGuard<'_, HashMap<(String, String), Servers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, server: &str, account: &str) -> Option<Servers> {
        self.all().get(&(server.to_owned(), account.to_owned())).cloned()
    }

    /// Of one server, or of all.
    pub(super) fn of(&self, server: Option<&str>) -> Vec<Servers> {
        let all = self.all();
        let wanted = |known: &String| server.is_none_or(|server| server == known);
        all.iter().filter(|((known, _), _)| wanted(known)).map(|(_, other)| other.clone()).collect()
    }

    fn take(&self, which: impl Fn(&str, &str) -> bool) -> Vec<Servers> {
        self.all().extract_if(|(server, account), _| which(server, account)).map(|(_, other)| other).collect()
    }
}

impl Servers {
    /// These servers, or that one of them alone as that account uses it: with a session of its own, also where it is the
    /// one in use, so that switching ends nobody's call.
    pub async fn in_name_of(&self, server: &str, account: Option<&str>) -> Result<Self, CallError> {
        let Some(account) = account else { return Ok(self.clone()) };
        let there = self.find(server).filter(|there| there.config.enabled);
        let away = |state| CallError::NotReady { server: server.to_owned(), state, why: None };
        let there = there.ok_or_else(|| away("not there, or turned off"))?;
        if matches!(there.config.transport, Transport::Stdio { .. }) {
            // Whoever starts a program is the only one who uses it.
            return Err(away("a program that nobody signs in to"));
        }
        let other = self.other(&there, account);
        other.settled(BEGINS_WITHIN).await;
        Ok(other)
    }

    /// Begins what is not begun yet of servers in the name of those accounts, and waits for it a while.
    pub async fn begin_as(&self, accounts: &BTreeMap<String, String>) {
        let mut begun = vec![];
        for (server, account) in accounts {
            begun.push(self.in_name_of(server, Some(account)));
        }
        // Who cannot begin says so when called.
        let _ = timeout(TURNS_WAIT, join_all(begun)).await;
    }

    /// What can be called now by somebody who uses servers in the name of those accounts. What is not heard yet of a
    /// server in that name is taken to be what it offers otherwise.
    pub fn tools_as(&self, accounts: &BTreeMap<String, String>) -> Arc<Catalogue> {
        let published = self.inner.board.read();
        let there = |(server, account): (&String, &String)| self.inner.others.get(server, account)?.ready(server).ok();
        let others: Vec<ServerSnapshot> = accounts.iter().filter_map(there).map(|(_, server)| server).collect();
        let same = |other: &ServerSnapshot| {
            let known = published.servers.iter().find(|server| server.config.name == other.config.name);
            known.is_some_and(|known| known.is_ready() && known.tools == other.tools)
        };
        if others.iter().all(same) {
            return published.catalogue();
        }
        let is_other = |name: &str| others.iter().any(|other| other.config.name == name);
        let usual = published.servers.iter().filter(|server| !is_other(&server.config.name));
        let lists = offered(usual.chain(&others));
        Arc::new(Catalogue::new(lists.iter().map(AsRef::as_ref)))
    }

    /// Who is signed in, by server. No keychain is opened where nobody is.
    pub async fn signed_in(&self) -> Vec<SignedIn> {
        let mut all = vec![];
        if !self.inner.sign_ins.has_any().unwrap_or_default() {
            return all;
        }
        for server in
            self.snapshot().iter().filter(|server| !matches!(server.config.transport, Transport::Stdio { .. }))
        {
            let name = &server.config.name;
            // What cannot be looked up is not chosen from.
            let Ok((_, accounts)) = self.accounts_of(name).await else { continue };
            if let Ok((names, Some(used))) = accounts.names() {
                let is_over = |account: &&String| self.is_over(server, account, &used);
                let over = names.iter().filter(is_over).cloned().collect();
                all.push(SignedIn { server: name.clone(), names, used, over });
            }
        }
        all
    }

    /// Whether a server has refused whoever that is: in a session of their own, or in the one that all others share.
    fn is_over(&self, server: &ServerSnapshot, account: &str, used: &str) -> bool {
        let own = self.inner.others.get(&server.config.name, account).and_then(|own| own.find(&server.config.name));
        let state = own.map(|own| own.state).or_else(|| (account == used).then(|| server.state.clone()));
        matches!(state, Some(ServerState::NeedsSignIn))
    }

    /// That account of a server, or whichever is used.
    pub(super) async fn account_of(&self, name: &str, account: Option<&str>) -> Result<Arc<Account>, SignInError> {
        let (_, accounts) = self.accounts_of(name).await?;
        let Some(account) = account else { return Ok(accounts) };
        let other = self.inner.sign_ins.account(accounts.config(), Some(account));
        other.ok_or_else(|| SignInError::NoServer { server: name.to_owned() })
    }

    /// Whoever signs in there, and can be read; nobody where signing in is not possible at all.
    pub(super) async fn legible(&self, name: &str) -> Result<Option<Arc<Account>>, SignInError> {
        let account = match self.account_of(name, None).await {
            Ok(account) => account,
            // Where something it refers to is missing, connecting says so.
            Err(SignInError::NoServer { .. } | SignInError::Unreachable { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        account.lacking().await?;
        Ok(Some(account))
    }

    /// Ends the sessions of that server in other names, and forgets them: all, or those of one account.
    pub(super) async fn dismiss(&self, server: &str, account: Option<&str>) {
        let is_meant = |known: &str| account.is_none_or(|account| account == known);
        let others = self.inner.others.take(|known, whose| known == server && is_meant(whose));
        join_all(others.iter().map(Self::stop_all)).await;
        self.inner.sign_ins.forget(server, |known| known.is_some_and(is_meant));
    }

    /// They are as that server is configured from now on, and go on taking turns with it.
    pub(super) async fn configure_others(&self, config: &Arc<ServerConfig>) {
        let Some(usual) = self.find(&config.name) else { return };
        for other in self.inner.others.of(Some(&config.name)) {
            if let Some(server) = other.find(&config.name) {
                other.configure_alone(&server, config.clone()).await;
                other.inner.board.update(server.serial, |server| server.turns = usual.turns.clone());
            }
        }
    }

    /// Every session there is, in whosever name.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        let others = self.inner.others.of(None);
        let all = others.iter().chain([self]).flat_map(|servers| servers.snapshot().to_vec());
        all.filter_map(|server| server.session).collect()
    }

    pub(super) fn other(&self, server: &ServerSnapshot, account: &str) -> Self {
        let key = (server.config.name.clone(), account.to_owned());
        let mut all = self.inner.others.all();
        if let Some(known) = all.get(&key) {
            return known.clone();
        }
        let other = self.alone_as(account);
        other.add_beside(server);
        all.insert(key, other.clone());
        other
    }

    fn alone_as(&self, account: &str) -> Self {
        let sign_ins = self.inner.sign_ins.clone();
        let abandoned = CancellationToken::new();
        let inner = Inner {
            board: Board::new(),
            setting: Setting { accounts: Arc::new(sign_ins.only(account)), ..self.inner.setting.clone() },
            sign_ins,
            catalogue: None,
            serials: AtomicU64::new(0),
            others: Others::default(),
            abandoned: abandoned.clone(),
            _guard: abandoned.drop_guard(),
        };
        Self { inner: Arc::new(inner) }
    }
}
