-- Every order that was sent to a service, and what became of it.
CREATE TABLE sent (
	position    INTEGER PRIMARY KEY,
	id          TEXT    NOT NULL,
	controller  TEXT    NOT NULL,
	service     TEXT    NOT NULL,
	subject     INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	system      TEXT    NOT NULL,
	categories  TEXT    NOT NULL, -- separated by spaces
	reason      TEXT    NOT NULL,
	back        INTEGER NOT NULL, -- 1 where the data is to be returned before it is erased
	request     TEXT    NOT NULL, -- the case, empty where there is none
	due         INTEGER NOT NULL, -- milliseconds
	recorded    INTEGER NOT NULL,
	escalated   INTEGER,          -- position of the event
	escalation  INTEGER,          -- milliseconds, when it was recorded
	answered    INTEGER,          -- position of the action
	answer      INTEGER,          -- milliseconds, when it was recorded
	acted       INTEGER,          -- milliseconds, by the service's clock
	operation   TEXT,
	recipient   TEXT    NOT NULL, -- who is to be told, mostly nobody
	follows     TEXT    NOT NULL, -- the order or restriction of which somebody is to be told, mostly none
	recalled    INTEGER,          -- position of the event that took it back
	recall      INTEGER,          -- milliseconds, when that was recorded
	hold        TEXT    NOT NULL DEFAULT '', -- that forbids it
	again       INTEGER           -- position of the event that sent it once more
) STRICT;
CREATE INDEX sent_id ON sent (id);
CREATE INDEX sent_open ON sent (position) WHERE answered IS NULL;
CREATE INDEX sent_recalled ON sent (recalled) WHERE recalled IS NOT NULL;
CREATE INDEX sent_erased ON sent (answered) WHERE answered IS NOT NULL AND kind = 'erase' AND request = '';
CREATE INDEX sent_quiet ON sent (recorded) WHERE answered IS NULL AND escalated IS NULL;
CREATE INDEX sent_service ON sent (controller, service, position);
CREATE INDEX sent_request ON sent (controller, request, position) WHERE request <> '';

-- The dossiers that were found to be of a person whom another stands for.
CREATE TABLE same (
	subject INTEGER PRIMARY KEY,
	first   INTEGER NOT NULL
) STRICT;
