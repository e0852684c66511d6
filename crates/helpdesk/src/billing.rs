//! The billing server: invoices, payments and what is still owed.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Invoice, InvoiceLine, Payment, Records},
    desk::{Desk, Sign},
    refusal::{Refusal, check_range},
    standing::Standing,
    words::{CustomerId, InvoiceId, InvoiceStatus, Money, TicketId},
};

const INSTRUCTIONS: &str = "Invoices and payments in US dollars. calculate_outstanding_balance answers what a \
customer owes; get_invoice reads one invoice, all of a customer, or all that are overdue; check_payment_status tells whether an invoice is \
paid; get_billing_history lists charges and payments in a period. Customers are named by customer_id (CUST-001): \
when only the company name is known, ask lookup_customer of the customer server first. All data is fixed; \"today\" \
is 2025-06-30 unless as_of says otherwise.";

pub(crate) fn desk(records: Records) -> Desk {
    let about = Sign {
        name: "loquat-helpdesk-billing",
        title: "Help desk: billing",
        description: "Invoices, payment status, billing history and outstanding balances.",
    };
    Desk::new(about, INSTRUCTIONS, records)
        .offer(
            Sign {
                name: "get_invoice",
                title: "Get invoice",
                description: "Read one invoice by its id, all invoices of a customer, or all of a status whoever owes \
                    them (newest first), with lines, payments, balance and linked tickets. Give invoice_id, \
                    customer_id or status.",
            },
            get_invoice,
        )
        .offer(
            Sign {
                name: "check_payment_status",
                title: "Check payment status",
                description: "Tell whether an invoice is paid, pending or overdue, what is still owed and for how \
                    many days it has been due.",
            },
            check_payment_status,
        )
        .offer(
            Sign {
                name: "get_billing_history",
                title: "Get billing history",
                description: "List a customer's charges and payments in a period, oldest first, with the running \
                    balance.",
            },
            get_billing_history,
        )
        .offer(
            Sign {
                name: "calculate_outstanding_balance",
                title: "Calculate outstanding balance",
                description: "Add up what a customer has not paid yet, split into overdue and not yet due, with the \
                    invoices behind it.",
            },
            calculate_outstanding_balance,
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetInvoice {
    /// The invoice to read.
    invoice_id: Option<InvoiceId>,
    /// The customer all of whose invoices are wanted.
    customer_id: Option<CustomerId>,
    /// Only invoices of this status; alone, those of all customers.
    status: Option<InvoiceStatus>,
    /// The day to judge the status by; 2025-06-30 when absent.
    as_of: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct Invoices {
    as_of: Date,
    currency: String,
    invoices: Vec<InvoiceSheet>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct InvoiceSheet {
    invoice_id: InvoiceId,
    customer_id: CustomerId,
    customer: String,
    issued: Date,
    due: Date,
    status: InvoiceStatus,
    amount: Money,
    balance: Money,
    lines: Vec<InvoiceLine>,
    payments: Vec<Payment>,
    /// Tickets whose work is billed here.
    ticket_ids: Vec<TicketId>,
}

fn get_invoice(records: &Records, asked: GetInvoice) -> Result<Invoices, Refusal> {
    let as_of = records.as_of(asked.as_of);
    let invoices = match (&asked.invoice_id, &asked.customer_id) {
        (Some(id), None) => vec![issued(records, id, as_of)?],
        (Some(id), Some(customer)) => {
            let invoice = issued(records, id, as_of)?;
            if invoice.customer_id != *customer {
                let other = format!("{id}, which belongs to {}", invoice.customer_id);
                return Err(Refusal::Contradiction { asked: customer.to_string(), other });
            }
            vec![invoice]
        }
        (None, Some(customer)) => Standing::of(records, &records.customer(customer)?.customer_id, as_of).invoices,
        (None, None) if asked.status.is_some() => Standing::of_all(records, as_of).invoices,
        (None, None) => return Err(Refusal::NothingAsked { wanted: "invoice_id, customer_id, status" }),
    };
    let wanted =
        invoices.into_iter().filter(|invoice| asked.status.is_none_or(|status| invoice.status(as_of) == status));
    let invoices: Vec<InvoiceSheet> = wanted.map(|invoice| sheet(records, invoice, as_of)).collect();
    Ok(Invoices { as_of, currency: records.rules.currency.clone(), total: invoices.len(), invoices })
}

/// The invoice, if it was there on that day.
fn issued<'a>(records: &'a Records, id: &InvoiceId, as_of: Date) -> Result<&'a Invoice, Refusal> {
    let invoice = records.invoice(id)?;
    if invoice.issued > as_of {
        return Err(Refusal::NotIssued { invoice: id.clone(), issued: invoice.issued, as_of });
    }
    Ok(invoice)
}

fn sheet(records: &Records, invoice: &Invoice, as_of: Date) -> InvoiceSheet {
    InvoiceSheet {
        invoice_id: invoice.invoice_id.clone(),
        customer_id: invoice.customer_id.clone(),
        customer: records.company(&invoice.customer_id),
        issued: invoice.issued,
        due: invoice.due,
        status: invoice.status(as_of),
        amount: invoice.total(),
        balance: invoice.balance(as_of),
        lines: invoice.lines.clone(),
        payments: invoice.payments.iter().filter(|payment| payment.date <= as_of).cloned().collect(),
        ticket_ids: invoice.lines.iter().filter_map(|line| line.ticket_id.clone()).collect(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckPaymentStatus {
    /// The invoice to check.
    invoice_id: InvoiceId,
    /// The day to judge by; 2025-06-30 when absent.
    as_of: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct PaymentStatus {
    as_of: Date,
    currency: String,
    invoice_id: InvoiceId,
    customer_id: CustomerId,
    customer: String,
    status: InvoiceStatus,
    amount: Money,
    paid: Money,
    balance: Money,
    due: Date,
    days_overdue: i32,
    payments: Vec<Payment>,
}

fn check_payment_status(records: &Records, asked: CheckPaymentStatus) -> Result<PaymentStatus, Refusal> {
    let as_of = records.as_of(asked.as_of);
    let invoice = issued(records, &asked.invoice_id, as_of)?;
    let sheet = sheet(records, invoice, as_of);
    Ok(PaymentStatus {
        as_of,
        currency: records.rules.currency.clone(),
        status: sheet.status,
        amount: sheet.amount,
        paid: sheet.amount - sheet.balance,
        balance: sheet.balance,
        due: sheet.due,
        days_overdue: invoice.days_overdue(as_of),
        payments: sheet.payments,
        invoice_id: sheet.invoice_id,
        customer_id: sheet.customer_id,
        customer: sheet.customer,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetBillingHistory {
    /// The customer's id.
    customer_id: CustomerId,
    /// The first day of the period; from the beginning when absent.
    start_date: Option<Date>,
    /// The last day of the period; 2025-06-30 when absent.
    end_date: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct BillingHistory {
    customer_id: CustomerId,
    customer: String,
    currency: String,
    end_date: Date,
    /// What was owed before the period.
    opening_balance: Money,
    entries: Vec<Entry>,
    total: usize,
    charged: Money,
    paid: Money,
    /// What is owed at the end of the period.
    closing_balance: Money,
}

#[derive(Serialize, JsonSchema)]
struct Entry {
    date: Date,
    kind: EntryKind,
    invoice_id: InvoiceId,
    amount: Money,
    description: String,
    /// What is owed after this entry.
    balance: Money,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EntryKind {
    Charge,
    Payment,
}

fn get_billing_history(records: &Records, asked: GetBillingHistory) -> Result<BillingHistory, Refusal> {
    let customer = records.customer(&asked.customer_id)?;
    let end = records.as_of(asked.end_date);
    check_range(asked.start_date, Some(end))?;
    let mut entries = entries(records, &customer.customer_id);
    entries.retain(|entry| entry.date <= end);
    let mut balance = Money::ZERO;
    for entry in &mut entries {
        balance = match entry.kind {
            EntryKind::Charge => balance + entry.amount,
            EntryKind::Payment => balance - entry.amount,
        };
        entry.balance = balance;
    }
    let before = entries.iter().take_while(|entry| asked.start_date.is_some_and(|start| entry.date < start)).count();
    let period = entries.split_off(before);
    let sum = |kind| period.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum();
    Ok(BillingHistory {
        customer_id: customer.customer_id.clone(),
        customer: customer.company.clone(),
        currency: records.rules.currency.clone(),
        end_date: end,
        opening_balance: entries.last().map_or(Money::ZERO, |entry| entry.balance),
        total: period.len(),
        charged: sum(EntryKind::Charge),
        paid: sum(EntryKind::Payment),
        closing_balance: balance,
        entries: period,
    })
}

/// All charges and payments of a customer in order, with the balances still to be filled in.
fn entries(records: &Records, customer: &CustomerId) -> Vec<Entry> {
    let mut entries = Vec::new();
    for invoice in records.invoices.iter().filter(|invoice| invoice.customer_id == *customer) {
        let lines: Vec<&str> = invoice.lines.iter().map(|line| line.description.as_str()).collect();
        let entry = |date, kind, amount, description| {
            let invoice_id = invoice.invoice_id.clone();
            Entry { date, kind, invoice_id, amount, description, balance: Money::ZERO }
        };
        entries.push(entry(invoice.issued, EntryKind::Charge, invoice.total(), lines.join("; ")));
        for payment in &invoice.payments {
            let description = format!("{}, {}", payment.method.word().replace('_', " "), payment.reference);
            entries.push(entry(payment.date, EntryKind::Payment, payment.amount, description));
        }
    }
    entries.sort_by_key(|entry| (entry.date, entry.kind));
    entries
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CalculateOutstandingBalance {
    /// The customer's id.
    customer_id: CustomerId,
    /// The day to judge by; 2025-06-30 when absent.
    as_of: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct OutstandingBalance {
    as_of: Date,
    currency: String,
    customer_id: CustomerId,
    customer: String,
    /// All that is not paid: overdue plus pending.
    outstanding: Money,
    overdue: Money,
    pending: Money,
    /// The invoices that are not fully paid, newest first.
    invoices: Vec<OpenInvoice>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct OpenInvoice {
    invoice_id: InvoiceId,
    status: InvoiceStatus,
    amount: Money,
    balance: Money,
    due: Date,
    days_overdue: i32,
}

fn calculate_outstanding_balance(
    records: &Records,
    asked: CalculateOutstandingBalance,
) -> Result<OutstandingBalance, Refusal> {
    let customer = records.customer(&asked.customer_id)?;
    let as_of = records.as_of(asked.as_of);
    let standing = Standing::of(records, &customer.customer_id, as_of);
    let unpaid = standing.invoices.iter().filter(|invoice| !invoice.balance(as_of).is_zero());
    let invoices: Vec<OpenInvoice> = unpaid
        .map(|invoice| OpenInvoice {
            invoice_id: invoice.invoice_id.clone(),
            status: invoice.status(as_of),
            amount: invoice.total(),
            balance: invoice.balance(as_of),
            due: invoice.due,
            days_overdue: invoice.days_overdue(as_of),
        })
        .collect();
    Ok(OutstandingBalance {
        as_of,
        currency: records.rules.currency.clone(),
        customer_id: customer.customer_id.clone(),
        customer: customer.company.clone(),
        outstanding: standing.outstanding(),
        overdue: standing.owed(InvoiceStatus::Overdue),
        pending: standing.owed(InvoiceStatus::Pending),
        total: invoices.len(),
        invoices,
    })
}
