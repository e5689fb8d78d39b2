-- How often events spoke for a promise or against it. Nobody stands in it.
CREATE TABLE tally (
	controller TEXT    NOT NULL,
	promise    INTEGER NOT NULL, -- its number
	side       INTEGER NOT NULL, -- 1 for, 2 against, 3 beside
	compelled  TEXT    NOT NULL, -- the order of a court under which it was done, mostly none
	events     INTEGER NOT NULL,
	last       INTEGER NOT NULL, -- recorded, in milliseconds
	newest     BLOB    NOT NULL, -- the positions of the newest five, packed
	PRIMARY KEY (controller, promise, side, compelled)
) STRICT, WITHOUT ROWID;

-- Enquiries that were answered and quotes that were declined while the data is still there.
CREATE TABLE enquiry (
	subject     INTEGER NOT NULL,
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	position    INTEGER NOT NULL,
	time        INTEGER NOT NULL, -- milliseconds
	PRIMARY KEY (subject, controller, instruction)
) STRICT, WITHOUT ROWID;

-- Orders to services that wait for an answer.
CREATE TABLE task (
	name       TEXT    PRIMARY KEY,
	controller TEXT    NOT NULL,
	kind       TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The cases, as they stand after their newest event.
CREATE TABLE request (
	controller TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	kind       TEXT    NOT NULL,
	position   INTEGER NOT NULL, -- of the newest event
	recorded   INTEGER NOT NULL, -- milliseconds
	clock      TEXT    NOT NULL, -- how the limit in law stands
	due        INTEGER NOT NULL, -- its last day, since 1970, 0 where there is none
	unfinished INTEGER NOT NULL, -- 1 where something is left to be done at a place, or the clock ran for nothing yet
	unread     INTEGER NOT NULL, -- 1 where a copy went out that nobody had gone through
	PRIMARY KEY (controller, id)
) STRICT, WITHOUT ROWID;

-- The events of each case, as they are stored.
CREATE TABLE step (
	controller TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	position   INTEGER NOT NULL,
	event      BLOB    NOT NULL,
	PRIMARY KEY (controller, id, position)
) STRICT, WITHOUT ROWID;

-- The newest declaration of the processor (empty), of its contacts and of each recipient, as it is stored.
CREATE TABLE declared (
	id       TEXT    PRIMARY KEY,
	position INTEGER NOT NULL,
	recorded INTEGER NOT NULL, -- milliseconds
	event    BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- What of each version of an instruction promises rest on.
CREATE TABLE terms (
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	retained    INTEGER NOT NULL, -- it says how long data is kept
	safeguarded INTEGER NOT NULL, -- it names a safeguard for transfers
	PRIMARY KEY (controller, instruction, version)
) STRICT, WITHOUT ROWID;

-- The orders of courts and authorities, and until when the law forbids telling of them.
CREATE TABLE court (
	name  TEXT    PRIMARY KEY,
	until INTEGER NOT NULL -- milliseconds, 0 where it does not
) STRICT, WITHOUT ROWID;
