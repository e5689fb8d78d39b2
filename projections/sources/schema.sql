-- What each service has recorded for each controller.
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
