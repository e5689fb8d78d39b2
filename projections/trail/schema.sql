-- What was done, in the order of the log. The person stands in the sorted entries only.
CREATE TABLE entry (
	position INTEGER PRIMARY KEY,
	data     BLOB NOT NULL -- packed, see pack.go
) STRICT;

-- Everything of an event that repeats, as one: who, what, under which instruction, where.
CREATE TABLE shape (
	id    INTEGER PRIMARY KEY, -- in the order in which they came
	names BLOB NOT NULL UNIQUE
) STRICT;
