-- What was done, in the order of the log. The person stands in the sorted entries only.
CREATE TABLE entry (
	position INTEGER PRIMARY KEY,
	data     BLOB NOT NULL -- packed, see pack.go
) STRICT;
