-- How much was done on a day. Nobody stands in it, and nothing that leads to anybody.
CREATE TABLE daily (
	controller  TEXT    NOT NULL,
	day         INTEGER NOT NULL, -- since 1970, UTC, by the services' clocks
	instruction TEXT    NOT NULL,
	kind        TEXT    NOT NULL, -- of identifier by which people were named: ip for visitors in a server's log
	operation   TEXT    NOT NULL,
	events      INTEGER NOT NULL, -- one for each person of an action
	PRIMARY KEY (controller, day, instruction, kind, operation)
) STRICT, WITHOUT ROWID;

-- The orders of courts and authorities: what is done under them is not counted.
CREATE TABLE court (
	name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
