//! How often: each rule counts the calls of one actor, one tenant or everybody, with GCRA.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock, clock::DefaultClock};

use crate::{
    answer::{Class, Refusal},
    caller::Caller,
    config::Per,
};

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

/// The counts. A new configuration with the same rules keeps them.
pub(crate) struct Limits {
    rules: Vec<Counted>,
    requests: Counter,
    clock: DefaultClock,
    of: LimitRules,
}

type Counter = DefaultKeyedRateLimiter<Arc<str>>;

struct Counted {
    rule: LimitRule,
    counter: Counter,
}

impl Limits {
    pub(crate) fn new(rules: &LimitRules) -> Self {
        let counted = rules.rules.iter().map(|rule| Counted {
            counter: counter(rule.calls, Duration::from_secs_f64(rule.window)),
            rule: rule.clone(),
        });
        Self {
            rules: counted.collect(),
            requests: counter(rules.requests, Duration::from_secs(60)),
            clock: DefaultClock::default(),
            of: rules.clone(),
        }
    }

    pub(crate) fn are(&self, rules: &LimitRules) -> bool {
        self.of == *rules
    }

    /// Counts the call, or says how long to wait. What is narrowest is asked first: a call that one tool's limit
    /// refuses costs nobody else anything.
    pub(crate) fn count(&self, caller: &Caller, tool: &str) -> Result<(), Refusal> {
        let narrow = self.rules.iter().filter(|counted| counted.rule.tool.is_some());
        let wide = self.rules.iter().rev().filter(|counted| counted.rule.tool.is_none());
        for counted in narrow.chain(wide).filter(|counted| counted.rule.is_about(caller, tool)) {
            let key = match counted.rule.per {
                Per::Actor => format!("{}/{}", caller.tenant, caller.actor).into(),
                Per::Tenant => caller.tenant.clone(),
                Per::All => Arc::from(""),
            };
            if let Err(early) = counted.counter.check_key(&key) {
                let wait = early.wait_time_from(self.clock.now());
                let rule = &counted.rule;
                let message = format!(
                    "`{}` allows {} calls in {} seconds, and they are used up.",
                    rule.name, rule.calls, rule.window
                );
                return Err(Refusal::new(Class::RateLimit, "rate_limited", message)
                    .retry_after(wait)
                    .fix("Wait as long as `retryAfterSeconds` says, and make fewer calls."));
            }
        }
        Ok(())
    }

    /// Counts a request of any kind, or says how long to wait.
    pub(crate) fn count_request(&self, credential: &Arc<str>) -> Result<(), Duration> {
        self.requests.check_key(credential).map_err(|early| early.wait_time_from(self.clock.now()))
    }

    /// Forgets who has not been here for a while.
    pub(crate) fn tidy(&self) {
        self.rules.iter().map(|counted| &counted.counter).chain([&self.requests]).for_each(RateLimiter::retain_recent);
    }
}

impl LimitRule {
    fn is_about(&self, caller: &Caller, tool: &str) -> bool {
        let tool_fits = self.tool.as_deref().is_none_or(|named| named == tool);
        tool_fits && self.role.as_ref().is_none_or(|role| caller.roles.contains(role))
    }
}

fn counter(calls: u32, window: Duration) -> Counter {
    let calls = NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(window / calls.get()).unwrap_or(Quota::per_minute(calls));
    RateLimiter::keyed(quota.allow_burst(calls))
}

/// Counts what fails: who guesses keys is soon not listened to.
pub(crate) struct Guesses(DefaultKeyedRateLimiter<std::net::IpAddr>);

impl Guesses {
    pub(crate) fn new() -> Self {
        let many = NonZeroU32::new(60).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_minute(many)))
    }

    /// Counts one wrong credential; false once there were too many.
    pub(crate) fn count(&self, from: std::net::IpAddr) -> bool {
        self.0.check_key(&from).is_ok()
    }

    pub(crate) fn tidy(&self) {
        self.0.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(tool: Option<&str>, role: Option<&str>, per: Per, calls: u32) -> LimitRule {
        let own = |text: Option<&str>| text.map(str::to_owned);
        LimitRule { name: "rule".into(), tool: own(tool), role: own(role), per, calls, window: 3600.0 }
    }

    fn caller(actor: &str, tenant: &str, role: &str) -> Caller {
        Caller::new(format!("key:{actor}"), actor, tenant, &[role.to_owned()])
    }

    /// One row a rule set: the rules, and how many of five calls each of these callers gets through.
    #[test]
    fn each_rule_counts_whom_it_is_about() {
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
        for (rules, expected) in rows {
            let limits = Limits::new(&LimitRules { rules: rules.clone(), requests: 100 });
            let got = callers.map(|(actor, tenant, role, tool)| {
                let caller = caller(actor, tenant, role);
                (0..5).filter(|_| limits.count(&caller, tool).is_ok()).count()
            });
            assert_eq!(got, expected, "{rules:?}");
        }
    }

    #[test]
    fn who_is_refused_learns_when_to_come_back() {
        let limits = Limits::new(&LimitRules { rules: vec![rule(None, None, Per::All, 1)], requests: 1 });
        let ann = caller("ann", "acme", "Agent");
        assert!(limits.count(&ann, "x").is_ok());
        let refusal = limits.count(&ann, "x").unwrap_err();
        assert_eq!((refusal.class, refusal.code), (Class::RateLimit, "rate_limited"));
        assert!(refusal.retry_after_seconds().is_some_and(|seconds| (3500..=3600).contains(&seconds)), "{refusal:?}");
        assert!(limits.count_request(&ann.credential).is_ok() && limits.count_request(&ann.credential).is_err());
    }
}
