//! The practice model: an OpenAI-compatible endpoint on loopback that needs no account and is no AI.
//!
//! **Invariant:** knows nothing of Loquat. It speaks HTTP, and what it answers is a pure function of the request: no
//! memory between requests, no network, nothing that is not in the messages or in the results of the tools.
//!
//! Start reading at [`start`], then [`plan::plan`], which decides what one request gets. [`script`] is the other model
//! that lives here: it plays back what a test wrote down.

mod answer;
pub mod plan;
pub mod script;
mod server;
mod stream;
pub mod verify;
pub mod wire;

pub use script::{Round, Script};
pub use server::{Options, Practice, PracticeError, start};

/// The one model id the endpoint lists and answers to.
pub const MODEL: &str = "practice";

/// Questions the practice model answers well with the help-desk tools, from one call to several rounds of them.
pub const EXAMPLES: [&str; 7] = [
    "What are all the critical priority tickets?",
    "Show me customer CUST-001's information and SLA terms",
    "What's the outstanding balance for TechCorp Industries?",
    "Find KB articles about Windows BSOD issues",
    "Check warranty status for asset AST-SRV-001",
    "Show me all tickets for customer CUST-002 and their invoices",
    "Which customers have critical tickets, what are their SLA terms, and do they have overdue invoices?",
];
