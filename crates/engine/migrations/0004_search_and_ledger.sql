-- What can be found: one row for each message, call and question. Its words lie in a full-text index under the same
-- number; that index is made by the program, which can also make it anew.
CREATE TABLE said (
    seq  INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL REFERENCES turns (seq) ON DELETE CASCADE,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE INDEX said_in_turn ON said (turn);

CREATE TRIGGER said_no_more AFTER DELETE ON said BEGIN
    DELETE FROM said_words WHERE rowid = old.seq;
END;

-- By which making of the index a turn can be found; 0 where it cannot yet.
ALTER TABLE turns ADD COLUMN searched INTEGER NOT NULL DEFAULT 0;

CREATE INDEX turns_to_search ON turns (searched, seq) WHERE ended IS NOT NULL;

-- Every call ever made. It stays when its conversation goes; `body` is the whole entry as JSON.
CREATE TABLE ledger (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    call    TEXT NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    server  TEXT NOT NULL,
    tool    TEXT NOT NULL,
    outcome TEXT NOT NULL,
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX ledger_by_server ON ledger (server, seq);
