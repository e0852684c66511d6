//! Brings calls to an end: the one place that lets a call run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat::{CallId, CallStatus, Content, ErrorReport, Item, Leave, LeaveBy, Output, ToolCall};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::approvals::{Approval, Approvals, cancelled};
use crate::clock::now;
use crate::depth::is_shallow;
use crate::questions::{Asker, Asking};
use crate::tools::Tools;

const STOPPED: &str = "the turn was stopped";
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A call or a question that moved on, and, when a call is about to run, who waits for leave to begin.
pub(crate) struct Step {
    pub(crate) item: Item,
    pub(crate) begin: Option<oneshot::Sender<Result<(), ErrorReport>>>,
}

/// The open calls of one round, settled side by side.
pub(crate) struct Settling {
    way: Way,
    waits: HashMap<CallId, oneshot::Receiver<Approval>>,
    calls: FuturesUnordered<BoxFuture<'static, ()>>,
    steps: mpsc::UnboundedReceiver<Step>,
}

/// What every call of a round needs on its way.
#[derive(Clone)]
struct Way {
    tools: Arc<dyn Tools>,
    approvals: Arc<Approvals>,
    asking: Asking,
    stop: CancellationToken,
    steps: mpsc::UnboundedSender<Step>,
}

impl Settling {
    pub(crate) fn new(
        tools: Arc<dyn Tools>,
        approvals: Arc<Approvals>,
        asking: Asking,
        stop: CancellationToken,
    ) -> Self {
        let (send, steps) = mpsc::unbounded_channel();
        let way = Way { tools, approvals, asking, stop, steps: send };
        Self { way, waits: HashMap::new(), calls: FuturesUnordered::new(), steps }
    }

    /// `call` runs only after a person's word through `wait`.
    pub(crate) fn wait_for(&mut self, call: &CallId, wait: oneshot::Receiver<Approval>) {
        self.waits.insert(call.clone(), wait);
    }

    /// Adds a judged call: `Proposed` means that the policy allowed it.
    pub(crate) fn add(&mut self, call: ToolCall) {
        let wait = self.waits.remove(&call.id);
        self.calls.push(settle(self.way.clone(), call, wait).boxed());
    }

    /// What happened next, all of it; nothing more when every call has ended.
    pub(crate) async fn next(&mut self) -> Option<Vec<Step>> {
        loop {
            if let Ok(step) = self.steps.try_recv() {
                let mut steps = vec![step];
                while let Ok(step) = self.steps.try_recv() {
                    steps.push(step);
                }
                return Some(steps);
            }
            tokio::select! {
                step = self.steps.recv() => return step.map(|step| vec![step]),
                ended = self.calls.next() => if ended.is_none() {
                    return self.steps.try_recv().ok().map(|step| vec![step]);
                },
            }
        }
    }
}

/// Brings one call to a final status: asked about if it must be, run if it may be.
async fn settle(way: Way, mut call: ToolCall, wait: Option<oneshot::Receiver<Approval>>) {
    let allowed = match (&call.status, wait) {
        (CallStatus::Proposed, None) => Ok(()),
        (CallStatus::AwaitingApproval { .. }, Some(wait)) => tokio::select! {
            biased;
            () = way.stop.cancelled() => Err(STOPPED.to_owned()),
            answer = wait => allowed(answer).map(|approved| {
                call.leave = Some(Leave { by: LeaveBy::Person, approved, sent: None });
            }),
        },
        // Neither allowed nor asked about: it does not run.
        _ => Err("nobody allowed it".to_owned()),
    };
    call.status = match allowed {
        Err(reason) => CallStatus::Refused { reason },
        Ok(()) => run(&way, &mut call).await,
    };
    call.ended_at = Some(now());
    // The turn is gone only when the program ends.
    let _ = way.steps.send(Step { item: Item::ToolCall(call), begin: None });
}

/// The arguments with which it may run, where those are not the proposed ones.
fn allowed(answer: Result<Approval, oneshot::error::RecvError>) -> Result<Option<Value>, String> {
    match answer {
        Ok(Approval::Once) => Ok(None),
        Ok(Approval::With { arguments }) => Ok(Some(arguments)),
        Ok(Approval::Refuse { word: None }) => Err("the user said no".into()),
        Ok(Approval::Refuse { word: Some(word) }) => Err(format!("the user said no: {word}")),
        Ok(Approval::Unanswered { why }) => Err(why),
        Err(_) => Err("nobody answered".into()),
    }
}

async fn run(way: &Way, call: &mut ToolCall) -> CallStatus {
    let (steps, stop) = (&way.steps, way.stop.clone());
    if let Some(leave) = &mut call.leave {
        leave.sent = leave.approved.clone().filter(|approved| *approved != call.arguments);
    }
    call.status = CallStatus::Running { progress: None };
    call.started_at = Some(now());
    let (begin, leave) = oneshot::channel();
    let _ = steps.send(Step { item: Item::ToolCall(call.clone()), begin: Some(begin) });
    match leave.await {
        Ok(Ok(())) => (),
        Ok(Err(error)) => return CallStatus::Failed { error },
        Err(_) => return CallStatus::Refused { reason: "the turn ended".into() },
    }
    // The last moment in which nothing has happened yet.
    if stop.is_cancelled() {
        return CallStatus::Refused { reason: STOPPED.into() };
    }
    call.started_at = Some(now());
    let progress = {
        let (steps, call) = (steps.clone(), call.clone());
        let last = Mutex::new(None::<Instant>);
        Box::new(move |progress| {
            // Nobody reads faster than this.
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
                return;
            }
            *last = Some(Instant::now());
            let status = CallStatus::Running { progress: Some(progress) };
            let _ = steps.send(Step { item: Item::ToolCall(ToolCall { status, ..call.clone() }), begin: None });
        })
    };
    let alone = way.approvals.run(&call.id, &stop);
    let asker = Arc::new(Asker::of_call(way.asking.clone(), call, alone.clone(), steps.clone()));
    let sent = ToolCall { arguments: call.effective().clone(), ..call.clone() };
    let outcome = way.tools.call(&sent, progress, asker, alone.clone()).await;
    way.approvals.ended(&call.id);
    match outcome {
        Ok(output) => CallStatus::Succeeded { output: readable(output) },
        Err(_) if alone.is_cancelled() && !stop.is_cancelled() => CallStatus::Failed { error: cancelled() },
        Err(error) => CallStatus::Failed { error },
    }
}

/// Without values nested so deeply that they could not be read back from disk; the text stays.
fn readable(output: Output) -> Output {
    let shallow = |content: &Content| match content {
        Content::Other { value } => is_shallow(value),
        _ => true,
    };
    let too_deep = output.too_deep
        || output.structured.as_ref().is_some_and(|value| !is_shallow(value))
        || !output.content.iter().all(shallow);
    Output {
        structured: output.structured.filter(is_shallow),
        content: output.content.into_iter().filter(shallow).collect(),
        too_deep,
        ..output
    }
}
