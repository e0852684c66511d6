//! What one call goes through, from top to bottom: who, may they, is it well formed, how often, does a person agree,
//! write it down, do it, write down what came of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chat::{Decision, Progress};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    answer::{Answer, Class, Refusal},
    approvals::{Asked, NotEntered, Verdict},
    audit::{Outcome, Record, masked, shape},
    backend,
    caller::Caller,
    config::{Approval, Arguments},
    gateway::Inner,
    judge::judge,
    line::Line,
    offer::{Offer, Via, Want},
    plan::Plan,
    recent::Watched,
    upstream::Onward,
};

/// One call as it arrives.
pub(crate) struct Call<'a> {
    pub(crate) caller: Arc<Caller>,
    pub(crate) tool: &'a str,
    pub(crate) arguments: Map<String, Value>,
    /// To whoever sent it, while it runs.
    pub(crate) line: &'a Arc<Line>,
    pub(crate) stop: CancellationToken,
}

/// No tool has that name, or none that this caller's tenant could call.
#[derive(Debug)]
pub(crate) struct NoSuchTool;

/// A call on its way, once its tool is known.
struct Passage<'a> {
    inner: &'a Inner,
    plan: Arc<Plan>,
    offer: Arc<Offer>,
    caller: Caller,
    correlation: Arc<str>,
    arguments: Map<String, Value>,
    /// As it is written down.
    shown: Value,
    by: Option<Arc<str>>,
    /// Whether a person has agreed, now or in an earlier round.
    agreed: bool,
    begun: Option<Instant>,
    watched: Watched<'a>,
}

impl Inner {
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, NoSuchTool> {
        let offer = self.shown().offers.get(call.tool).cloned().ok_or(NoSuchTool)?;
        Ok(self.go(offer, call).await)
    }

    /// The same for what is known already.
    pub(crate) async fn go(&self, offer: Arc<Offer>, call: Call<'_>) -> Answer {
        let plan = self.shown().plan.clone();
        let correlation: Arc<str> = Uuid::now_v7().to_string().into();
        let mut arguments = call.arguments;
        let written = match plan.audit.arguments {
            Arguments::Shape => shape(&arguments),
            Arguments::Masked => masked(&arguments),
            Arguments::None => Value::Null,
        };
        let acting = match &offer.via {
            // These arguments are the server's own.
            Via::Beyond { .. } => Ok((*call.caller).clone()),
            Via::Http { .. } | Via::Fetch | Via::Server { .. } => call.caller.acting(&mut arguments),
        };
        if !offer.asks_for("user_approved") {
            // Who always sends it is not refused where nobody asks for it.
            arguments.shift_remove("user_approved");
        }
        let mut passage = Passage {
            inner: self,
            plan,
            offer,
            caller: acting.as_ref().unwrap_or(&call.caller).clone(),
            correlation,
            arguments,
            shown: written,
            by: None,
            agreed: false,
            begun: None,
            watched: self.recent.begin(&call.caller.actor, call.tool),
        };
        let result = match acting {
            Ok(_) => passage.pass(call.line, call.stop).await,
            Err(refusal) => Err(refusal),
        };
        passage.conclude(result).await
    }
}

impl Passage<'_> {
    async fn pass(&mut self, line: &Arc<Line>, stop: CancellationToken) -> Result<Answer, Refusal> {
        let decision = judge(&self.caller, &self.offer, &self.arguments)?;
        self.check_arguments()?;
        if self.offer.is_counted() {
            self.inner.limits().count(&self.caller, self.offer.rule_name()).await?;
        }
        self.agreed = line.agreed;
        if let Decision::Ask { reason } = decision
            && !line.agreed
        {
            self.ask(line, reason, &stop).await?;
        }
        if !self.offer.hints.read_only {
            // Should everything end in the next moment, the log still knows what was about to be done.
            let record = self.record("begun", Outcome { result: "begun", ..Outcome::default() });
            self.inner.audit.write_through(&record).await.map_err(|_| unwritten())?;
        } else if self.inner.audit.is_broken() {
            return Err(unwritten());
        }
        let _running = self.inner.metrics.running();
        self.begun = Some(Instant::now());
        let arguments = std::mem::take(&mut self.arguments);
        tokio::select! {
            result = self.run(arguments, line, stop.clone()) => result,
            () = stop.cancelled() => Err(Refusal::new(Class::Client, "cancelled", "The caller no longer wants it.")),
        }
    }

    fn check_arguments(&self) -> Result<(), Refusal> {
        let Some(validator) = &self.offer.validator else { return Ok(()) };
        let value = Value::Object(self.arguments.clone());
        let mut errors = validator.iter_errors(&value).take(5).map(|error| {
            let place = error.instance_path().to_string();
            let words: String = error.to_string().chars().take(300).collect();
            if place.is_empty() { words } else { format!("{}: {words}", place.trim_start_matches('/')) }
        });
        let Some(first) = errors.next() else { return Ok(()) };
        let all = errors.fold(first, |all, next| format!("{all}; {next}"));
        Err(Refusal::new(Class::Client, "invalid_arguments", format!("The arguments do not fit: {all}."))
            .fix("Correct them by the tool's input schema and call again."))
    }

    /// Waits for a person: at the client where it can ask one, and here. The first answer counts; none is a no.
    async fn ask(&mut self, line: &Arc<Line>, reason: String, stop: &CancellationToken) -> Result<(), Refusal> {
        let rules = &self.plan.approvals;
        let question =
            format!("Allow {} to call {} with {}?", self.caller.actor, self.offer.name, masked(&self.arguments));
        let at_client = rules.ask_client.then(|| line.agrees(&question)).flatten();
        if rules.wait.is_zero() && at_client.is_none() {
            let message =
                format!("{} needs a person's approval, and this gateway does not wait for one.", self.offer.name);
            return Err(Refusal::new(Class::Permission, "approval_required", message).fix("Have a person do it."));
        }
        let asked = Asked {
            caller: &self.caller,
            tool: &self.offer.name,
            arguments: masked(&self.arguments),
            reason,
            wait: rules.wait,
        };
        let mut place = self.inner.approvals.ask(asked).await.map_err(not_asked)?;
        let _waiting = self.inner.metrics.waiting();
        let client_says = async {
            match at_client {
                Some(asking) => asking.await,
                None => std::future::pending().await,
            }
        };
        let wait = if rules.wait.is_zero() { Duration::from_secs(120) } else { rules.wait };
        let verdict = tokio::select! {
            verdict = &mut place.answer => verdict.ok_or("approval_lost"),
            approved = client_says => Ok(Verdict { approved, by: "client".into() }),
            () = told_to_wait(line) => Err("approval_timed_out"),
            () = tokio::time::sleep(wait) => Err("approval_timed_out"),
            () = stop.cancelled() => Err("approval_timed_out"),
        };
        let code = match &verdict {
            Ok(Verdict { approved: true, .. }) => "approved",
            Ok(_) => "approval_denied",
            Err(code) => code,
        };
        self.by = verdict.as_ref().ok().map(|verdict| verdict.by.clone());
        let record = self.record("approval", Outcome { result: code, by: self.by.clone(), ..Outcome::default() });
        self.inner.audit.write(&record).await.map_err(|_| unwritten())?;
        match code {
            "approved" => {
                self.agreed = true;
                Ok(())
            }
            "approval_denied" => Err(Refusal::new(Class::Permission, code, "A person said no to this call.")
                .fix("Do not call it again as it is; ask the user what they want instead.")),
            "approval_lost" => Err(Refusal::new(Class::Server, code, "Nobody can be asked about this call any more.")
                .fix("It was not made. Try again in a moment; tell the user if it stays so.")),
            _ => Err(Refusal::new(Class::Permission, code, "Nobody answered in time whether this call may be made.")
                .fix("Tell the user that it waits for an approver; try again when one is there.")),
        }
    }

    async fn run(
        &self,
        mut arguments: Map<String, Value>,
        line: &Arc<Line>,
        stop: CancellationToken,
    ) -> Result<Answer, Refusal> {
        match &self.offer.via {
            Via::Fetch => self.inner.fetcher.fetch(&arguments).await,
            Via::Http { service, method, path } => {
                let hints = self.offer.hints;
                let request = backend::Request {
                    plan: &self.plan,
                    caller: &self.caller,
                    correlation: &self.correlation,
                    service,
                    method,
                    path,
                    repeatable: hints.read_only || hints.idempotent,
                };
                self.inner.backends.call(request, arguments).await
            }
            Via::Server { server, tool } => {
                if self.offer.approval == Approval::Argument {
                    // Ours, not the server's.
                    arguments.shift_remove("user_approved");
                }
                let params = Map::from_iter([
                    ("name".to_owned(), tool.as_str().into()),
                    ("arguments".to_owned(), arguments.into()),
                ]);
                self.inner.upstream.pass("tools/call", server, self.onward(params, line), stop).await
            }
            Via::Beyond { server, want } => match want {
                Want::Prompt { name } => {
                    let params = Map::from_iter([
                        ("name".to_owned(), name.as_str().into()),
                        ("arguments".to_owned(), arguments.into()),
                    ]);
                    self.inner.upstream.pass(want.method(), server, self.onward(params, line), stop).await
                }
                Want::Resource | Want::Completion => {
                    self.inner.upstream.pass(want.method(), server, self.onward(arguments, line), stop).await
                }
                // That it may be watched is all that is asked here.
                Want::Watch => Ok(Answer::whole(Value::Object(Map::new()))),
            },
        }
    }

    fn onward(&self, params: Map<String, Value>, line: &Arc<Line>) -> Onward {
        Onward { params, owner: self.caller.credential.clone(), line: line.clone() }
    }

    fn record<'a>(&'a self, kind: &'static str, outcome: Outcome<'a>) -> Record<'a> {
        Record {
            kind,
            correlation: &self.correlation,
            credential: &self.caller.credential,
            actor: &self.caller.actor,
            tenant: &self.caller.tenant,
            roles: &self.caller.roles,
            tool: &self.offer.name,
            arguments: &self.shown,
            outcome,
        }
    }

    /// Writes down what came of it and says it to the caller.
    async fn conclude(self, result: Result<Answer, Refusal>) -> Answer {
        let took = self.begun.map(|begun| begun.elapsed());
        let code = match &result {
            Ok(answer) if answer.is_error => "tool_error",
            Ok(_) => "ok",
            Err(refusal) => refusal.code,
        };
        self.inner.metrics.called(self.offer.rule_name(), code, took);
        let outcome = Outcome {
            result: code,
            by: self.by.clone(),
            duration_ms: took.map(|took| (took.as_secs_f64() * 1e6).round() / 1e3),
            status: result.as_ref().err().and_then(|refusal| refusal.status),
            note: None,
        };
        let kind = match &self.offer.via {
            Via::Beyond { want, .. } => want.kind(),
            Via::Http { .. } | Via::Fetch | Via::Server { .. } => "call",
        };
        let written = self.inner.audit.write(&self.record(kind, outcome)).await;
        let approved = self.agreed;
        self.watched.concluded(code);
        match (result, written) {
            (Ok(answer), Ok(())) => Answer { approved, ..answer },
            (Err(refusal), _) => Answer::refused(&refusal, &self.correlation),
            (Ok(_), Err(_)) => Answer::refused(&unwritten(), &self.correlation),
        }
    }
}

/// Tells the client again and again that the call lives; never ends.
async fn told_to_wait(line: &Line) {
    let mut passed = 0.0;
    loop {
        line.progress(Progress { done: passed, total: None, message: Some("waiting for a person's approval".into()) });
        tokio::time::sleep(Duration::from_secs(10)).await;
        passed += 10.0;
    }
}

fn not_asked(why: NotEntered) -> Refusal {
    match why {
        NotEntered::Full => {
            Refusal::new(Class::RateLimit, "too_many_waiting", "Too many calls wait for approval already.")
                .retry_after(Duration::from_secs(30))
        }
        NotEntered::Unreachable => {
            let message = "Nobody can be asked now whether this call may be made, so it is not.";
            Refusal::new(Class::Server, "approvals_unavailable", message)
                .retry_after(Duration::from_secs(5))
                .fix("Have the operator look at the gateway's Redis; try again later.")
        }
    }
}

fn unwritten() -> Refusal {
    Refusal::new(Class::Server, "audit_unavailable", "The audit log cannot be written, so nothing is done.")
        .fix("Have the operator make room on the gateway's disk; try again later.")
}
