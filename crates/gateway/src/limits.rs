//! How often: each rule counts the calls of one actor, one tenant or everybody, with GCRA.

mod here;
mod shared;

use std::{net::IpAddr, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use team::{Counted, Mark};

use crate::{
    answer::{Class, Refusal},
    caller::Caller,
    config::Per,
};

pub(crate) use here::Here;

/// As configured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LimitRules {
    pub(crate) rules: Vec<LimitRule>,
    /// Requests of any kind a minute, for each credential.
    pub(crate) requests: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LimitRule {
    pub(crate) name: String,
    pub(crate) tool: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) per: Per,
    pub(crate) calls: u32,
    pub(crate) window: f64,
}

/// Where it is counted: in this process, or where every copy of the gateway counts.
pub(crate) trait Counting: Send + Sync {
    /// Counts against every mark, in their order, up to the first that refuses.
    fn count<'a>(&'a self, marks: &'a [Mark]) -> BoxFuture<'a, Result<Counted, Uncounted>>;
    /// Forgets who has not been here for a while.
    fn tidy(&self);
    /// Whether anything can be counted now.
    fn is_there(&self) -> BoxFuture<'_, bool>;
}

/// It could not be counted, so nothing may be done that has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uncounted;

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    TooOften(Duration),
    Uncounted,
}

/// Who guesses keys is soon not listened to.
const GUESSES: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// The rules of a configuration. What was counted outlives it.
pub(crate) struct Limits {
    rules: Vec<Ruled>,
    counting: Arc<dyn Counting>,
    of: LimitRules,
}

struct Ruled {
    rule: LimitRule,
    /// What the keys of its counts begin with: another rule, or the same with other numbers, counts anew.
    prefix: String,
}

impl Limits {
    pub(crate) fn new(rules: &LimitRules, counting: Arc<dyn Counting>) -> Self {
        let ruled = rules.rules.iter().map(|rule| Ruled {
            prefix: format!(
                "limit/{}/{}/{}/{}",
                rule.name,
                rule.role.as_deref().unwrap_or_default(),
                rule.calls,
                rule.window
            ),
            rule: rule.clone(),
        });
        Self { rules: ruled.collect(), counting, of: rules.clone() }
    }

    /// The same counts under other rules.
    pub(crate) fn under(&self, rules: &LimitRules) -> Self {
        Self::new(rules, self.counting.clone())
    }

    pub(crate) fn are(&self, rules: &LimitRules) -> bool {
        self.of == *rules
    }

    /// Counts the call, or says how long to wait. What is narrowest is asked first: a call that one tool's limit
    /// refuses costs nobody else anything.
    pub(crate) async fn count(&self, caller: &Caller, tool: &str) -> Result<(), Refusal> {
        let narrow = self.rules.iter().filter(|ruled| ruled.rule.tool.is_some());
        let wide = self.rules.iter().rev().filter(|ruled| ruled.rule.tool.is_none());
        let ruled: Vec<&Ruled> = narrow.chain(wide).filter(|ruled| ruled.rule.is_about(caller, tool)).collect();
        let marks: Vec<Mark> = ruled.iter().map(|ruled| ruled.mark(caller)).collect();
        match self.counting.count(&marks).await {
            Ok(Counted::Within) => Ok(()),
            Ok(Counted::Beyond { at, wait }) => Err(used_up(ruled.get(at).map(|ruled| &ruled.rule), wait)),
            Err(Uncounted) => {
                let message = "How often this was called cannot be counted, so nothing is done.";
                Err(Refusal::new(Class::Server, "limits_unavailable", message)
                    .retry_after(Duration::from_secs(5))
                    .fix("Have the operator look at the gateway's Redis; try again later."))
            }
        }
    }

    /// Counts a request of any kind, or says how long to wait.
    pub(crate) async fn count_request(&self, credential: &str) -> Result<(), Held> {
        let key = format!("requests/{}/{credential}", self.of.requests);
        self.one(Mark { key, calls: self.of.requests, window: MINUTE }).await
    }

    /// Counts one wrong credential.
    pub(crate) async fn count_guess(&self, from: IpAddr) -> Result<(), Held> {
        self.one(Mark { key: format!("guesses/{from}"), calls: GUESSES, window: MINUTE }).await
    }

    async fn one(&self, mark: Mark) -> Result<(), Held> {
        match self.counting.count(&[mark]).await {
            Ok(Counted::Within) => Ok(()),
            Ok(Counted::Beyond { wait, .. }) => Err(Held::TooOften(wait)),
            Err(Uncounted) => Err(Held::Uncounted),
        }
    }

    pub(crate) fn tidy(&self) {
        self.counting.tidy();
    }

    pub(crate) async fn are_there(&self) -> bool {
        self.counting.is_there().await
    }
}

impl Ruled {
    fn mark(&self, caller: &Caller) -> Mark {
        let (rule, prefix) = (&self.rule, &self.prefix);
        let key = match rule.per {
            Per::Actor => format!("{prefix}/{}/{}", caller.tenant, caller.actor),
            Per::Tenant => format!("{prefix}/{}", caller.tenant),
            Per::All => prefix.clone(),
        };
        Mark { key, calls: rule.calls, window: Duration::from_secs_f64(rule.window) }
    }
}

impl LimitRule {
    fn is_about(&self, caller: &Caller, tool: &str) -> bool {
        let tool_fits = self.tool.as_deref().is_none_or(|named| named == tool);
        tool_fits && self.role.as_ref().is_none_or(|role| caller.roles.contains(role))
    }
}

fn used_up(rule: Option<&LimitRule>, wait: Duration) -> Refusal {
    let message = match rule {
        Some(rule) => {
            format!("`{}` allows {} calls in {} seconds, and they are used up.", rule.name, rule.calls, rule.window)
        }
        None => "The calls that are allowed are used up.".to_owned(),
    };
    Refusal::new(Class::RateLimit, "rate_limited", message)
        .retry_after(wait)
        .fix("Wait as long as `retryAfterSeconds` says, and make fewer calls.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(tool: Option<&str>, role: Option<&str>, per: Per, calls: u32) -> LimitRule {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let name = format!("{}/{}", tool.unwrap_or("all"), calls);
        LimitRule { name, tool: own(tool), role: own(role), per, calls, window: 3600.0 }
    }

    fn caller(actor: &str, tenant: &str, role: &str) -> Caller {
        Caller::new(format!("key:{actor}"), actor, tenant, &[role.to_owned()])
    }

    /// The contract of whatever counts, each time with nothing counted yet.
    async fn check<C: Counting + 'static>(empty: impl AsyncFn(&str) -> C) {
        each_rule_counts_whom_it_is_about(&empty).await;
        who_is_refused_learns_when_to_come_back(&empty).await;
        counts_outlive_rules(&empty).await;
    }

    /// One row a rule set: the rules, and how many of five calls each of these callers gets through.
    async fn each_rule_counts_whom_it_is_about<C: Counting + 'static>(empty: &impl AsyncFn(&str) -> C) {
        let callers = [
            ("ann", "acme", "Agent", "search"),
            ("ann", "acme", "Agent", "write"),
            ("bob", "acme", "Admin", "search"),
            ("eve", "umbrella", "Agent", "search"),
        ];
        let rows: [(Vec<LimitRule>, [usize; 4]); 6] = [
            (vec![], [5, 5, 5, 5]),
            (vec![rule(None, None, Per::Actor, 3)], [3, 0, 3, 3]),
            (vec![rule(None, None, Per::Tenant, 3)], [3, 0, 0, 3]),
            (vec![rule(None, None, Per::All, 7)], [5, 2, 0, 0]),
            (vec![rule(Some("search"), None, Per::Actor, 2)], [2, 5, 2, 2]),
            (vec![rule(Some("search"), Some("Agent"), Per::Actor, 1), rule(None, None, Per::Actor, 4)], [1, 3, 4, 1]),
        ];
        for (row, (rules, expected)) in rows.into_iter().enumerate() {
            let counting = Arc::new(empty(&format!("row {row}")).await);
            let limits = Limits::new(&LimitRules { rules: rules.clone(), requests: 100 }, counting);
            let mut got = [0; 4];
            for (passed, (actor, tenant, role, tool)) in got.iter_mut().zip(callers) {
                let caller = caller(actor, tenant, role);
                for _ in 0..5 {
                    *passed += usize::from(limits.count(&caller, tool).await.is_ok());
                }
            }
            assert_eq!(got, expected, "{rules:?}");
        }
    }

    async fn who_is_refused_learns_when_to_come_back<C: Counting + 'static>(empty: &impl AsyncFn(&str) -> C) {
        let rules = LimitRules { rules: vec![rule(None, None, Per::All, 1)], requests: 1 };
        let limits = Limits::new(&rules, Arc::new(empty("refused").await));
        let ann = caller("ann", "acme", "Agent");
        assert!(limits.count(&ann, "x").await.is_ok());
        let refusal = limits.count(&ann, "x").await.unwrap_err();
        assert_eq!((refusal.class, refusal.code), (Class::RateLimit, "rate_limited"));
        assert!(refusal.retry_after_seconds().is_some_and(|seconds| (3500..=3600).contains(&seconds)), "{refusal:?}");
        assert_eq!(limits.count_request(&ann.credential).await, Ok(()));
        assert!(matches!(limits.count_request(&ann.credential).await, Err(Held::TooOften(_))));
        let from = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..GUESSES {
            assert_eq!(limits.count_guess(from).await, Ok(()));
        }
        assert!(matches!(limits.count_guess(from).await, Err(Held::TooOften(_))));
        assert!(limits.are_there().await);
    }

    async fn counts_outlive_rules<C: Counting + 'static>(empty: &impl AsyncFn(&str) -> C) {
        let rules = |calls| LimitRules {
            rules: vec![rule(None, None, Per::Actor, calls), rule(Some("x"), None, Per::All, 2)],
            requests: 100,
        };
        let limits = Limits::new(&rules(9), Arc::new(empty("outlive").await));
        let ann = caller("ann", "acme", "Agent");
        for _ in 0..2 {
            assert!(limits.count(&ann, "x").await.is_ok());
        }
        limits.tidy();
        let limits = limits.under(&rules(5));
        assert!(limits.count(&ann, "x").await.is_err(), "this rule is the same");
        assert!(limits.count(&ann, "y").await.is_ok());
    }

    #[tokio::test]
    async fn counting_here_keeps_the_contract() {
        check(async |_: &str| Here::default()).await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn counting_for_all_copies_keeps_the_contract_and_counts_nothing_that_it_cannot() {
        let mut server = testkit::TestRedis::start();
        let url = server.url();
        check(async |room: &str| team::Redis::connect(&url, room).await.unwrap()).await;
        let redis = team::Redis::connect(&url, "away").await.unwrap();
        let limits =
            Limits::new(&LimitRules { rules: vec![rule(None, None, Per::All, 1)], requests: 1 }, Arc::new(redis));
        server.kill();
        let ann = caller("ann", "acme", "Agent");
        assert_eq!(limits.count(&ann, "x").await.unwrap_err().code, "limits_unavailable");
        assert_eq!(limits.count_request(&ann.credential).await, Err(Held::Uncounted));
        assert!(!limits.are_there().await);
    }
}
