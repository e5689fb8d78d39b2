package cli

import (
	"context"
	"log/slog"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// checkProof says how far the history is signed and when it was looked at, and how the witnesses are.
func checkProof(s wire.Status) []check {
	var checks []check
	if s.Proof != nil {
		c := check{"proof", checkGood, strings.Join(proofWords(s), " "), ""}
		if s.Proof.CheckedAt.IsZero() {
			c.State, c.Fix = checkWarning, "Look again when the ledger has gone through all of it, or run daybook verify."
		}
		checks = append(checks, c)
	}
	if s.Witnessing == nil {
		return checks
	}
	for _, w := range s.Witnessing.Witnesses {
		c := check{"witness " + w.Name, checkGood, "It cosigns." + lastCosigned(w), ""}
		switch {
		case w.Refused:
			c.State, c.Fix = checkBad, "Hold the ledger against a checkpoint that somebody kept: daybook verify --checkpoint. It was put back to an older copy, or somebody signs with its key."
			c.Words = "It refuses this history: " + w.Problem + "."
		case w.Problem != "":
			c.State, c.Fix = checkWarning, "Ask whoever runs it. The ledger records on without it."
			c.Words = upperFirst(w.Problem) + "." + lastCosigned(w)
		}
		checks = append(checks, c)
	}
	return checks
}

// checkHistory looks at the end of the log of a ledger that is stopped; one that runs holds its history against its proof itself.
func (p *program) checkHistory(ctx context.Context, dir string) []check {
	const name = "history"
	verify := "Run daybook verify --data " + dir + "."
	ledger, err := app.OpenStopped(ctx, app.Config{Data: dir, Version: version(), Logger: p.logger(false, slog.LevelError)})
	if err == nil {
		err = errors.CombineErrors(ledger.Ends(ctx), ledger.Close())
	}
	var damage *app.Damage
	switch {
	case err == nil:
		return []check{{name, checkGood, "The log reaches as far as all that is known of it. Not every entry was looked at.", verify}}
	case errors.As(err, &damage):
		return []check{{name, checkBad, "It is damaged: " + stopped(damage.Error()), "Run daybook repair --data " + dir + ": it shows first what it would do."}}
	case errors.Is(err, domain.ErrNotFound):
		return nil // which the check of the directory says, or nothing was recorded yet
	case errors.Is(err, domain.ErrConflict):
		return []check{{name, checkSkipped, "It was not looked at: its log is kept elsewhere.", "Run daybook verify --data " + dir + " --nats-url or --kurrentdb-url."}}
	case errors.Is(err, domain.ErrUnavailable):
		return []check{{name, checkSkipped, "It was not looked at: a ledger that runs holds its history against its proof itself.", "Run daybook verify."}}
	}
	return []check{{name, checkSkipped, "It was not looked at.", verify}}
}
