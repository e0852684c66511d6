//! Pictures from elsewhere: fetched because a person asked to see one, and only as what they are drawn as.

use std::time::Duration;

use chat::{ErrorCode, ErrorReport};
use reqwest::redirect::{Attempt, Policy};
use url::Url;

use crate::engine::Engine;
use crate::pictures::data_url;

/// A larger one is not loaded to its end.
const MOST_BYTES: usize = 10 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(30);
const MOST_REDIRECTS: usize = 5;

impl Engine {
    /// Loads a picture for a person who asked for it: a data URL of what its bytes are, whatever it says it is.
    ///
    /// Nothing goes along that tells who asks: no cookie, no referrer; and no other host is asked than the one shown.
    pub async fn load_picture(&self, url: &str) -> Result<String, ErrorReport> {
        let address = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(address) = address else {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, "This picture is not loaded.")
                .because("Only pictures from the web are."));
        };
        let bytes = tokio::time::timeout(DEADLINE, fetched(address)).await.map_err(|_| {
            failed("Its address did not answer within 30 seconds.").fix("Try again, or open it in the browser.")
        })??;
        let made = tokio::task::spawn_blocking(move || data_url(&bytes)).await.ok().flatten();
        made.ok_or_else(|| {
            failed("What came is no PNG, JPEG, GIF or WebP that can be opened.")
                .fix("Open it in the browser to see more.")
        })
    }
}

async fn fetched(address: Url) -> Result<Vec<u8>, ErrorReport> {
    let unreachable = |error: reqwest::Error| failed(&error.without_url().to_string()).fix("Try again later.");
    let client = reqwest::Client::builder()
        .redirect(Policy::custom(stay))
        .user_agent(concat!("Loquat/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(unreachable)?;
    let mut response = client.get(address).send().await.map_err(unreachable)?;
    if let Some(next) = response.headers().get(reqwest::header::LOCATION).filter(|_| response.status().is_redirection())
    {
        let next = response.url().join(next.to_str().unwrap_or_default()).ok();
        let host = next.as_ref().and_then(Url::host_str).unwrap_or("another address");
        return Err(failed(&format!("It sends on to {host}.")).fix("Open it in the browser if you trust that address."));
    }
    if !response.status().is_success() {
        return Err(
            failed(&format!("Its address answered {}.", response.status())).fix("Open it in the browser to see more.")
        );
    }
    let mut bytes = vec![];
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            return Err(failed("It is larger than 10 MB.").fix("Open it in the browser."));
        }
    }
    Ok(bytes)
}

/// Whoever clicked saw one host's name, and agreed to no other.
fn stay(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let same = attempt.previous().first().is_some_and(|first| first.host_str() == attempt.url().host_str());
    if same && attempt.previous().len() <= MOST_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

fn failed(why: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::Unknown, "The picture could not be loaded.").because(why)
}
