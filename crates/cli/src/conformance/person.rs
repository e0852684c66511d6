//! Who sits in front of it while a suite runs: says yes to everything, and opens links at once.

use std::sync::{Mutex, PoisonError};

use ::chat::{Ask, SignInStep, filled};
use futures::future::{BoxFuture, FutureExt, ready};
use mcp::{Answers, Reply, Root, Sampled, Servers, SignInError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::print;

pub(super) struct Person;

impl Person {
    /// Signs in, and is the browser that the link is opened in.
    pub(super) async fn sign_in(&self, servers: &Servers, server: &str) -> Result<(), SignInError> {
        let visits = Mutex::new(JoinSet::new());
        let report = |step: SignInStep| {
            print::note(&format!("{:?} {:?}: {}", step.step, step.state, step.meaning));
            if let Some(link) = step.link {
                visits.lock().unwrap_or_else(PoisonError::into_inner).spawn(open(link));
            }
        };
        servers.sign_in(server, None, report, CancellationToken::new()).await.map(|_name| ())
    }
}

/// Goes where it is sent, as a browser does in which a person says yes.
async fn open(link: String) {
    let client = match reqwest::Client::builder().no_proxy().build() {
        Ok(client) => client,
        Err(error) => return print::note(&format!("There is no browser: {error}")),
    };
    if let Err(error) = client.get(link).send().await {
        print::note(&format!("The browser went astray: {}", error.without_url()));
    }
}

impl Answers for Person {
    fn answer(&self, _: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        let reply = match ask {
            Ask::Form { fields, .. } => match filled(&fields, None) {
                Ok(content) => Reply::Accept { content: Some(content) },
                Err(_) => Reply::Decline,
            },
            Ask::Url { .. } => Reply::Accept { content: None },
            Ask::SignIn { .. } => Reply::Decline,
            Ask::Sampling { .. } => Reply::Sampled(Sampled {
                model: "conformance".into(),
                text: "This is what a model would say.".into(),
                calls: vec![],
                cut: false,
            }),
        };
        ready(reply).boxed()
    }

    fn roots(&self) -> Vec<Root> {
        vec![]
    }
}
