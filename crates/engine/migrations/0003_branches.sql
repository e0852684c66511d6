-- Branches: a turn follows another one, or begins its conversation. What was written before followed one after the other.
ALTER TABLE turns ADD COLUMN parent TEXT;
ALTER TABLE turns ADD COLUMN again TEXT;
UPDATE turns SET parent = (
    SELECT earlier.id FROM turns AS earlier
    WHERE earlier.conversation = turns.conversation AND earlier.seq < turns.seq
    ORDER BY earlier.seq DESC LIMIT 1
);

-- Which branch was looked at, by its last turn. Only ever added to: the latest holds, and the ones before say where
-- to return to.
CREATE TABLE choices (
    seq          INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn         TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX choices_of_conversation ON choices (conversation, seq);
CREATE INDEX choices_of_turn ON choices (turn);

-- When a conversation was put on top of the list.
ALTER TABLE conversations ADD COLUMN pinned_at INTEGER;
-- Who gave the title: `rule`, `model` or `person`. What was renamed before cannot be told from the rest, so it is kept.
ALTER TABLE conversations ADD COLUMN titled_by TEXT NOT NULL DEFAULT 'person';
-- What the model is told before everything else in this conversation; the settings' words where absent.
ALTER TABLE conversations ADD COLUMN instructions TEXT;
