//! What the practice model calls and says: with the help-desk tools, and with tools it has never heard of.

#![allow(clippy::unwrap_used, reason = "the functions around the tests are tests too")]

mod helpdesk;
mod lists;
mod search;
mod strange;
mod talk;
