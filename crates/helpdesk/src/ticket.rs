//! The ticket server: find tickets, read one, count them, and see which ones resemble each other.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Records, Ticket},
    desk::{Desk, Sign},
    metrics::get_ticket_metrics,
    refusal::{Refusal, check_range},
    search::{Field, Index, rank_name},
    words::{ArticleId, AssetId, Category, CustomerId, Os, Priority, TicketId, TicketStatus, whole},
};

const INSTRUCTIONS: &str = "Support tickets of eight business customers. Use search_tickets to find tickets by \
words or filters, get_ticket_details for the whole story of one, get_ticket_metrics for counts, times and service \
levels, and find_similar_tickets to learn how a like problem was solved. Ids: TKT-001; customers CUST-001, assets \
AST-SRV-001 and articles KB-001 belong to the other help-desk servers. All data is fixed; \"today\" is 2025-06-30 \
unless as_of says otherwise.";

pub(crate) fn desk(records: Records) -> Desk {
    let about = Sign {
        name: "loquat-helpdesk-ticket",
        title: "Help desk: tickets",
        description: "Search, read, count and compare support tickets.",
    };
    Desk::new(about, INSTRUCTIONS, records)
        .offer(
            Sign {
                name: "search_tickets",
                title: "Search tickets",
                description: "Find support tickets by words and/or filters. All filters given must hold. With a \
                    query the best match comes first, otherwise the newest. Without arguments it lists the newest \
                    tickets.",
            },
            search_tickets,
        )
        .offer(
            Sign {
                name: "get_ticket_details",
                title: "Get ticket details",
                description: "Read one ticket completely: description, conversation, resolution, customer, asset \
                    and linked knowledge-base articles.",
            },
            get_ticket_details,
        )
        .offer(
            Sign {
                name: "get_ticket_metrics",
                title: "Get ticket metrics",
                description: "Count tickets by status, priority, category, operating system and assignee, with \
                    average response and resolution times and how often the customer's service level was met.",
            },
            get_ticket_metrics,
        )
        .offer(
            Sign {
                name: "find_similar_tickets",
                title: "Find similar tickets",
                description: "Find tickets like a given one, judged by words, shared tags, category and operating \
                    system, with the resolution where there is one.",
            },
            find_similar_tickets,
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchTickets {
    /// Words to look for in title, tags, description, conversation, company, hostname and ids, for example "blue screen".
    query: Option<String>,
    /// Only tickets in this state.
    status: Option<TicketStatus>,
    /// Only tickets of this priority.
    priority: Option<Priority>,
    /// Only tickets about this operating system.
    os: Option<Os>,
    /// Only tickets of this kind of problem.
    category: Option<Category>,
    /// Only tickets of this customer.
    customer_id: Option<CustomerId>,
    /// Only tickets assigned to this agent; a part of the name is enough.
    assigned_to: Option<String>,
    /// Only tickets created on this day or later (UTC).
    created_after: Option<Date>,
    /// Only tickets created on this day or earlier (UTC).
    created_before: Option<Date>,
    /// How many tickets to return at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 50), extend("default" = 15))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct FoundTickets {
    tickets: Vec<TicketLine>,
    /// How many tickets match, whether or not they are all listed here.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct TicketLine {
    ticket_id: TicketId,
    title: String,
    status: TicketStatus,
    priority: Priority,
    category: Category,
    os: Os,
    customer_id: CustomerId,
    customer: String,
    asset_id: AssetId,
    assigned_to: String,
    tags: Vec<String>,
    created: Timestamp,
    updated: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved: Option<Timestamp>,
}

fn search_tickets(records: &Records, asked: SearchTickets) -> Result<FoundTickets, Refusal> {
    check_range(asked.created_after, asked.created_before)?;
    if let Some(id) = &asked.customer_id {
        records.customer(id)?;
    }
    let mut tickets: Vec<&Ticket> = records.tickets.iter().filter(|ticket| asked.admits(ticket)).collect();
    match &asked.query {
        Some(query) => {
            // Rarity is judged over all tickets, so the same words rank the same whatever the filters are.
            let hits = index(records).search(query);
            let ranked = hits.iter().map(|hit| &records.tickets[hit.at]);
            tickets = ranked.filter(|ticket| asked.admits(ticket)).collect();
        }
        None => tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.created)),
    }
    let total = tickets.len();
    let shown = tickets.into_iter().take(asked.limit.unwrap_or(15).clamp(1, 50));
    Ok(FoundTickets { tickets: shown.map(|ticket| line(records, ticket)).collect(), total })
}

impl SearchTickets {
    fn admits(&self, ticket: &Ticket) -> bool {
        let day = ticket.day();
        self.status.is_none_or(|status| ticket.status == status)
            && self.priority.is_none_or(|priority| ticket.priority == priority)
            && self.os.is_none_or(|os| ticket.os == os)
            && self.category.is_none_or(|category| ticket.category == category)
            && self.customer_id.as_ref().is_none_or(|id| ticket.customer_id == *id)
            && self.assigned_to.as_ref().is_none_or(|name| rank_name(name, &ticket.assigned_to) > 0.0)
            && self.created_after.is_none_or(|start| day >= start)
            && self.created_before.is_none_or(|end| day <= end)
    }
}

fn line(records: &Records, ticket: &Ticket) -> TicketLine {
    TicketLine {
        ticket_id: ticket.ticket_id.clone(),
        title: ticket.title.clone(),
        status: ticket.status,
        priority: ticket.priority,
        category: ticket.category,
        os: ticket.os,
        customer_id: ticket.customer_id.clone(),
        customer: records.company(&ticket.customer_id),
        asset_id: ticket.asset_id.clone(),
        assigned_to: ticket.assigned_to.clone(),
        tags: ticket.tags.clone(),
        created: ticket.created,
        updated: ticket.updated,
        resolved: ticket.resolved,
    }
}

fn index(records: &Records) -> Index {
    // Names of other records, by which people speak of a ticket.
    let names = |ticket: &Ticket| {
        let host = records.asset(&ticket.asset_id).map(|asset| asset.hostname.clone()).unwrap_or_default();
        [records.company(&ticket.customer_id), host]
    };
    let names: Vec<[String; 2]> = records.tickets.iter().map(names).collect();
    Index::new(records.tickets.iter().zip(&names).map(|(ticket, names)| {
        let mut fields = vec![
            Field(3.0, &ticket.title),
            Field(2.0, ticket.os.word()),
            Field(2.0, ticket.category.word()),
            Field(1.0, &ticket.description),
            Field(1.0, &ticket.ticket_id.0),
            Field(1.0, &ticket.customer_id.0),
            Field(1.0, &ticket.asset_id.0),
        ];
        fields.extend(names.iter().map(|name| Field(1.0, name)));
        fields.extend(ticket.kb_articles.iter().map(|article| Field(1.0, &article.0)));
        fields.extend(ticket.tags.iter().map(|tag| Field(2.5, tag)));
        fields.extend(ticket.resolution.iter().map(|text| Field(0.8, text)));
        fields.extend(ticket.comments.iter().map(|comment| Field(0.4, &comment.text)));
        fields
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetTicketDetails {
    /// The ticket to read.
    ticket_id: TicketId,
}

#[derive(Serialize, JsonSchema)]
struct TicketDetails {
    ticket: Ticket,
    customer: String,
    asset: String,
    articles: Vec<ArticleTitle>,
}

#[derive(Serialize, JsonSchema)]
struct ArticleTitle {
    article_id: ArticleId,
    title: String,
}

fn get_ticket_details(records: &Records, asked: GetTicketDetails) -> Result<TicketDetails, Refusal> {
    let ticket = records.ticket(&asked.ticket_id)?;
    let asset = records.asset(&ticket.asset_id)?;
    let articles = ticket.kb_articles.iter().filter_map(|id| records.article(id).ok());
    Ok(TicketDetails {
        customer: records.company(&ticket.customer_id),
        asset: format!("{} ({} {})", asset.hostname, asset.manufacturer, asset.model),
        articles: articles
            .map(|article| ArticleTitle { article_id: article.article_id.clone(), title: article.title.clone() })
            .collect(),
        ticket: ticket.clone(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FindSimilarTickets {
    /// The ticket to compare with.
    ticket_id: TicketId,
    /// Only tickets in this state, for example resolved.
    status: Option<TicketStatus>,
    /// How many tickets to return at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 14), extend("default" = 5))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct SimilarTickets {
    ticket_id: TicketId,
    /// The most similar first.
    similar: Vec<SimilarTicket>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct SimilarTicket {
    /// 0 to 1.
    similarity: f64,
    shared_tags: Vec<String>,
    ticket: TicketLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
}

/// Below this, two tickets have little more in common than the operating system.
const RESEMBLES: f64 = 0.2;

fn find_similar_tickets(records: &Records, asked: FindSimilarTickets) -> Result<SimilarTickets, Refusal> {
    let subject = records.ticket(&asked.ticket_id)?;
    let query = format!("{} {} {}", subject.title, subject.tags.join(" "), subject.description);
    let hits = index(records).search(&query);
    let best = hits.iter().map(|hit| hit.score).fold(f64::MIN_POSITIVE, f64::max);
    let mut similar: Vec<SimilarTicket> = Vec::new();
    for (at, ticket) in records.tickets.iter().enumerate() {
        if ticket.ticket_id == subject.ticket_id || asked.status.is_some_and(|status| ticket.status != status) {
            continue;
        }
        let words = hits.iter().find(|hit| hit.at == at).map_or(0.0, |hit| hit.score / best);
        let shared: Vec<String> = ticket.tags.iter().filter(|tag| subject.tags.contains(tag)).cloned().collect();
        let union = (ticket.tags.len() + subject.tags.len() - shared.len()).max(1);
        let tags = shared.len() as f64 / union as f64;
        let kind = f64::from(u8::from(ticket.category == subject.category));
        let os = f64::from(u8::from(ticket.os == subject.os));
        let similarity = ((0.4 * words + 0.35 * tags + 0.15 * kind + 0.1 * os) * 100.0).round() / 100.0;
        let resolution = ticket.resolution.clone();
        similar.push(SimilarTicket { similarity, shared_tags: shared, ticket: line(records, ticket), resolution });
    }
    similar.retain(|ticket| ticket.similarity >= RESEMBLES);
    similar.sort_by(|left, right| right.similarity.total_cmp(&left.similarity));
    let total = similar.len();
    similar.truncate(asked.limit.unwrap_or(5).clamp(1, 14));
    Ok(SimilarTickets { ticket_id: subject.ticket_id.clone(), similar, total })
}
