-- Conversations, their turns, and the journal of what happened to each turn.
--
-- A turn is written when it begins; every event is appended; when it has ended, the whole of it is
-- written once more and its events are dropped, since that is what they add up to. A turn without an
-- end whose owner is no longer alive was broken off.

CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

CREATE INDEX conversations_by_time ON conversations (updated_at DESC) WHERE removed_at IS NULL;

CREATE TABLE turns (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    owner        TEXT NOT NULL,
    begun        TEXT NOT NULL,
    ended        TEXT
) STRICT;

CREATE INDEX turns_of_conversation ON turns (conversation, seq);
CREATE INDEX turns_under_way ON turns (owner) WHERE ended IS NULL;

CREATE TABLE events (
    seq  INTEGER PRIMARY KEY,
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX events_of_turn ON events (turn, seq);
