package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// What a restore refuses, it leaves no trace of.
func TestWhatIsNotRestored(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	k, other := newKeeper(t), newKeeper(t)
	r := start(t, data)
	r.event(t, "a", "")
	oldLog, oldKeys := r.backup(t, k)
	if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event("b", bobHere, "")); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	log, keys := r.backup(t, k)
	seen := r.get(t, "/api/v1/proof/checkpoint")
	must(t, r.stop())
	torn := filepath.Join(t.TempDir(), "torn")
	content, err := os.ReadFile(log)
	must(t, err)
	must(t, os.WriteFile(torn, content[:len(content)/2], 0o600))
	late := func() time.Time { return time.Now().AddDate(0, 0, 31) }
	for _, c := range []struct {
		rule string
		cfg  app.Config
		from app.Restoring
		err  error
	}{
		{"keys for somebody else", app.Config{}, app.Restoring{Log: log, Keys: keys, Identity: other.file}, app.ErrIdentity},
		{"keys that expired", app.Config{Now: late}, app.Restoring{Log: log, Keys: keys, Identity: k.file}, app.ErrExpired},
		{"keys older than the log", app.Config{}, app.Restoring{Log: log, Keys: oldKeys, Identity: k.file}, app.ErrKeysLost},
		{"a log older than what others saw", app.Config{}, app.Restoring{Log: oldLog, Keys: keys, Identity: k.file, Seen: [][]byte{seen}}, app.ErrOlder},
		{"a torn log", app.Config{}, app.Restoring{Log: torn, Keys: keys, Identity: k.file}, app.ErrArtifact},
		{"a log of another name", app.Config{Name: "another"}, app.Restoring{Log: log, Keys: keys, Identity: k.file}, domain.ErrConflict},
	} {
		t.Run(c.rule, func(t *testing.T) {
			c.cfg.Data = filepath.Join(t.TempDir(), "data")
			if _, err := app.Restore(t.Context(), c.cfg, c.from); !errors.Is(err, c.err) {
				t.Errorf("%+v", err)
			}
			if left, err := os.ReadDir(c.cfg.Data); err != nil || len(left) > 0 {
				t.Errorf("%d files are left: %v", len(left), err)
			}
		})
	}
	if _, err := app.Restore(t.Context(), app.Config{Data: data}, app.Restoring{Log: log, Keys: keys, Identity: k.file}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("over a ledger: %v", err)
	}
	lost := filepath.Join(t.TempDir(), "lost")
	result, err := app.Restore(t.Context(), app.Config{Data: lost}, app.Restoring{Log: log, Keys: oldKeys, Identity: k.file, Lost: true})
	if err != nil || result.Lost != 1 {
		t.Fatalf("%+v: %+v", result, err)
	}
	r = start(t, lost)
	if r.knows(t, bobHere) || !r.knows(t, adaHere) {
		t.Error("the wrong keys are lost")
	}
}

// Where others saw more, the ledger goes on openly: under another origin and key, which it records and shows.
func TestALedgerForksOpenly(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	k := newKeeper(t)
	r := start(t, data)
	r.event(t, "a", "")
	oldLog, _ := r.backup(t, k)
	r.event(t, "b", "")
	_, keys := r.backup(t, k)
	seen, before := r.get(t, "/api/v1/proof/checkpoint"), strings.TrimSpace(string(r.get(t, "/api/v1/proof/key")))
	must(t, r.stop())
	forked := filepath.Join(t.TempDir(), "forked")
	result, err := app.Restore(t.Context(), app.Config{Data: forked}, app.Restoring{Log: oldLog, Keys: keys, Identity: k.file, Seen: [][]byte{seen}, Fork: true})
	must(t, err)
	if result.Fork == "" || result.Key == before {
		t.Errorf("%+v", result)
	}
	r = start(t, forked)
	r.event(t, "b", "") // which the backup does not have, so that it is new
	s := r.status(t)
	if s.Forked == nil || s.Forked.From != "daybook/ledger" || s.Forked.To != result.Fork || s.Forked.At != uint64(result.Size) || s.Forked.Seen <= s.Forked.At {
		t.Errorf("%+v", s.Forked)
	}
	if key := strings.TrimSpace(string(r.get(t, "/api/v1/proof/key"))); key != result.Key || !strings.HasPrefix(key, result.Fork+"+") {
		t.Errorf("it signs with %s", key)
	}
	again, againKeys := r.backup(t, k)
	must(t, r.stop())
	if _, err := verified(t, forked); err != nil {
		t.Errorf("the fork: %v", err)
	}
	// A backup of a fork is one of a fork.
	twice := filepath.Join(t.TempDir(), "twice")
	if _, err := app.Restore(t.Context(), app.Config{Data: twice}, app.Restoring{Log: again, Keys: againKeys, Identity: k.file, Key: result.Key}); err != nil {
		t.Fatalf("%+v", err)
	}
	if s := start(t, twice).status(t); s.Forked == nil || s.Forked.To != result.Fork {
		t.Errorf("%+v", s.Forked)
	}
}
