-- The copy that has still to end a call: nothing once it has ended. One that no copy lives to end is ended by others.
ALTER TABLE ledger ADD COLUMN copy text;
CREATE INDEX ledger_copy ON ledger (copy) WHERE copy IS NOT NULL;
