package statistics

import (
	"context"
	"io"
	"iter"

	"github.com/jigowatt/daybook/domain"
)

// Find looks for keys in bytes.
func Find(ctx context.Context, keys iter.Seq2[domain.SubjectKey, error], r io.Reader) (bool, error) {
	known, err := gather(keys)
	if err != nil {
		return false, err
	}
	found, _, err := known.find(ctx, r)
	return found, err
}
