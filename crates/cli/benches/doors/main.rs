//! What it costs to come in by the doors: a completion through `loq serve` and a call through `loq gateway`, beside a
//! floor of the same run, which passes the same things on and checks nothing, and beside programs by others where they
//! are there. Whatever stands behind them answers at once. Each is a process of its own, so that it can be told what each
//! takes up.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement, not the product"
)]

mod api;
mod behind;
mod contextforge;
mod floor;
mod gateway;
mod load;
mod peers;
mod running;

use std::time::Duration;

/// This program is the other processes, too.
const BEHIND: &str = "behind";
const ASIDE: &str = "aside";
const FLOOR: &str = "floor";

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some(BEHIND) => behind::serve().await,
        Some(ASIDE) => behind::speak_here(),
        Some(FLOOR) => floor::serve(&args[1]).await,
        _ => measure(&args).await,
    }
}

/// Those that are named, or both.
async fn measure(names: &[String]) {
    let wanted = |name: &str| {
        let mut named = names.iter().filter(|arg| !arg.starts_with('-')).peekable();
        named.peek().is_none() || named.any(|arg| arg == name)
    };
    let (behind, floor) = running::behind_and_floor().await;
    if wanted("gateway") {
        gateway::measure(&behind, &floor).await;
    }
    if wanted("api") {
        api::measure(&behind, &floor).await;
    }
}

fn heading(title: &str, other: &str) {
    println!("\n{title:<48} {:>12} {other:>12} {:>8}", "ours", "ratio");
}

/// A row of what both took.
fn line(what: &str, ours: Duration, other: Duration) {
    let ratio = ours.as_secs_f64() / other.as_secs_f64();
    println!("{what:<48} {:>12} {:>12} {ratio:>8.3}", millis(ours), millis(other));
}

fn fact(what: &str, ours: &str, other: &str) {
    println!("{what:<48} {ours:>12} {other:>12}");
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}
