-- How often data was brought and taken away, by controller, system and category. Nobody stands in it.
CREATE TABLE tally (
	controller TEXT    NOT NULL,
	system     TEXT    NOT NULL,
	category   TEXT    NOT NULL, -- empty where an action named none
	brought    INTEGER NOT NULL, -- events
	used       INTEGER NOT NULL,
	withdrawn  INTEGER NOT NULL,
	removed    INTEGER NOT NULL,
	first      INTEGER NOT NULL, -- recorded, in milliseconds
	last       INTEGER NOT NULL,
	PRIMARY KEY (controller, system, category)
) STRICT, WITHOUT ROWID;
