package tiles_test

import (
	"context"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/tiles"
)

// exchanged is a log beneath which another can be put.
type exchanged struct{ log atomic.Pointer[memlog.Log] }

func (e *exchanged) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return e.log.Load().Read(ctx, from)
}

// What happens to a log or to its files after the check that every start makes is found all the same: at the end of the log soon,
// elsewhere when all of it is looked at again.
func TestWhatIsChangedWhileTheLedgerRunsIsFound(t *testing.T) {
	t.Parallel()
	const n, soon, never = 3000, 5 * time.Millisecond, time.Hour
	for _, c := range []struct {
		name         string
		watch, again time.Duration
		log          func(t *testing.T) *memlog.Log
		at           domain.Position
	}{
		{"an event in the middle", never, soon, func(t *testing.T) *memlog.Log { return logOf(t, n, 700) }, 700},
		{"an event at the end", soon, never, func(t *testing.T) *memlog.Log { return logOf(t, n, n-1) }, n - 1},
		{"a lost end", soon, never, func(t *testing.T) *memlog.Log { return logOf(t, n-10) }, n - 10},
		{"a lost end that grew again", soon, never, func(t *testing.T) *memlog.Log { return logOf(t, n+500, n-10) }, n - 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, log := scratch(t), &exchanged{}
			log.log.Store(logOf(t, n))
			cfg := config(dir)
			keep(t, log, cfg, n)
			cfg.Watch, cfg.Again, cfg.Rate = c.watch, c.again, 10_000_000
			kept, err := tiles.Open(t.Context(), log, cfg)
			must(t, err)
			running(t, kept)
			must(t, kept.Check(t.Context()))
			log.log.Store(c.log(t))
			until(t, "it is found", func() bool { return kept.Damage() != nil })
			var damage *tiles.Damage
			if !errors.As(kept.Damage(), &damage) || damage.From != c.at {
				t.Errorf("what is found is %v, want position %s", kept.Damage(), c.at)
			}
			if !strings.Contains(errors.FlattenHints(kept.Damage()), "daybook repair") {
				t.Error("it does not say what to do")
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		dir, log := scratch(t), logOf(t, n)
		cfg := config(dir)
		key := keep(t, log, cfg, n).Key()
		cfg.Watch, cfg.Again, cfg.Rate = never, soon, 10_000_000
		kept, err := tiles.Open(t.Context(), log, cfg)
		must(t, err)
		running(t, kept)
		must(t, kept.Check(t.Context()))
		damage(t, filepath.Join(cfg.Dir, "tile", "entries", "004"), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		until(t, "it is mended", func() bool { _, err := verify(t, log, cfg, key); return err == nil })
		must(t, kept.Damage())
	})
}

// Who asks is told when the history was last signed for and looked at, and not that it was before it was.
func TestItIsToldWhenTheHistoryWasLookedAt(t *testing.T) {
	t.Parallel()
	const n = 700
	log, cfg := logOf(t, n), config(scratch(t))
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	cfg.Watch, cfg.Now = 5*time.Millisecond, func() time.Time { return now }
	kept, err := tiles.Open(t.Context(), log, cfg)
	must(t, err)
	if got := kept.Times(); got != (tiles.Times{}) {
		t.Errorf("before anything was done it says %v", got)
	}
	running(t, kept)
	until(t, "all is looked at", func() bool {
		at := kept.Times()
		return at.Signed == now && at.End == now && at.Whole == now && at.WholeSize <= n
	})
}
