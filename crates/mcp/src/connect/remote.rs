//! Servers on the web: the newest way first (or the one that worked last), each on a transport of its own, all within
//! one deadline.

use std::collections::VecDeque;

use rmcp::transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig};
use tokio::time::{Instant, timeout_at};

use super::{ConnectError, Ears, Link, Setting, lifecycle, shaken};
use crate::{
    ServerConfig, Transport,
    config::Era,
    era::Way,
    http,
    sse::SseTransport,
    web::{MAX_MESSAGE, Short, Web},
    wire::Tapped,
};

/// How much of its time a server may think about whether it is of the newer generation: one part in so many, so that
/// whoever is known to start slowly is not taken for an older one.
const PROBE_SHARE: u32 = 3;

pub(super) async fn connect(
    config: &ServerConfig,
    setting: &Setting,
    ears: Ears<'_>,
    known: Option<Way>,
) -> Result<(Link, Way), ConnectError> {
    let (Transport::Http { url, .. } | Transport::Sse { url, .. }) = &config.transport else {
        return Err(ConnectError::Settings("it has no web address".to_owned()));
    };
    let attempt = Attempt { setting, ears, url, web: http::web(config, setting).await? };
    let until = Instant::now() + config.start_timeout;
    let mut failures: Vec<(Way, ConnectError)> = vec![];
    let mut ways = VecDeque::from(ways(config, known));
    while let Some(way) = ways.pop_front() {
        if way == Way::Sse && !failures.iter().all(|(_, error)| error.may_be_sse()) {
            break;
        }
        let was_silent = |way| matches!(failed(&failures, way), Some(ConnectError::Silent(_)));
        let is_probe = way == Way::Modern && config.era == Era::Auto && !was_silent(way);
        let deadline = if is_probe { until.min(Instant::now() + config.start_timeout / PROBE_SHARE) } else { until };
        let begun = Instant::now();
        let silent = || ConnectError::Silent(begun.elapsed());
        match timeout_at(deadline, attempt.go(way)).await.unwrap_or_else(|_| Err(silent())) {
            Ok(link) => return Ok((link, way)),
            Err(error) => {
                let over = !error.may_be_the_era() || Instant::now() >= until;
                if way == Way::Legacy && matches!(error, ConnectError::Handshake(_)) && was_silent(Way::Modern) {
                    // It does answer, and not as an older one would: it was but slow to say that it is none.
                    ways.push_front(Way::Modern);
                }
                failures.push((way, error));
                if over {
                    break;
                }
            }
        }
    }
    Err(explained(failures))
}

fn failed(failures: &[(Way, ConnectError)], way: Way) -> Option<&ConnectError> {
    failures.iter().find(|(tried, _)| *tried == way).map(|(_, error)| error)
}

/// In which order to try.
fn ways(config: &ServerConfig, known: Option<Way>) -> Vec<Way> {
    let usual = match (&config.transport, config.era) {
        (Transport::Sse { .. }, _) => return vec![Way::Sse],
        (_, Era::Modern) => vec![Way::Modern],
        (_, Era::Legacy) => vec![Way::Legacy, Way::Sse],
        (_, Era::Auto) => vec![Way::Modern, Way::Legacy, Way::Sse],
    };
    let known = known.filter(|way| usual.contains(way));
    known.into_iter().chain(usual.iter().copied().filter(|way| Some(*way) != known)).collect()
}

/// The older handshake's failure says most; what else was tried stands beside it.
fn explained(mut failures: Vec<(Way, ConnectError)>) -> ConnectError {
    let at = failures.iter().position(|(way, _)| *way == Way::Legacy).unwrap_or(failures.len().saturating_sub(1));
    if failures.is_empty() {
        return ConnectError::Closed;
    }
    // An end that no other way could change is the one to tell of.
    let at = failures.iter().position(|(_, error)| !error.may_be_the_era()).unwrap_or(at);
    let (_, main) = failures.remove(at);
    failures.iter().fold(main, |main, (way, error)| main.besides(*way, error))
}

struct Attempt<'a> {
    setting: &'a Setting,
    ears: Ears<'a>,
    url: &'a str,
    web: Web,
}

impl Attempt<'_> {
    async fn go(&self, way: Way) -> Result<Link, ConnectError> {
        let wire = self.ears.wire.clone();
        let shaken = match way {
            Way::Modern | Way::Legacy => {
                let mut config = StreamableHttpClientTransportConfig::with_uri(self.url);
                config.max_sse_event_size = MAX_MESSAGE;
                let inner = StreamableHttpClientTransport::with_client(self.web.clone(), config);
                let shaken = shaken(self.setting, Tapped::new(inner, wire.clone()), lifecycle(way)).await;
                shaken.map(|(link, ear)| link.shortened(Short::new(self.web.clone(), wire, ear)))
            }
            Way::Sse => {
                let open = SseTransport::open(self.web.clone(), self.url).await;
                let inner = open.map_err(|error| ConnectError::from_transport(&error))?;
                shaken(self.setting, Tapped::new(inner, wire), lifecycle(way)).await.map(|(link, _)| link)
            }
        };
        shaken.map_err(|error| ConnectError::from_web(&error))
    }
}
