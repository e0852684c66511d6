//! The records of the help desk and where they come from: JSON files embedded in the program.
//!
//! All dates are judged against [`Rules::as_of`], never against the clock, so every answer can be repeated.

use anyhow::Context;
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    refusal::Refusal,
    words::{
        AccountStatus, ArticleId, AssetEvent, AssetId, AssetKind, AssetStatus, Category, Channel, ContactRole,
        CustomerId, InvoiceId, LicenseKind, Money, Os, PaymentMethod, Priority, Side, TicketId, TicketStatus, Tier,
    },
};

/// Everything the five servers know.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) rules: Rules,
    pub(crate) customers: Vec<Customer>,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) articles: Vec<Article>,
    pub(crate) assets: Vec<Asset>,
}

/// What holds for all: the reference date, the currency and the terms of each tier.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    pub(crate) as_of: Date,
    pub(crate) currency: String,
    pub(crate) sla: Vec<Sla>,
}

/// Service level terms of one tier.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sla {
    pub(crate) tier: Tier,
    pub(crate) summary: String,
    /// Hours until the first answer, by ticket priority.
    pub(crate) response_hours: HoursByPriority,
    /// Hours until the ticket is resolved, by ticket priority.
    pub(crate) resolution_hours: HoursByPriority,
    pub(crate) support_hours: String,
    pub(crate) channels: Vec<String>,
    pub(crate) uptime_percent: f64,
    /// Share of the quarterly fee credited when the uptime is missed.
    pub(crate) service_credit_percent: f64,
    pub(crate) on_site: String,
    pub(crate) quarterly_fee: Money,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursByPriority {
    critical: f64,
    high: f64,
    medium: f64,
    low: f64,
}

impl HoursByPriority {
    pub(crate) fn of(&self, priority: Priority) -> f64 {
        match priority {
            Priority::Critical => self.critical,
            Priority::High => self.high,
            Priority::Medium => self.medium,
            Priority::Low => self.low,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customer {
    pub(crate) customer_id: CustomerId,
    pub(crate) company: String,
    pub(crate) industry: String,
    pub(crate) tier: Tier,
    pub(crate) status: AccountStatus,
    pub(crate) status_reason: String,
    pub(crate) account_manager: String,
    pub(crate) address: String,
    pub(crate) time_zone: String,
    pub(crate) domain: String,
    pub(crate) customer_since: Date,
    pub(crate) contract_end: Date,
    pub(crate) contacts: Vec<Contact>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) role: ContactRole,
    pub(crate) job_title: String,
    #[schemars(extend("format" = "email"))]
    pub(crate) email: String,
    pub(crate) phone: String,
    /// How this person prefers to be reached.
    pub(crate) prefers: Channel,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ticket {
    pub(crate) ticket_id: TicketId,
    pub(crate) title: String,
    pub(crate) status: TicketStatus,
    pub(crate) priority: Priority,
    pub(crate) category: Category,
    pub(crate) os: Os,
    pub(crate) customer_id: CustomerId,
    pub(crate) asset_id: AssetId,
    pub(crate) assigned_to: String,
    pub(crate) kb_articles: Vec<ArticleId>,
    pub(crate) tags: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolved: Option<Timestamp>,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolution: Option<String>,
    /// The conversation with the customer, oldest first.
    pub(crate) comments: Vec<Comment>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comment {
    pub(crate) at: Timestamp,
    pub(crate) author: String,
    pub(crate) from: Side,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invoice {
    pub(crate) invoice_id: InvoiceId,
    pub(crate) customer_id: CustomerId,
    pub(crate) issued: Date,
    pub(crate) due: Date,
    pub(crate) lines: Vec<InvoiceLine>,
    pub(crate) payments: Vec<Payment>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoiceLine {
    pub(crate) description: String,
    pub(crate) amount: Money,
    /// The ticket whose work is billed here, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_id: Option<TicketId>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    pub(crate) date: Date,
    pub(crate) amount: Money,
    pub(crate) method: PaymentMethod,
    pub(crate) reference: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Article {
    pub(crate) article_id: ArticleId,
    pub(crate) title: String,
    pub(crate) category: Category,
    pub(crate) os: Vec<Os>,
    pub(crate) products: Vec<String>,
    pub(crate) tags: Vec<String>,
    /// Minutes the whole procedure usually takes.
    pub(crate) minutes: u32,
    pub(crate) updated: Date,
    pub(crate) summary: String,
    pub(crate) symptoms: Vec<String>,
    pub(crate) cause: String,
    /// The procedure, in order.
    pub(crate) steps: Vec<Step>,
    pub(crate) quick_fixes: Vec<String>,
    /// How to tell that it worked.
    pub(crate) verify: String,
    pub(crate) related: Vec<ArticleId>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) title: String,
    pub(crate) detail: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    pub(crate) asset_id: AssetId,
    pub(crate) kind: AssetKind,
    pub(crate) customer_id: CustomerId,
    pub(crate) hostname: String,
    pub(crate) manufacturer: String,
    pub(crate) model: String,
    pub(crate) serial: String,
    pub(crate) os: Os,
    pub(crate) os_version: String,
    pub(crate) hardware: String,
    pub(crate) location: String,
    pub(crate) purpose: String,
    pub(crate) assigned_user: Option<String>,
    pub(crate) status: AssetStatus,
    pub(crate) purchased: Date,
    pub(crate) warranty: Warranty,
    pub(crate) licenses: Vec<License>,
    pub(crate) history: Vec<AssetRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warranty {
    pub(crate) provider: String,
    pub(crate) level: String,
    pub(crate) contract: String,
    pub(crate) start: Date,
    /// The last day covered.
    pub(crate) end: Date,
    pub(crate) covers: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct License {
    pub(crate) product: String,
    pub(crate) vendor: String,
    pub(crate) kind: LicenseKind,
    pub(crate) seats: u32,
    /// The last day covered; absent when the licence does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Date>,
    /// The end of the licence key; the whole key is not kept here.
    pub(crate) key_hint: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetRecord {
    pub(crate) date: Date,
    pub(crate) event: AssetEvent,
    pub(crate) description: String,
    pub(crate) performed_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_id: Option<TicketId>,
}

impl Records {
    /// Reads the embedded files. Fails only if the program was built with broken ones, which the tests rule out.
    pub(crate) fn load() -> anyhow::Result<Self> {
        Ok(Self {
            rules: read("desk.json", include_str!("../data/desk.json"))?,
            customers: read("customers.json", include_str!("../data/customers.json"))?,
            tickets: read("tickets.json", include_str!("../data/tickets.json"))?,
            invoices: read("invoices.json", include_str!("../data/invoices.json"))?,
            articles: read("articles.json", include_str!("../data/articles.json"))?,
            assets: read("assets.json", include_str!("../data/assets.json"))?,
        })
    }

    /// The date to judge by: the one asked for, or else the reference date of the data.
    pub(crate) fn as_of(&self, asked: Option<Date>) -> Date {
        asked.unwrap_or(self.rules.as_of)
    }

    pub(crate) fn customer(&self, id: &CustomerId) -> Result<&Customer, Refusal> {
        self.customers.iter().find(|customer| customer.customer_id == *id).ok_or_else(|| {
            let known = self.customers.iter().map(|customer| &customer.customer_id);
            Refusal::unknown("customer", id, known, "Try lookup_customer with a company name.")
        })
    }

    pub(crate) fn ticket(&self, id: &TicketId) -> Result<&Ticket, Refusal> {
        self.tickets.iter().find(|ticket| ticket.ticket_id == *id).ok_or_else(|| {
            let known = self.tickets.iter().map(|ticket| &ticket.ticket_id);
            Refusal::unknown("ticket", id, known, "Try search_tickets with a few words.")
        })
    }

    pub(crate) fn invoice(&self, id: &InvoiceId) -> Result<&Invoice, Refusal> {
        self.invoices.iter().find(|invoice| invoice.invoice_id == *id).ok_or_else(|| {
            let known = self.invoices.iter().map(|invoice| &invoice.invoice_id);
            Refusal::unknown("invoice", id, known, "Try get_invoice with a customer_id.")
        })
    }

    pub(crate) fn article(&self, id: &ArticleId) -> Result<&Article, Refusal> {
        self.articles.iter().find(|article| article.article_id == *id).ok_or_else(|| {
            let known = self.articles.iter().map(|article| &article.article_id);
            Refusal::unknown("article", id, known, "Try search_solutions with a few words.")
        })
    }

    pub(crate) fn asset(&self, id: &AssetId) -> Result<&Asset, Refusal> {
        self.assets.iter().find(|asset| asset.asset_id == *id).ok_or_else(|| {
            let known = self.assets.iter().map(|asset| &asset.asset_id);
            Refusal::unknown("asset", id, known, "Try lookup_asset with a hostname, serial or customer_id.")
        })
    }

    /// The company behind an id, for readers who do not know ids by heart.
    pub(crate) fn company(&self, id: &CustomerId) -> String {
        self.customer(id).map(|customer| customer.company.clone()).unwrap_or_default()
    }

    pub(crate) fn sla(&self, tier: Tier) -> Result<&Sla, Refusal> {
        self.rules.sla.iter().find(|sla| sla.tier == tier).ok_or_else(|| {
            let known = self.rules.sla.iter().map(|sla| sla.tier.word());
            Refusal::unknown("tier", tier.word(), known, "Ask for one of these.")
        })
    }
}

fn read<T: DeserializeOwned>(name: &'static str, text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).with_context(|| format!("the embedded file {name} is broken"))
}
