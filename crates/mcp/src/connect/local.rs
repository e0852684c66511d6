//! Servers that are programs of this machine.
//!
//! A program is asked whether it is of the newer generation; whatever it does but say yes, the older handshake
//! follows, with the same program if it bore the question, else with a fresh one.

use std::{sync::atomic::Ordering, time::Duration};

use rmcp::{ClientHandler, RoleClient, service::ClientInitializeError, transport::async_rw::AsyncRwTransport};
use tokio::{
    process::{ChildStdin, ChildStdout},
    time::{Instant, sleep_until, timeout},
};

use super::{
    ConnectError, Ears, Link, Setting, exit_words, host, lifecycle,
    probe::{Heard, Probed},
    shaken,
};
use crate::{
    ServerConfig,
    config::Era,
    era::Way,
    http,
    process::{self, Child, Program},
    stdout::Messages,
    web::MAX_MESSAGE,
    wire::Tapped,
};

/// How long a program may think about which generation it belongs to.
const PROBE_DEADLINE: Duration = Duration::from_secs(4);
/// With less than this left, nothing new is begun.
const TOO_LATE: Duration = Duration::from_millis(500);
/// What prints is alive: a program that downloads itself first is waited for up to so many times its start-up time, as
/// long as it is never silent for the whole of that.
const MOST_PATIENCE: u32 = 5;
/// However long a start-up time was configured.
const LONGEST_START: Duration = Duration::from_secs(24 * 3600);

type Pipes = Probed<Tapped<AsyncRwTransport<RoleClient, Messages<ChildStdout>, ChildStdin>>>;

/// Everything that one attempt to connect needs.
struct Attempt<'a> {
    config: &'a ServerConfig,
    setting: &'a Setting,
    ears: Ears<'a>,
    begun: Instant,
}

pub(super) async fn connect(
    config: &ServerConfig,
    setting: &Setting,
    ears: Ears<'_>,
    known: Option<Way>,
) -> Result<(Link, Way), ConnectError> {
    let attempt = Attempt { config, setting, ears, begun: Instant::now() };
    let outcome = match (config.era, known) {
        (Era::Legacy, _) => attempt.fresh(Way::Legacy).await,
        (Era::Modern, _) => attempt.fresh(Way::Modern).await,
        (Era::Auto, Some(Way::Legacy)) => match attempt.fresh(Way::Legacy).await {
            Err(error) if error.may_be_the_era() && attempt.has_time() => {
                attempt.probed().await.map_err(|main| main.besides(Way::Legacy, &error))
            }
            outcome => outcome,
        },
        (Era::Auto, _) => attempt.probed().await,
    };
    let link = outcome?;
    let way = link.way();
    Ok((link, way))
}

impl Attempt<'_> {
    fn until(&self) -> Instant {
        waits_until(self.begun, self.ears.log.heard(), self.config.start_timeout)
    }

    async fn out_of_patience(&self) {
        while Instant::now() < self.until() {
            sleep_until(self.until()).await;
        }
    }

    fn has_time(&self) -> bool {
        self.until().saturating_duration_since(Instant::now()) > TOO_LATE
    }

    async fn start(&self) -> Result<(Child, Pipes), ConnectError> {
        let Some(program) = Program::of(self.config) else {
            return Err(ConnectError::Settings("it is no program".to_owned()));
        };
        let (child, stdout, stdin) = process::spawn(program, self.ears.log, &self.setting.watchdog).await?;
        let inner = AsyncRwTransport::<RoleClient, _, _>::new(Messages::new(stdout, self.ears.log.clone()), stdin);
        let inner = inner.with_max_line_length(MAX_MESSAGE);
        Ok((child, Probed::new(Tapped::new(inner, self.ears.wire.clone()))))
    }

    /// A fresh program, spoken to in one way alone.
    async fn fresh(&self, way: Way) -> Result<Link, ConnectError> {
        let (child, pipes) = self.start().await?;
        self.shake(child, pipes, way).await
    }

    async fn probed(&self) -> Result<Link, ConnectError> {
        let (mut child, mut pipes) = self.start().await?;
        let late = pipes.late();
        let us = host(self.setting).0.get_info();
        let (way, error) = match pipes.ask(&us, PROBE_DEADLINE.min(self.config.start_timeout / 4)).await {
            Heard::Modern => (Way::Modern, self.shake(child, pipes, Way::Modern).await),
            Heard::Other => (Way::Legacy, self.shake(child, pipes, Way::Legacy).await),
            Heard::Gone => {
                let status = exit_words(&mut child).await;
                child.stop().await;
                (Way::Modern, Err(ConnectError::Exited { status }))
            }
        };
        let error = match error {
            Err(error) if error.may_be_the_era() || matches!(error, ConnectError::Exited { .. }) => error,
            outcome => return outcome,
        };
        if !self.has_time() {
            return Err(error);
        }
        // The question itself may have spoilt it.
        let other = if late.load(Ordering::Relaxed) { Way::Modern } else { Way::Legacy };
        self.fresh(other).await.map_err(|main| main.besides(way, &error))
    }

    async fn shake(&self, mut child: Child, pipes: Pipes, way: Way) -> Result<Link, ConnectError> {
        let shaken = tokio::select! {
            biased;
            shaken = shaken(self.setting, pipes, lifecycle(way)) => Some(shaken),
            () = self.out_of_patience() => None,
        };
        let failure = match shaken {
            Some(Ok((link, _))) => return Ok(Link { child: Some(child), ..link }),
            Some(Err(error)) if way == Way::Legacy && is_other_era(&error) => ConnectError::OtherEra,
            Some(Err(ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })) => {
                ConnectError::Exited { status: exit_words(&mut child).await }
            }
            Some(Err(error)) => ConnectError::Handshake(http::causes(&error)),
            None => ConnectError::Silent(self.begun.elapsed()),
        };
        // It is told to end; how long it takes does not matter to anybody here.
        let _ = timeout(Duration::from_secs(5), child.stop()).await;
        Err(failure)
    }
}

/// Until when a program is waited for that was started then and was heard last then.
fn waits_until(begun: Instant, heard: Option<Instant>, start_timeout: Duration) -> Instant {
    let patience = start_timeout.min(LONGEST_START);
    // What it wrote in an earlier life says nothing of this one.
    let heard = heard.map_or(begun, |heard| heard.max(begun));
    (heard + patience).min(begun + patience * MOST_PATIENCE)
}

/// Whether it answered `initialize` with "I do not know that" or "not with that version".
fn is_other_era(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::JsonRpcError(error) => matches!(error.code.0, -32601 | -32022 | -32600 | -32602),
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_prints_is_waited_for_longer_but_not_without_end() {
        let (begun, second) = (Instant::now() + Duration::from_secs(60), Duration::from_secs(1));
        let patience = 120 * second;
        let until = |heard: Option<Instant>| waits_until(begun, heard, patience) - begun;
        assert_eq!(until(None), patience);
        assert_eq!(until(Some(begun - second)), patience, "an earlier life");
        assert_eq!(until(Some(begun + 90 * second)), 210 * second);
        assert_eq!(until(Some(begun + 590 * second)), 600 * second, "chatter alone is no start");
        assert!(waits_until(begun, None, Duration::MAX) > begun);
    }
}
