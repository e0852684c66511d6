//! Waiting for servers that are still starting. A first start may download its program, and then it is said meanwhile
//! that it lasts, with the last line that the program wrote.

use std::collections::BTreeMap;
use std::time::Duration;

use ::chat::ServerState;
use engine::Engine;
use mcp::{ServerChange, ServerSnapshot};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::{print, standing};

/// A server of which nothing is heard for so long is not waited for any longer. How long one may take altogether its own
/// deadline says.
const PATIENCE: Duration = Duration::from_secs(60);
/// What starts faster is not worth a word.
const SLOW: Duration = Duration::from_secs(2);
/// How often the words of a slow one are passed on.
const PACE: Duration = Duration::from_secs(1);

/// Until no server is starting any more.
pub(crate) async fn for_all(engine: &Engine) {
    wait(engine, PATIENCE, |_| true).await;
}

/// Until no server is starting any more, or none of those that are has said anything for so long.
pub(crate) async fn for_all_within(engine: &Engine, patience: Duration) {
    wait(engine, patience, |_| true).await;
}

/// Until that server is not starting any more.
pub(crate) async fn for_one(engine: &Engine, server: &str) {
    wait(engine, PATIENCE, |name| name == server).await;
}

async fn wait(engine: &Engine, patience: Duration, wanted: impl Fn(&str) -> bool) {
    let mut changes = engine.servers().changes();
    let begun = Instant::now();
    let (mut heard, mut told) = (begun, BTreeMap::new());
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let starting: Vec<ServerSnapshot> = engine
            .servers()
            .snapshot()
            .iter()
            .filter(|it| is_starting(it) && wanted(&it.config.name))
            .cloned()
            .collect();
        if starting.is_empty() {
            return;
        }
        tokio::select! {
            change = changes.recv() => match change {
                Ok(ServerChange::Logged { server, .. }) if wanted(&server) => heard = Instant::now(),
                // Having missed some is as good as a change: all are looked at anew.
                Ok(_) | Err(RecvError::Lagged(_)) => (),
                Err(RecvError::Closed) => return,
            },
            _ = ticks.tick() => if begun.elapsed() >= SLOW {
                starting.iter().for_each(|server| tell(server, begun, &mut told));
            },
            () = sleep_until(heard + patience) => return,
        }
    }
}

/// Says of every server that is turned on and not ready why it is not.
pub(crate) fn tell_who_is_missing(engine: &Engine) {
    for server in engine.server_views().iter().filter(|server| server.enabled) {
        let why = match &server.state {
            ServerState::Connecting => Some("It is still starting.".to_owned()),
            state => standing::missing(&server.name, state, standing::here),
        };
        let Some(why) = why else { continue };
        print::note(&print::plain(&format!("! {}: {why}", server.name)));
    }
}

fn is_starting(server: &ServerSnapshot) -> bool {
    server.config.enabled && server.state == ServerState::Connecting
}

/// Says that it still starts: once, and again with each new line.
fn tell(server: &ServerSnapshot, begun: Instant, told: &mut BTreeMap<String, u64>) {
    let name = &server.config.name;
    if told.insert(name.clone(), server.logged) == Some(server.logged) {
        return;
    }
    let is_new = server.starting.is_some_and(|starting| server.logged > starting.logged);
    let line = server.log.last().filter(|_| is_new).map(|line| format!(": {line}")).unwrap_or_default();
    let seconds = begun.elapsed().as_secs();
    print::note(&print::dim(&print::plain(&format!("… {name} is still starting ({seconds} s){line}"))));
}
