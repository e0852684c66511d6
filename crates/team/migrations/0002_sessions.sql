-- Conversations of other programs. What each is, its door knows.
CREATE TABLE sessions (
    id   text PRIMARY KEY,
    head text NOT NULL
);

CREATE TABLE session_turns (
    id      text   PRIMARY KEY,
    session text   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number  bigint GENERATED ALWAYS AS IDENTITY,
    body    text   NOT NULL
);
CREATE INDEX session_turns_session ON session_turns (session, number);

-- Every call of a tool, as it stands.
CREATE TABLE ledger (
    call    text   PRIMARY KEY,
    number  bigint GENERATED ALWAYS AS IDENTITY,
    at      bigint NOT NULL,
    server  text   NOT NULL,
    tool    text   NOT NULL,
    outcome text   NOT NULL,
    body    text   NOT NULL
);
CREATE INDEX ledger_number ON ledger (number);

-- What came with the questions of sessions.
CREATE TABLE session_files (
    id      text PRIMARY KEY,
    session text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    body    text NOT NULL
);
CREATE INDEX session_files_session ON session_files (session);
