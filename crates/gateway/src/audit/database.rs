//! A log in PostgreSQL: one chain, to which every copy adds in its turn.

use std::io;

use team::{Chain, Link, Linked, Postgres, TeamError};

use super::writer::{Book, End, Group};

pub(super) struct InDatabase(Chain);

impl InDatabase {
    pub(super) fn open(postgres: &Postgres) -> Result<Self, TeamError> {
        Ok(Self(Chain::open(postgres)?))
    }
}

impl Book for InDatabase {
    fn append(&mut self, group: &Group) -> io::Result<()> {
        let link = |end: &Link| {
            let (lines, end) = group.link(&End { seq: end.seq, hash: end.hash.clone() });
            Linked { lines, end: Link { seq: end.seq, hash: end.hash } }
        };
        self.0.append(group.id, group.tries > 0, link).map_err(io::Error::other)
    }
}
