-- What was disclosed or left the territory, counted by all that repeats of it. Nobody stands in it.
CREATE TABLE flow (
	shape          INTEGER PRIMARY KEY, -- a name
	events         INTEGER NOT NULL,
	first_position INTEGER NOT NULL, -- of the action that was first by its time, and of the one that was last
	last_position  INTEGER NOT NULL,
	first          INTEGER NOT NULL, -- milliseconds, when they happened
	last           INTEGER NOT NULL
) STRICT;

-- The newest declaration of each recipient and of the processor, as it is stored.
CREATE TABLE declared (
	id    TEXT PRIMARY KEY, -- empty for the processor
	event BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What of the terms of each version of an instruction says how data may leave and what ends a copy.
CREATE TABLE terms (
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	safeguard   TEXT    NOT NULL,
	erasure     TEXT    NOT NULL, -- operations, with commas
	PRIMARY KEY (controller, instruction, version)
) STRICT, WITHOUT ROWID;

-- The orders of courts and authorities.
CREATE TABLE court (
	name        TEXT    PRIMARY KEY,
	controller  TEXT    NOT NULL,
	position    INTEGER NOT NULL,
	event       BLOB    NOT NULL,
	until       INTEGER NOT NULL, -- milliseconds: until when the law forbids telling, 0 where it does not
	informed    INTEGER NOT NULL, -- milliseconds: when the controller was told, 0 where it was not
	informed_at INTEGER NOT NULL  -- position of the event that says so, -1 where there is none
) STRICT, WITHOUT ROWID;

-- The orders to tell a recipient what became of the data it was given.
CREATE TABLE notice (
	controller TEXT NOT NULL,
	name       TEXT NOT NULL,
	PRIMARY KEY (controller, name)
) STRICT, WITHOUT ROWID;

-- What was done under each order.
CREATE TABLE compelled (
	name     TEXT    NOT NULL,
	position INTEGER NOT NULL,
	shape    INTEGER NOT NULL,
	subject  INTEGER NOT NULL,
	time     INTEGER NOT NULL, -- milliseconds
	PRIMARY KEY (name, position)
) STRICT, WITHOUT ROWID;
