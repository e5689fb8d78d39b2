-- Every declaration, instruction and withdrawal there was: the newest row of an id says what holds.
CREATE TABLE declared (
	kind       TEXT    NOT NULL, -- processor, controller, service, recipient, authorisation, contact or instruction
	controller TEXT    NOT NULL, -- empty where it belongs to none
	id         TEXT    NOT NULL,
	position   INTEGER NOT NULL,
	name       TEXT    NOT NULL, -- in lower case, for searching
	event      BLOB    NOT NULL, -- as it is stored
	PRIMARY KEY (kind, controller, id, position)
) STRICT, WITHOUT ROWID;
