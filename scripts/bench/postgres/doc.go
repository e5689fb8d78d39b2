// Package postgres is what one would build instead: a PostgreSQL 15 with one events table, asked by pgx over TCP on the
// loopback. It runs a private cluster in a directory of its own, with synchronous commit and settings that suit the machine.
//
// The table is naive on purpose and cheap on purpose: JSONB payload, unique message id, the index that a person's trail needs,
// and a trigger that keeps it append-only. It keeps people's addresses in the clear, seals, hashes and proves nothing, and has
// fewer indexes than the ledger's views hold, which is to its advantage.
package postgres
