package app_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

func remove(t *testing.T, data string, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, os.RemoveAll(filepath.Join(data, name)))
	}
}

func opened(t *testing.T, data string) error {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
	if err == nil {
		must(t, a.Close())
	}
	return err
}

// A log, its proof and its mark that were put back as they once were agree with each other: what was made of the log later tells.
func TestWhatTheMemoryOrAViewHasSeenIsMissed(t *testing.T) {
	t.Parallel()
	early, late, _ := grown(t)
	end := domain.Position(bytes.Count(history(t, early), []byte{'\n'}))
	until := domain.Position(bytes.Count(history(t, late), []byte{'\n'}))
	for name, c := range map[string]struct {
		gone, says string
	}{
		"the memory": {"views", "the memory of messages has seen"},
		"a view":     {"memory", "a view has seen"},
	} {
		t.Run(name, func(t *testing.T) {
			data := copied(t, late)
			replace(t, early, data, "nats", "tiles", "checkpoint", "acknowledged")
			remove(t, data, c.gone)
			_, verifying := verified(t, data)
			for doing, err := range map[string]error{"opening": opened(t, data), "verifying": verifying} {
				var damage *app.Damage
				if !errors.As(err, &damage) || damage.From != end || damage.To != until || !strings.Contains(damage.What, c.says) {
					t.Errorf("%s says %v, want positions %s to %s", doing, err, end, until)
				}
			}
			if left, err := filepath.Glob(filepath.Join(data, "views", "*-shm")); err != nil || len(left) > 0 {
				t.Errorf("looking at the views left %v %v", left, err)
			}
			plan, aside, err := repaired(t, data)
			must(t, err)
			if !plan.Needed || !plan.Seen || !plan.Derived || plan.Events != end || plan.Lost != (app.Positions{From: end, To: until}) {
				t.Errorf("the plan is %+v", plan)
			}
			if kept, err := os.ReadDir(filepath.Join(data, aside)); err != nil || len(kept) != 2 { // the mark, and the memory or the views
				t.Errorf("put aside: %v %v", kept, err)
			}
			if got, err := verified(t, data); err != nil || got.Size != end {
				t.Errorf("the repaired history: %v %v", got, err)
			}
			must(t, opened(t, data))
		})
	}
}

// Nothing is signed for a log before all that knows of it agrees.
func TestNoProofBeginsAnewForALogThatIsCut(t *testing.T) {
	t.Parallel()
	early, data, _ := grown(t)
	whole := copied(t, data)
	replace(t, early, data, "nats")
	for _, dir := range []string{data, whole} {
		remove(t, dir, "tiles", "checkpoint", "acknowledged")
	}
	if err := opened(t, data); !errors.Is(err, app.ErrDamaged) {
		t.Errorf("opening says %v", err)
	}
	for _, name := range []string{"tiles", "checkpoint"} {
		if _, err := os.Stat(filepath.Join(data, name)); !os.IsNotExist(err) {
			t.Errorf("%s was made: %v", name, err)
		}
	}
	if _, _, err := repaired(t, data); !errors.Is(err, app.ErrDamaged) {
		t.Errorf("repairing says %v", err)
	}

	var said bytes.Buffer
	a, err := app.Open(t.Context(), app.Config{Data: whole, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&said, nil))})
	must(t, err)
	must(t, a.Close())
	if !strings.Contains(said.String(), "level=WARN") || !strings.Contains(said.String(), "the proof of the log begins anew") {
		t.Errorf("it was not said that the proof begins anew: %s", said.String())
	}
	must(t, start(t, whole).stop())
	if got, err := verified(t, whole); err != nil || int(got.Size) != bytes.Count(history(t, whole), []byte{'\n'}) {
		t.Errorf("the proof that began anew: %v %v", got, err)
	}
}

func TestTilesThatAreGoneAreWrittenFromTheLog(t *testing.T) {
	t.Parallel()
	_, data, _ := grown(t)
	head, err := verified(t, data)
	must(t, err)
	remove(t, data, "tiles")
	plan, _, err := repaired(t, data)
	must(t, err)
	if !plan.Needed || plan.Log || plan.Files == 0 || plan.Lost.To > 0 || plan.Signed != head.Size {
		t.Errorf("the plan is %+v", plan)
	}
	if got, err := verified(t, data); err != nil || got != head {
		t.Errorf("the repaired history: %v %v, want %v", got, err, head)
	}
}
