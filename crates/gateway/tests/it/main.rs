//! A real gateway on a real port, in front of real backends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod approvals;
mod audit;
mod beyond;
mod catalogue;
mod common;
mod configuration;
#[cfg(unix)]
mod copies;
mod door;
mod eras;
mod fetch;
#[cfg(unix)]
mod handed_on;
mod tokens;
mod upstream;
mod window;
