package problem

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/jigowatt/daybook/infra/wire"
)

// Reporter gives problems at an edge of the program and logs, redacted, what their receivers are not shown. The zero value logs
// nowhere.
type Reporter struct {
	// Logger takes the faults of ours.
	Logger *slog.Logger
	// NewID gives the number under which to look a fault up; a random UUID by default.
	NewID func() string
}

// Problem gives the problem of an error. A fault of ours is logged under the instance that the problem names.
func (r Reporter) Problem(ctx context.Context, err error) wire.Problem {
	p := Of(err)
	if p.Code != wire.Internal {
		return p
	}
	if r.NewID == nil {
		r.NewID = uuid.NewString
	}
	p.Instance = "urn:uuid:" + r.NewID()
	if r.Logger != nil {
		r.Logger.ErrorContext(ctx, "a request met a fault of the ledger",
			slog.String("instance", p.Instance), slog.String("error", Redacted(err)))
	}
	return p
}
