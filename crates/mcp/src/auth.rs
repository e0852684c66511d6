//! Signing in to servers: finding out where, asking a person once, and keeping what came of it.
//!
//! **Invariant:** codes, tokens, verifiers and passwords are never shown, logged, or written anywhere but to the place for
//! secrets. What a face is told of an exchange is masked already.
//!
//! The way, in order: `discover` (who may sign people in for this server), `client` (who we are to them), `listener` and
//! `flow` (the person says yes in a browser), `grant` (tokens for it), `vault` (kept), `account` (whose), `renew` (sent, renewed).
//!
//! The steps are our own, on the crate `oauth2`, and not `rmcp`'s: there, a dead or mistaken authorization server cannot be
//! stepped over or trusted by a person, the `resource` cannot be given, a secret that registration returned is lost at the
//! next start, and nobody learns which step failed.

mod account;
mod adopt;
mod challenge;
mod client;
mod discover;
mod enterprise;
mod error;
mod exchange;
mod flow;
mod form;
mod grant;
mod index;
mod key;
mod listener;
mod metadata;
#[cfg(test)]
mod outside_tests;
mod page;
mod record;
mod renew;
mod rights;
mod settings;
mod sign_ins;
mod vault;

pub(crate) use account::{Account, DEFAULT};
pub use adopt::{KeptSignIn, read_sign_ins};
pub use error::SignInError;
pub(crate) use flow::Attempt;
pub(crate) use renew::InNameOf;
pub(crate) use sign_ins::SignIns;
