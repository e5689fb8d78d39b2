package memory

import (
	"encoding/binary"
	"log/slog"
	"os"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"

	"github.com/jigowatt/daybook/domain"
)

// End gives how far a memory that nobody has open has taken in the log, and changes nothing in it. It is 0 where there is no memory,
// and where it cannot be read: such a memory is made again from the log, and is no witness against it.
func End(dir string) domain.Position {
	if _, err := os.Stat(dir); err != nil {
		return 0
	}
	db, err := pebble.Open(dir, &pebble.Options{
		ReadOnly: true, FormatMajorVersion: pebble.FormatValueSeparation, Logger: logger{slog.New(slog.DiscardHandler)},
		// The error says it: without this, Pebble ends the program over a damaged block.
		EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}},
	})
	if err != nil {
		return 0
	}
	end, err := readEnd(db)
	if err = errors.CombineErrors(err, db.Close()); err != nil {
		return 0
	}
	return end
}

func readEnd(db *pebble.DB) (domain.Position, error) {
	text, closer, err := db.Get(endKey)
	if err != nil {
		return 0, err
	}
	end := domain.Position(0)
	if len(text) == 8 {
		end = domain.Position(binary.BigEndian.Uint64(text))
	}
	return end, closer.Close()
}
