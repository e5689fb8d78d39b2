-- What was seen to be done: one operation, category of data or destination under one version of one instruction. Nobody stands in it.
CREATE TABLE observed (
	name           INTEGER PRIMARY KEY,
	first_position INTEGER NOT NULL, -- of the action that was first by its time
	first          INTEGER NOT NULL, -- milliseconds, when it happened
	last           INTEGER NOT NULL
) STRICT;

-- Every declaration, instruction and withdrawal there was.
CREATE TABLE declared (
	position   INTEGER PRIMARY KEY,
	controller TEXT    NOT NULL, -- empty where it belongs to none
	event      BLOB    NOT NULL  -- as it is stored
) STRICT;

-- The orders of courts and authorities, and until when the law forbids telling of them.
CREATE TABLE court (
	name  TEXT    PRIMARY KEY,
	until INTEGER NOT NULL -- milliseconds, 0 where it does not
) STRICT, WITHOUT ROWID;
