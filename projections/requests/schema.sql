-- One row a case, as it stands after its newest event. Days are counted from 1970-01-01; NULL where no limit runs or ran out.
CREATE TABLE request (
	controller    TEXT    NOT NULL,
	id            TEXT    NOT NULL,
	kind          TEXT    NOT NULL,
	stage         TEXT    NOT NULL,
	owner         TEXT    NOT NULL,
	open          INTEGER NOT NULL, -- 1 until it is closed, withdrawn or transferred
	received      INTEGER NOT NULL, -- day
	legal         INTEGER,          -- day: the limit in law
	legal_now     TEXT    NOT NULL, -- how that clock stands, leaving the day it is out
	promised      INTEGER,          -- day: the promise to the client
	promised_now  TEXT    NOT NULL,
	due           INTEGER NOT NULL, -- day: the sooner of those that run, 2147483647 where none does
	PRIMARY KEY (controller, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_due ON request (-open, due, controller, id);

-- The events of each case, as they are stored in the log.
CREATE TABLE step (
	controller TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	position   INTEGER NOT NULL,
	event      BLOB    NOT NULL,
	PRIMARY KEY (controller, id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_position ON step (position);

-- Whose cases they are.
CREATE TABLE person (
	subject    INTEGER NOT NULL,
	controller TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	PRIMARY KEY (subject, controller, id)
) STRICT, WITHOUT ROWID;
