-- Every look into the ledger.
CREATE TABLE look (
	position   INTEGER PRIMARY KEY,
	looked     INTEGER NOT NULL, -- milliseconds
	kind       TEXT    NOT NULL,
	actor      TEXT    NOT NULL, -- empty where nobody was named
	reason     TEXT    NOT NULL,
	request    TEXT    NOT NULL, -- the case, empty where there is none
	controller TEXT    NOT NULL, -- empty for all
	event      BLOB    NOT NULL
) STRICT;
CREATE INDEX look_controller ON look (controller, position);
CREATE INDEX look_actor ON look (actor, position);
CREATE INDEX look_request ON look (request, position) WHERE request <> '';

-- Whose record it was.
CREATE TABLE person (
	subject  INTEGER NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (subject, position)
) STRICT, WITHOUT ROWID;
