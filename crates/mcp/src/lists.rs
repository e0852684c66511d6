//! Lists of a server, page by page: raw, bounded, and kept for as long as the server says that they hold.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

use crate::{
    exchange::request,
    session::{Era, RequestError, Session},
};

/// More pages than this are a server going in circles.
const MAX_PAGES: usize = 100;
const MAX_ENTRIES: usize = 2_000;
/// Of what all entries of a list may take together: more than any honest one, and less than would hurt.
const MAX_BYTES: usize = 32 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(30);
/// However long a server says that a list holds.
const LONGEST: Duration = Duration::from_secs(3600);

/// A kind of list: the method that asks for it and the member that holds the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl Kind {
    fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }
}

/// Lists that still hold.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<Kind, Entries>>);

/// Until when they hold, and what they are.
type Entries = (Instant, Arc<Vec<Value>>);

impl Kept {
    fn get(&self, kind: Kind) -> Option<Arc<Vec<Value>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&kind).filter(|(until, _)| *until > Instant::now()).map(|(_, list)| list.clone())
    }

    fn keep(&self, kind: Kind, holds: Duration, list: &Arc<Vec<Value>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(kind, (Instant::now() + holds, list.clone()));
    }

    /// It has changed.
    pub(crate) fn forget(&self, kinds: &[Kind]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kind, _| !kinds.contains(kind));
    }
}

/// The raw entries: from before where they still hold.
pub(crate) async fn kept(session: &Session, kind: Kind) -> Result<Arc<Vec<Value>>, RequestError> {
    if let Some(list) = session.kept.get(kind) {
        return Ok(list);
    }
    let (list, holds) = fetch(session, kind).await?;
    let list = Arc::new(list);
    // A server of the older era that tells of changes need not be asked again before it does.
    let holds = if session.era == Era::Legacy && session.tells_of(kind) { Some(LONGEST) } else { holds };
    if let Some(holds) = holds {
        session.kept.keep(kind, holds.min(LONGEST), &list);
    }
    Ok(list)
}

/// The raw entries as they are now.
pub(crate) async fn fresh(session: &Session, kind: Kind) -> Result<Vec<Value>, RequestError> {
    fetch(session, kind).await.map(|(list, _)| list)
}

/// All pages, and how long the server says that they hold.
async fn fetch(session: &Session, kind: Kind) -> Result<(Vec<Value>, Option<Duration>), RequestError> {
    let (mut entries, mut cursor, mut seen) = (vec![], None::<String>, HashSet::new());
    let (mut holds, mut room) = (None::<Duration>, MAX_BYTES);
    for _ in 0..MAX_PAGES {
        let params = cursor.iter().map(|cursor| ("cursor".to_owned(), Value::from(cursor.clone())));
        let page = match session.ask(request(kind.method(), &params.collect::<Map<_, _>>()), DEADLINE).await {
            // A server without such things need not know the method.
            Err(RequestError::Rejected { code: -32601, .. }) if entries.is_empty() => return Ok((vec![], None)),
            page => page?,
        };
        if let Some(Value::Array(list)) = page.get(kind.member()) {
            let fits = |entry: &&Value| {
                let left = room.checked_sub(entry.to_string().len());
                room = left.unwrap_or(0);
                left.is_some()
            };
            let most = MAX_ENTRIES - entries.len().min(MAX_ENTRIES);
            entries.extend(list.iter().take(most).take_while(fits).cloned());
        }
        let ttl = Duration::from_millis(page.get("ttlMs").and_then(Value::as_u64).unwrap_or(0));
        holds = Some(holds.map_or(ttl, |holds| holds.min(ttl)));
        match page.get("nextCursor").and_then(Value::as_str) {
            Some(next)
                if !next.is_empty() && entries.len() < MAX_ENTRIES && room > 0 && seen.insert(next.to_owned()) =>
            {
                cursor = Some(next.to_owned());
            }
            _ => break,
        }
    }
    Ok((entries, holds.filter(|holds| !holds.is_zero())))
}
