-- Every action with findings, in the order of the log. Nobody stands in it.
CREATE TABLE found (
	position INTEGER PRIMARY KEY,
	recorded INTEGER NOT NULL, -- milliseconds
	time     INTEGER NOT NULL, -- milliseconds, by the service's clock
	findings INTEGER NOT NULL, -- one bit each
	shape    INTEGER NOT NULL, -- what the action was: a name
	task     TEXT    NOT NULL  -- the order that the action names
) STRICT;

-- The same, found by where they come from: each action once for each of its codes, and once for all.
CREATE TABLE place (
	origin   INTEGER NOT NULL, -- a name
	code     INTEGER NOT NULL, -- a finding, or -1
	position INTEGER NOT NULL,
	PRIMARY KEY (origin, code, position)
) STRICT, WITHOUT ROWID;

-- How often on a day on which the ledger recorded it.
CREATE TABLE day (
	controller TEXT    NOT NULL,
	day        INTEGER NOT NULL, -- since 1970, UTC
	code       INTEGER NOT NULL, -- a finding, or -1 for actions with any
	compelled  TEXT    NOT NULL, -- by which order of a court, mostly none
	events     INTEGER NOT NULL,
	PRIMARY KEY (controller, day, code, compelled)
) STRICT, WITHOUT ROWID;

-- The orders of courts and authorities, and until when the law forbids telling of them.
CREATE TABLE court (
	name  TEXT    PRIMARY KEY,
	until INTEGER NOT NULL -- milliseconds, 0 where it does not
) STRICT, WITHOUT ROWID;

-- The withdrawals of consent and the objections.
CREATE TABLE matter (
	position    INTEGER PRIMARY KEY,
	controller  TEXT    NOT NULL,
	subject     INTEGER NOT NULL,
	instruction TEXT    NOT NULL, -- empty where it meets more than one
	objection   TEXT    NOT NULL, -- its id, empty for a withdrawal
	marketing   INTEGER NOT NULL,
	time        INTEGER NOT NULL, -- microseconds
	recorded    INTEGER NOT NULL  -- milliseconds
) STRICT;

-- Which versions of instructions are for direct marketing.
CREATE TABLE marketing (
	controller  TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	PRIMARY KEY (controller, instruction, version)
) STRICT, WITHOUT ROWID;
