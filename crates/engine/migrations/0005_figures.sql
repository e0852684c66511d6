-- What each turn took: kept on its own, so that a month can be added up without reading what was said in it. It
-- stays when a conversation is deleted: what was spent was spent. Nothing of what was said is in it.

CREATE TABLE figures (
    turn         TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    provider     TEXT NOT NULL,
    model        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    input        INTEGER NOT NULL,
    cached       INTEGER NOT NULL,
    output       INTEGER NOT NULL
) STRICT;

CREATE INDEX figures_by_time ON figures (at);
CREATE INDEX figures_of_conversation ON figures (conversation);

INSERT INTO figures (turn, conversation, provider, model, at, input, cached, output)
SELECT id, conversation, json_extract(ended, '$.model.provider'), json_extract(ended, '$.model.model'),
       json_extract(ended, '$.startedAt'), json_extract(ended, '$.usage.input'), json_extract(ended, '$.usage.cached'),
       json_extract(ended, '$.usage.output')
FROM turns
WHERE ended IS NOT NULL AND json_extract(ended, '$.usage.input') + json_extract(ended, '$.usage.output') > 0;
