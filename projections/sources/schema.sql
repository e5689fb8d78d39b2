-- What each service has recorded for each controller. The positions and times of one that has recorded no action are 0.
CREATE TABLE source (
	controller     TEXT    NOT NULL,
	service        TEXT    NOT NULL,
	first_position INTEGER NOT NULL,
	last_position  INTEGER NOT NULL,
	first_recorded INTEGER NOT NULL, -- milliseconds
	last_recorded  INTEGER NOT NULL,
	first_time     INTEGER NOT NULL, -- milliseconds, by the service's clock: the lowest
	last_time      INTEGER NOT NULL, -- the highest
	events         INTEGER NOT NULL,
	actions        INTEGER NOT NULL,
	with_findings  INTEGER NOT NULL, -- events
	heard          INTEGER NOT NULL, -- milliseconds: when the newest heartbeat, count or statement was recorded, 0 where none was
	sequence       INTEGER NOT NULL, -- the highest of the service's own count, 0 where it keeps none
	missing        INTEGER NOT NULL, -- how many of its count have not come
	gaps           BLOB    NOT NULL, -- which, packed; the newest only
	findings       BLOB    NOT NULL, -- counts by finding, packed
	PRIMARY KEY (controller, service)
) STRICT, WITHOUT ROWID;

-- What came in each of the last hours of a service.
CREATE TABLE hour (
	controller    TEXT    NOT NULL,
	service       TEXT    NOT NULL,
	hour          INTEGER NOT NULL, -- recorded, since 1970
	events        INTEGER NOT NULL,
	actions       INTEGER NOT NULL,
	with_findings INTEGER NOT NULL,
	PRIMARY KEY (controller, service, hour)
) STRICT, WITHOUT ROWID;

-- What services announced, and what actions said that they confirm, whichever came first.
CREATE TABLE announced (
	controller  TEXT    NOT NULL,
	service     TEXT    NOT NULL,
	id          TEXT    NOT NULL, -- of the announcement
	subject     INTEGER NOT NULL,
	position    INTEGER NOT NULL, -- of the announcement, -1 while it has not come
	time        INTEGER NOT NULL, -- milliseconds
	operation   TEXT    NOT NULL,
	instruction TEXT    NOT NULL,
	system      TEXT    NOT NULL,
	confirmed   INTEGER NOT NULL,
	PRIMARY KEY (controller, service, id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting ON announced (controller, service, position) WHERE confirmed = 0;

-- The newest count of each service, system and category, by when it was counted.
CREATE TABLE counted (
	controller TEXT    NOT NULL,
	service    TEXT    NOT NULL,
	system     TEXT    NOT NULL,
	category   TEXT    NOT NULL,
	position   INTEGER NOT NULL,
	time       INTEGER NOT NULL, -- milliseconds
	people     INTEGER NOT NULL,
	PRIMARY KEY (controller, service, system, category)
) STRICT, WITHOUT ROWID;

-- Dossiers that were found to be those of somebody known before.
CREATE TABLE same (
	subject INTEGER PRIMARY KEY,
	first   INTEGER NOT NULL
) STRICT;
