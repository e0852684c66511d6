//! Counting tickets: how many of what, how fast they were answered and solved, and against which promise.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Records, Ticket},
    refusal::{Refusal, check_range},
    words::{CustomerId, TicketId},
};

impl Ticket {
    /// The day it was created, in UTC.
    pub(crate) fn day(&self) -> Date {
        self.created.to_zoned(TimeZone::UTC).date()
    }

    /// The day it was resolved, in UTC.
    pub(crate) fn resolved_day(&self) -> Option<Date> {
        self.resolved.map(|moment| moment.to_zoned(TimeZone::UTC).date())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetTicketMetrics {
    /// Count only tickets of this customer.
    customer_id: Option<CustomerId>,
    /// Count only tickets created on this day or later (UTC).
    created_after: Option<Date>,
    /// Count only tickets created on this day or earlier (UTC).
    created_before: Option<Date>,
    /// The day up to whose end unresolved tickets age; 2025-06-30 when absent. Tickets created later are not counted;
    /// states are always those on record.
    as_of: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct TicketMetrics {
    as_of: Date,
    total: usize,
    /// Tickets that are neither resolved nor closed.
    unresolved: usize,
    by_status: Vec<Count>,
    by_priority: Vec<Count>,
    by_category: Vec<Count>,
    by_os: Vec<Count>,
    by_assignee: Vec<Count>,
    /// Mean elapsed hours until the first answer of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_response_hours: Option<f64>,
    /// Mean elapsed hours until resolution, over resolved tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_resolution_hours: Option<f64>,
    /// Resolution targets of the customers' service levels, in elapsed hours around the clock.
    resolution_targets: Targets,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    name: String,
    count: usize,
}

#[derive(Default, Serialize, JsonSchema)]
struct Targets {
    met: usize,
    missed: usize,
    /// Unresolved tickets already past their target.
    unresolved_past_target: Vec<TicketId>,
}

pub(crate) fn get_ticket_metrics(records: &Records, asked: GetTicketMetrics) -> Result<TicketMetrics, Refusal> {
    check_range(asked.created_after, asked.created_before)?;
    if let Some(id) = &asked.customer_id {
        records.customer(id)?;
    }
    let as_of = records.as_of(asked.as_of);
    let counted = |ticket: &&Ticket| {
        let created = ticket.day();
        created <= as_of
            && asked.customer_id.as_ref().is_none_or(|id| ticket.customer_id == *id)
            && asked.created_after.is_none_or(|start| created >= start)
            && asked.created_before.is_none_or(|end| created <= end)
    };
    let tickets: Vec<&Ticket> = records.tickets.iter().filter(counted).collect();
    let first_answers = tickets.iter().filter_map(|ticket| Some(hours(ticket.created, ticket.comments.first()?.at)));
    let resolutions = tickets.iter().filter_map(|ticket| Some(hours(ticket.created, ticket.resolved?)));
    Ok(TicketMetrics {
        as_of,
        total: tickets.len(),
        unresolved: tickets.iter().filter(|ticket| ticket.resolved.is_none()).count(),
        by_status: count(&tickets, |ticket| ticket.status.word()),
        by_priority: count(&tickets, |ticket| ticket.priority.word()),
        by_category: count(&tickets, |ticket| ticket.category.word()),
        by_os: count(&tickets, |ticket| ticket.os.word()),
        by_assignee: count(&tickets, |ticket| &ticket.assigned_to),
        average_response_hours: mean(first_answers),
        average_resolution_hours: mean(resolutions),
        resolution_targets: targets(records, &tickets, as_of)?,
    })
}

fn targets(records: &Records, tickets: &[&Ticket], as_of: Date) -> Result<Targets, Refusal> {
    let mut targets = Targets::default();
    let end_of_day =
        as_of.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |moment| moment.timestamp());
    for ticket in tickets {
        let tier = records.customer(&ticket.customer_id)?.tier;
        let allowed = records.sla(tier)?.resolution_hours.of(ticket.priority);
        let taken = hours(ticket.created, ticket.resolved.unwrap_or(end_of_day));
        match (ticket.resolved, taken <= allowed) {
            (Some(_), true) => targets.met += 1,
            (Some(_), false) => targets.missed += 1,
            (None, true) => {}
            (None, false) => targets.unresolved_past_target.push(ticket.ticket_id.clone()),
        }
    }
    Ok(targets)
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 3600.0
}

/// Rounded to a tenth of an hour.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let sum: f64 = values.iter().sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64 * 10.0).round() / 10.0)
}

/// The most frequent first.
fn count<'a>(tickets: &[&'a Ticket], name: impl Fn(&'a Ticket) -> &'a str) -> Vec<Count> {
    let mut counts: Vec<Count> = Vec::new();
    for ticket in tickets {
        let name = name(ticket);
        match counts.iter_mut().find(|count| count.name == name) {
            Some(known) => known.count += 1,
            None => counts.push(Count { name: name.to_owned(), count: 1 }),
        }
    }
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}
