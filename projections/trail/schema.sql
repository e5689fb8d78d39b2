-- What was done, in the order of the log. The person stands in the sorted entries only.
CREATE TABLE entry (
	position INTEGER PRIMARY KEY,
	data     BLOB NOT NULL -- packed, see pack.go
) STRICT;

-- Whose a case is. Its first step says so; the others are put into the same trails.
CREATE TABLE concerned (
	controller TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	subject    INTEGER NOT NULL,
	PRIMARY KEY (controller, id, subject)
) STRICT, WITHOUT ROWID;
