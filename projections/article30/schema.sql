-- What was seen to be done: one operation, category of data or destination under one version of one instruction. Nobody stands in it.
CREATE TABLE observed (
	name           INTEGER PRIMARY KEY,
	first_position INTEGER NOT NULL,
	last_position  INTEGER NOT NULL,
	first_recorded INTEGER NOT NULL, -- milliseconds
	last_recorded  INTEGER NOT NULL
) STRICT;

-- On which days it was seen, so that the record can be given as of any time.
CREATE TABLE seen (
	name  INTEGER NOT NULL,
	month INTEGER NOT NULL, -- since year 0
	days  INTEGER NOT NULL, -- one bit each, the lowest for the first
	PRIMARY KEY (name, month)
) STRICT, WITHOUT ROWID;

-- The first event of each day on which anything was recorded.
CREATE TABLE day (
	position INTEGER PRIMARY KEY,
	day      INTEGER NOT NULL -- since 1970, UTC
) STRICT;

-- Every declaration, instruction and withdrawal there was.
CREATE TABLE declared (
	position   INTEGER PRIMARY KEY,
	recorded   INTEGER NOT NULL, -- milliseconds
	controller TEXT    NOT NULL, -- empty where it belongs to none
	event      BLOB    NOT NULL  -- as it is stored
) STRICT;

-- The orders of courts and authorities, and until when the law forbids telling of them.
CREATE TABLE court (
	name  TEXT    PRIMARY KEY,
	until INTEGER NOT NULL -- milliseconds, 0 where it does not
) STRICT, WITHOUT ROWID;
