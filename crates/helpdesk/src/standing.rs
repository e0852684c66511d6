//! How invoices stand on a day.
//!
//! The status of an invoice is not stored but derived from its dates and payments, so it cannot contradict them.

use jiff::civil::Date;

use crate::{
    data::{Invoice, Records},
    words::{CustomerId, InvoiceStatus, Money},
};

impl Invoice {
    pub(crate) fn total(&self) -> Money {
        self.lines.iter().map(|line| line.amount).sum()
    }

    pub(crate) fn balance(&self, as_of: Date) -> Money {
        let paid = self.payments.iter().filter(|payment| payment.date <= as_of).map(|payment| payment.amount);
        self.total() - paid.sum()
    }

    pub(crate) fn status(&self, as_of: Date) -> InvoiceStatus {
        match self.balance(as_of) {
            owed if owed <= Money::ZERO => InvoiceStatus::Paid,
            _ if as_of > self.due => InvoiceStatus::Overdue,
            _ => InvoiceStatus::Pending,
        }
    }

    /// Zero until the day after the due date, and for paid invoices.
    pub(crate) fn days_overdue(&self, as_of: Date) -> i32 {
        match self.status(as_of) {
            InvoiceStatus::Overdue => as_of.duration_since(self.due).as_hours() as i32 / 24,
            InvoiceStatus::Paid | InvoiceStatus::Pending => 0,
        }
    }
}

/// A customer's invoices as they stood at the end of a day; later ones do not exist yet.
pub(crate) struct Standing<'a> {
    /// The newest first.
    pub(crate) invoices: Vec<&'a Invoice>,
    as_of: Date,
}

impl<'a> Standing<'a> {
    pub(crate) fn of(records: &'a Records, customer: &CustomerId, as_of: Date) -> Self {
        let mut all = Self::of_all(records, as_of);
        all.invoices.retain(|invoice| invoice.customer_id == *customer);
        all
    }

    pub(crate) fn of_all(records: &'a Records, as_of: Date) -> Self {
        let mut invoices: Vec<&Invoice> = records.invoices.iter().filter(|invoice| invoice.issued <= as_of).collect();
        invoices.sort_by_key(|invoice| std::cmp::Reverse(invoice.issued));
        Self { invoices, as_of }
    }

    pub(crate) fn outstanding(&self) -> Money {
        self.invoices.iter().map(|invoice| invoice.balance(self.as_of)).sum()
    }

    /// What is owed on invoices of this status.
    pub(crate) fn owed(&self, status: InvoiceStatus) -> Money {
        let such = self.invoices.iter().filter(|invoice| invoice.status(self.as_of) == status);
        such.map(|invoice| invoice.balance(self.as_of)).sum()
    }
}
