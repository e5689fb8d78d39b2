-- What each version of a controller's instructions says about how long data is kept and what counts as erasing it.
CREATE TABLE rule (
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	terms       TEXT    NOT NULL, -- JSON
	PRIMARY KEY (controller, instruction, version)
) STRICT, WITHOUT ROWID;

-- What is kept of each person and what has happened that periods run from, packed. A dossier found to be another one's person
-- holds only the key of that one.
CREATE TABLE person (
	subject INTEGER PRIMARY KEY,
	packed  BLOB NOT NULL
) STRICT;

-- What is not removed yet and whose period has begun, by the time at which it is due.
CREATE TABLE due (
	controller INTEGER NOT NULL, -- number of its name
	ordered    INTEGER NOT NULL, -- 1 while an order to erase it waits for its answer
	due        INTEGER NOT NULL, -- milliseconds
	position   INTEGER NOT NULL, -- of the event that last brought it
	subject    INTEGER NOT NULL,
	PRIMARY KEY (controller, ordered, due, position)
) STRICT, WITHOUT ROWID;

-- How much falls due on each day, and how much has no day. Nobody stands in it.
CREATE TABLE tally (
	controller INTEGER NOT NULL, -- number of its name
	day        INTEGER NOT NULL, -- since 1970; below 0 for what has none
	items      INTEGER NOT NULL,
	PRIMARY KEY (controller, day)
) STRICT, WITHOUT ROWID;

-- The holds that stand.
CREATE TABLE hold (
	position   INTEGER PRIMARY KEY, -- of the event that placed it
	controller TEXT    NOT NULL,
	subject    INTEGER NOT NULL,
	id         TEXT    NOT NULL,
	placed     INTEGER NOT NULL, -- milliseconds
	fact       TEXT    NOT NULL  -- JSON
) STRICT;
CREATE INDEX hold_subject ON hold (subject);

-- How the instructions ended that controllers withdrew and have not given again.
CREATE TABLE ended (
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	at          INTEGER NOT NULL, -- milliseconds
	back        INTEGER NOT NULL, -- 1 where the data is to be returned before it is erased
	PRIMARY KEY (controller, instruction)
) STRICT, WITHOUT ROWID;
