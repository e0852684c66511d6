//! The customer server: who they are, how their account stands, what they were promised, whom to call.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Contact, Customer, Records, Sla},
    desk::{Desk, Sign},
    refusal::Refusal,
    search::rank_name,
    standing::Standing,
    words::{AccountStatus, ContactRole, CustomerId, InvoiceStatus, Money, TicketId, Tier},
};

const INSTRUCTIONS: &str = "The customer register: eight companies in three tiers (basic, standard, premium). Start \
with lookup_customer when only a company name or e-mail address is known, or to list customers by tier or status; everything else wants the customer_id \
(CUST-001). get_sla_terms tells response and resolution hours per ticket priority. All data is fixed; \"today\" is \
2025-06-30 unless as_of says otherwise.";

pub(crate) fn desk(records: Records) -> Desk {
    let about = Sign {
        name: "loquat-helpdesk-customer",
        title: "Help desk: customers",
        description: "Customers, their account status, service level terms and contacts.",
    };
    Desk::new(about, INSTRUCTIONS, records)
        .offer(
            Sign {
                name: "lookup_customer",
                title: "Look up customer",
                description: "Find customers by id, e-mail address or company name (a part of the name is enough, \
                    case does not matter), or list those of a tier or with an account status. Give at least one; all \
                    given must hold.",
            },
            lookup_customer,
        )
        .offer(
            Sign {
                name: "check_customer_status",
                title: "Check customer status",
                description: "Tell whether an account is active, on hold or suspended and why, with contract end, \
                    unresolved tickets and what is owed.",
            },
            check_customer_status,
        )
        .offer(
            Sign {
                name: "get_sla_terms",
                title: "Get SLA terms",
                description: "Service level terms of a customer or of a tier: response and resolution hours per \
                    priority, support hours, channels, uptime and service credit. Give customer_id or tier.",
            },
            get_sla_terms,
        )
        .offer(
            Sign {
                name: "list_customer_contacts",
                title: "List customer contacts",
                description: "List the people to talk to at a customer: role, e-mail, phone and preferred channel.",
            },
            list_customer_contacts,
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LookupCustomer {
    /// The customer's id.
    customer_id: Option<CustomerId>,
    /// E-mail address of one of the customer's contacts; any address of the company's domain will do.
    #[schemars(extend("format" = "email"))]
    email: Option<String>,
    /// Company name or a part of it, for example "techcorp".
    company: Option<String>,
    /// Only customers of this tier.
    tier: Option<Tier>,
    /// Only customers whose account stands so.
    status: Option<AccountStatus>,
}

#[derive(Serialize, JsonSchema)]
struct FoundCustomers {
    /// The best match first, otherwise by id.
    customers: Vec<Customer>,
    total: usize,
}

fn lookup_customer(records: &Records, asked: LookupCustomer) -> Result<FoundCustomers, Refusal> {
    let mut found: Vec<(f64, &Customer)> = records.customers.iter().map(|customer| (1.0, customer)).collect();
    if let Some(id) = &asked.customer_id {
        records.customer(id)?;
        found.retain(|(_, customer)| customer.customer_id == *id);
    }
    if let Some(email) = &asked.email {
        found.retain(|(_, customer)| customer.answers_to(email));
    }
    if let Some(company) = &asked.company {
        found = found.into_iter().map(|(_, customer)| (rank_name(company, &customer.company), customer)).collect();
        found.retain(|(rank, _)| *rank > 0.0);
    }
    let named = [asked.customer_id.map(|id| id.0), asked.email, asked.company];
    let named: Vec<String> = named.into_iter().flatten().collect();
    if named.is_empty() && asked.tier.is_none() && asked.status.is_none() {
        return Err(Refusal::NothingAsked { wanted: "customer_id, email, company, tier, status" });
    }
    if !named.is_empty() && found.is_empty() {
        return Err(no_such_customer(records, &named.join(" with ")));
    }
    found.retain(|(_, customer)| {
        asked.tier.is_none_or(|tier| customer.tier == tier)
            && asked.status.is_none_or(|status| customer.status == status)
    });
    found.sort_by(|left, right| right.0.total_cmp(&left.0));
    let customers: Vec<Customer> = found.into_iter().map(|(_, customer)| customer.clone()).collect();
    Ok(FoundCustomers { total: customers.len(), customers })
}

fn no_such_customer(records: &Records, asked: &str) -> Refusal {
    let known = records.customers.iter().map(|customer| format!("{} ({})", customer.company, customer.customer_id));
    Refusal::unknown("customer", asked, known, "Try lookup_customer with a part of one of these names.")
}

impl Customer {
    fn answers_to(&self, email: &str) -> bool {
        let email = email.trim().to_lowercase();
        let of_domain = email.rsplit_once('@').is_some_and(|(_, domain)| domain == self.domain);
        of_domain || self.contacts.iter().any(|contact| contact.email == email)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckCustomerStatus {
    /// The customer's id.
    customer_id: CustomerId,
    /// The day to judge contract and debts by; 2025-06-30 when absent.
    as_of: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct CustomerStatus {
    as_of: Date,
    customer_id: CustomerId,
    company: String,
    status: AccountStatus,
    reason: String,
    tier: Tier,
    account_manager: String,
    contract_end: Date,
    contract_running: bool,
    unresolved_tickets: Vec<TicketId>,
    /// All that is not paid, due or not.
    outstanding: Money,
    /// The part of it that is past its due date.
    overdue: Money,
    currency: String,
}

fn check_customer_status(records: &Records, asked: CheckCustomerStatus) -> Result<CustomerStatus, Refusal> {
    let customer = records.customer(&asked.customer_id)?;
    let as_of = records.as_of(asked.as_of);
    let theirs = records.tickets.iter().filter(|ticket| ticket.customer_id == customer.customer_id);
    let unresolved = theirs.filter(|ticket| ticket.resolved.is_none());
    let standing = Standing::of(records, &customer.customer_id, as_of);
    Ok(CustomerStatus {
        as_of,
        customer_id: customer.customer_id.clone(),
        company: customer.company.clone(),
        status: customer.status,
        reason: customer.status_reason.clone(),
        tier: customer.tier,
        account_manager: customer.account_manager.clone(),
        contract_end: customer.contract_end,
        contract_running: (customer.customer_since..=customer.contract_end).contains(&as_of),
        unresolved_tickets: unresolved.map(|ticket| ticket.ticket_id.clone()).collect(),
        outstanding: standing.outstanding(),
        overdue: standing.owed(InvoiceStatus::Overdue),
        currency: records.rules.currency.clone(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetSlaTerms {
    /// The customer whose terms are wanted.
    customer_id: Option<CustomerId>,
    /// The tier whose terms are wanted, when no customer is meant.
    tier: Option<Tier>,
}

#[derive(Serialize, JsonSchema)]
struct SlaTerms {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<CustomerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    terms: Sla,
}

fn get_sla_terms(records: &Records, asked: GetSlaTerms) -> Result<SlaTerms, Refusal> {
    let customer = asked.customer_id.as_ref().map(|id| records.customer(id)).transpose()?;
    let tier = match (customer, asked.tier) {
        (Some(customer), Some(tier)) if customer.tier != tier => {
            let asked = format!("tier {}", tier.word());
            let other = format!("customer {}, who is {}", customer.customer_id, customer.tier.word());
            return Err(Refusal::Contradiction { asked, other });
        }
        (Some(customer), _) => customer.tier,
        (None, Some(tier)) => tier,
        (None, None) => return Err(Refusal::NothingAsked { wanted: "customer_id, tier" }),
    };
    Ok(SlaTerms {
        customer_id: customer.map(|customer| customer.customer_id.clone()),
        company: customer.map(|customer| customer.company.clone()),
        terms: records.sla(tier)?.clone(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListCustomerContacts {
    /// The customer's id.
    customer_id: CustomerId,
    /// Only people with this role.
    role: Option<ContactRole>,
}

#[derive(Serialize, JsonSchema)]
struct CustomerContacts {
    customer_id: CustomerId,
    company: String,
    account_manager: String,
    time_zone: String,
    contacts: Vec<Contact>,
    total: usize,
}

fn list_customer_contacts(records: &Records, asked: ListCustomerContacts) -> Result<CustomerContacts, Refusal> {
    let customer = records.customer(&asked.customer_id)?;
    let admits = |contact: &&Contact| asked.role.is_none_or(|role| contact.role == role);
    let contacts: Vec<Contact> = customer.contacts.iter().filter(admits).cloned().collect();
    Ok(CustomerContacts {
        customer_id: customer.customer_id.clone(),
        company: customer.company.clone(),
        account_manager: customer.account_manager.clone(),
        time_zone: customer.time_zone.clone(),
        total: contacts.len(),
        contacts,
    })
}
