-- What comes with questions. A file is kept once, whole conversations share it, and it goes with the last of them.

CREATE TABLE attachments (
    id   TEXT PRIMARY KEY,
    -- What it is, as JSON.
    about TEXT NOT NULL,
    -- What a model is given of it: a data URL of a picture, or text.
    body TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TABLE attached (
    attachment   TEXT NOT NULL,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (attachment, conversation)
) STRICT, WITHOUT ROWID;

CREATE INDEX attached_to_conversation ON attached (conversation);

-- Whoever writes down a turn, also a copy of one, holds on to what came with its question.
CREATE TRIGGER turn_holds_attachments AFTER INSERT ON turns
WHEN json_type(new.begun, '$.items[0].attachments') = 'array'
BEGIN
    INSERT OR IGNORE INTO attached (attachment, conversation)
    SELECT json_extract(value, '$.id'), new.conversation FROM json_each(new.begun, '$.items[0].attachments');
END;

CREATE TRIGGER last_holder_gone AFTER DELETE ON attached
WHEN NOT EXISTS (SELECT 1 FROM attached WHERE attachment = old.attachment)
BEGIN
    DELETE FROM attachments WHERE id = old.attachment;
END;
