//! What several copies of one door have in common: PostgreSQL for what must last, Redis or Valkey for what must be
//! quick.
//!
//! **Invariant:** knows rows, counts and things that wait; nothing of tools, models or HTTP. What any of it
//! means is decided by who asks.
//!
//! Start reading at [`Postgres`] and [`Redis`].

mod chain;
mod counts;
mod keys;
mod ledger;
mod life;
mod postgres;
mod redis;
mod sessions;
mod waiting;

pub use chain::{Chain, Link, Linked};
pub use counts::{Counted, Mark};
pub use keys::{KeyRow, Keyring};
pub use ledger::{CallRow, CallsFound, CallsWanted};
pub use life::Life;
pub use postgres::Postgres;
pub use redis::Redis;
pub use sessions::{Held, Kept, SessionError, Sessions};
pub use waiting::{Party, Told, Waiting, Word};

/// Why the others cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// Nothing of the address is repeated: it may hold a password.
    #[error("the address of {what} cannot be read: {why}")]
    Address { what: &'static str, why: String },
    #[error("{what} cannot be used: {cause}")]
    Unusable { what: &'static str, cause: String },
    /// Something is there that nobody here wrote.
    #[error("{what} holds something that cannot be read: {cause}")]
    Damaged { what: &'static str, cause: String },
    #[error("there is a key called {0} already")]
    Taken(String),
    #[error("there is no key called {0}")]
    Unknown(String),
}

impl TeamError {
    /// What to do now.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Address { what: "Redis", .. } => "Give it as redis://USER:PASSWORD@HOST:6379/0.",
            Self::Address { .. } => "Give it as postgres://USER:PASSWORD@HOST:5432/DATABASE.",
            Self::Unusable { .. } => "See that it runs and can be reached from here, and that the address is right.",
            Self::Damaged { .. } => "Look at it, or begin with an empty one.",
            Self::Taken(_) => "Revoke it first, or choose another name.",
            Self::Unknown(_) => "Have the keys listed and see how it is spelt.",
        }
    }
}
