//! The five IT-support MCP servers (tickets, customers, billing, knowledge base, assets) over standard input and output.
//!
//! **Invariant:** depends on nothing else of the workspace and only reads its embedded data: no file, network or clock.
//!
//! Start reading at [`desk`] (what a server is), then any of [`ticket`], [`customer`], [`billing`], [`kb`], [`asset`].

mod asset;
mod billing;
#[cfg(test)]
mod cross_references;
mod customer;
mod data;
mod desk;
mod kb;
mod metrics;
mod refusal;
mod schema;
mod search;
mod standing;
mod ticket;
mod words;

use std::io::Write;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use rmcp::{ServiceExt, service::ServerInitializeError, transport::io::stdio_pipes};

use crate::{data::Records, desk::Desk};

/// Serves one of the five help-desk MCP servers over standard input and output, until standard input ends.
#[derive(Parser)]
#[command(name = "loquat-helpdesk", version, arg_required_else_help = true)]
struct Arguments {
    /// Which server to be.
    #[arg(required_unless_present = "list")]
    server: Option<Server>,

    /// Print the servers and their tools, one per line, and exit.
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Server {
    /// Search, read, count and compare support tickets.
    Ticket,
    /// Customers, account status, service level terms and contacts.
    Customer,
    /// Invoices, payments, billing history and outstanding balances.
    Billing,
    /// Troubleshooting articles.
    Kb,
    /// Machines, warranties, licences and history.
    Asset,
}

impl Server {
    fn desk(self, records: Records) -> Desk {
        match self {
            Self::Ticket => ticket::desk(records),
            Self::Customer => customer::desk(records),
            Self::Billing => billing::desk(records),
            Self::Kb => kb::desk(records),
            Self::Asset => asset::desk(records),
        }
    }
}

// One thread: the work is answering one client from memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match (arguments.list, arguments.server) {
        (true, None) => list(Server::value_variants()),
        (true, Some(server)) => list(&[server]),
        (false, Some(server)) => serve(server.desk(Records::load()?)).await,
        (false, None) => anyhow::bail!("name a server: ticket, customer, billing, kb or asset"),
    }
}

fn list(servers: &[Server]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for server in servers {
        let name = server.to_possible_value().context("every server has a name")?;
        writeln!(out, "{}", name.get_name())?;
        for tool in server.desk(Records::load()?).tool_names() {
            writeln!(out, "  {tool}")?;
        }
    }
    Ok(())
}

async fn serve(desk: Desk) -> anyhow::Result<()> {
    match desk.serve(stdio_pipes()).await {
        Ok(running) => {
            running.waiting().await.context("the server stopped unexpectedly")?;
            Ok(())
        }
        // A client that leaves before it said hello is not our failure.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(error).context("the client could not be greeted"),
    }
}
