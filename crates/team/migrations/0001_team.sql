-- Keys of either door, by their hashes. A revoked one stays, so that its name tells who it was.
CREATE TABLE keys (
    door       text    NOT NULL,
    name       text    NOT NULL,
    sha256     text    NOT NULL,
    body       text    NOT NULL,
    revoked    boolean NOT NULL DEFAULT false,
    number     bigint  GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (door, name)
);

-- Tokens that were used by a key in a month such as 2025-08.
CREATE TABLE key_use (
    door  text   NOT NULL,
    name  text   NOT NULL,
    month text   NOT NULL,
    used  bigint NOT NULL,
    PRIMARY KEY (door, name, month)
);

-- What the copies of one door must agree on, such as what session ids are signed with.
CREATE TABLE settled (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- One chain for all copies. Who appends holds the one row of audit_end meanwhile.
CREATE TABLE audit (
    seq   bigint PRIMARY KEY,
    batch text   NOT NULL,
    line  text   NOT NULL
);
CREATE INDEX audit_batch ON audit (batch);

CREATE TABLE audit_end (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint  NOT NULL,
    hash text    NOT NULL
);
INSERT INTO audit_end (seq, hash) VALUES (0, repeat('0', 64));

CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows';
END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
