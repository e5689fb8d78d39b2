package app_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

// recordMany records batches of 25 actions.
func (r *running) recordMany(t *testing.T, name string, batches int) {
	t.Helper()
	for i := range batches {
		var batch []string
		for n := range 25 {
			batch = append(batch, event(fmt.Sprintf("%s-%d-%d", name, i, n), "email:ada@example.org", ""))
		}
		if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentBatch, "["+strings.Join(batch, ",")+"]"); status >= 300 {
			t.Fatalf("%d %s", status, body)
		}
	}
}

// grown gives a directory with three moments of one ledger: two continuations of the first, and the second as it was half-way.
func grown(t *testing.T) (early, data, other string) {
	t.Helper()
	early = filepath.Join(t.TempDir(), "data")
	r := start(t, early)
	r.recordMany(t, "early", 16)
	must(t, r.stop())
	data, other = copied(t, early), copied(t, early)
	for name, dir := range map[string]string{"late": data, "other": other} {
		r := start(t, dir)
		r.recordMany(t, name, 24)
		must(t, r.stop())
	}
	return early, data, other
}

// history reads the log of a stopped ledger.
func history(t *testing.T, data string) []byte {
	t.Helper()
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	var all []byte
	for batch, err := range s.Read(t.Context(), 0) {
		must(t, err)
		all = append(append(all, bytes.Join(batch.Events, []byte{'\n'})...), '\n')
		if batch.CaughtUp {
			break
		}
	}
	return all
}

func verified(t *testing.T, data string) (app.Verified, error) {
	t.Helper()
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
	if err != nil {
		return app.Verified{}, err
	}
	defer func() { must(t, s.Close()) }()
	return s.Verify(t.Context(), app.Verification{})
}

func repaired(t *testing.T, data string) (plan app.RepairPlan, aside string, err error) {
	t.Helper()
	r, err := app.OpenRepair(t.Context(), app.Config{Data: data}, "")
	if err != nil {
		return plan, "", err
	}
	defer func() { must(t, r.Close()) }()
	if plan, err = r.Plan(t.Context()); err != nil {
		return plan, "", err
	}
	aside, err = r.Do(t.Context(), func(domain.Position, domain.Position) {})
	return plan, aside, err
}

func flip(t *testing.T, path string, tenths int) {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	content[min(len(content)-1, len(content)*tenths/10)] ^= 1
	must(t, os.WriteFile(path, content, 0o600))
}

func cut(t *testing.T, path string, tenths int) {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, content[:len(content)*tenths/10], 0o600))
}

func block(t *testing.T, data string) string { t.Helper(); return slices.Max(blocks(t, data)) }

func stream(t *testing.T, data string) string {
	t.Helper()
	return filepath.Dir(filepath.Dir(block(t, data)))
}

// replace puts what one directory has of a name in the place of what another has.
func replace(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, os.RemoveAll(filepath.Join(to, name)))
		info, err := os.Stat(filepath.Join(from, name))
		must(t, err)
		if info.IsDir() {
			must(t, os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join(from, name))))
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), content, 0o600))
	}
}

// Whatever happened to one copy, or to both at different places, the history is put together again, byte for byte.
func TestADamagedHistoryIsPutTogetherAgain(t *testing.T) {
	t.Parallel()
	early, sound, other := grown(t)
	whole := history(t, sound)
	head, err := verified(t, sound)
	must(t, err)
	bundle := func(data string, n int) string {
		return filepath.Join(data, "tiles", "tile", "entries", fmt.Sprintf("%03d", n))
	}
	done := 0
	for _, c := range []struct {
		name   string
		damage func(data string)
		says   func(p app.RepairPlan) bool
	}{
		{"a bit of the log", func(d string) { flip(t, block(t, d), 5) },
			func(p app.RepairPlan) bool { return p.Log && len(p.Wrong) > 0 && p.Files == 0 }},
		{"bits of the log and its index gone", func(d string) {
			flip(t, block(t, d), 2)
			flip(t, block(t, d), 7)
			must(t, os.Remove(filepath.Join(filepath.Dir(block(t, d)), "index.db")))
		}, func(p app.RepairPlan) bool { return p.Log }},
		{"a torn log", func(d string) { cut(t, block(t, d), 4) }, func(p app.RepairPlan) bool { return p.Log && p.FromTiles > 100 }},
		{"no log", func(d string) { must(t, os.RemoveAll(stream(t, d))) }, func(p app.RepairPlan) bool { return p.FromTiles == int(head.Size) }},
		{"no files of the server", func(d string) { must(t, os.RemoveAll(filepath.Join(d, "nats"))) }, func(p app.RepairPlan) bool { return p.Log }},
		{"settings of the stream", func(d string) { flip(t, filepath.Join(stream(t, d), "meta.inf"), 5) },
			func(p app.RepairPlan) bool { return p.Log && p.FromTiles == 0 }},
		{"both copies at different places", func(d string) { flip(t, block(t, d), 8); flip(t, bundle(d, 1), 5); flip(t, bundle(d, 2), 1) },
			func(p app.RepairPlan) bool { return p.Log && p.Files == 2 }},
		{"a torn bundle", func(d string) { cut(t, bundle(d, 0), 5) }, func(p app.RepairPlan) bool { return !p.Log && p.Files == 1 }},
		{"no tiles", func(d string) { must(t, os.RemoveAll(filepath.Join(d, "tiles", "tile"))) },
			func(p app.RepairPlan) bool { return !p.Log && p.Files > 4 }},
		{"a torn last checkpoint", func(d string) { cut(t, filepath.Join(d, "checkpoint"), 5) },
			func(p app.RepairPlan) bool { return slices.Equal(p.Checkpoint, []string{"checkpoint"}) && !p.Log }},
		{"a changed published checkpoint", func(d string) { flip(t, filepath.Join(d, "tiles", "checkpoint"), 8) },
			func(p app.RepairPlan) bool { return slices.Equal(p.Checkpoint, []string{"tiles/checkpoint"}) }},
		{"a log that went on otherwise", func(d string) { replace(t, other, d, "nats") },
			func(p app.RepairPlan) bool { return p.Log && len(p.Aside) > 0 && p.Derived }},
		{"an older log", func(d string) { replace(t, early, d, "nats") },
			func(p app.RepairPlan) bool { return p.Log && p.FromTiles == 600 && len(p.Aside) == 0 }},
		{"a bit in a log of which the end is not signed", func(d string) {
			replace(t, early, d, "tiles", "checkpoint")
			flip(t, block(t, d), 1)
			must(t, os.Remove(filepath.Join(filepath.Dir(block(t, d)), "index.db")))
		}, func(p app.RepairPlan) bool { return p.Log && p.Events > p.Signed && p.Lost.To == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := copied(t, sound)
			c.damage(data)
			before, _ := os.ReadFile(filepath.Join(data, "nats", "jetstream", "$G", "streams", "DAYBOOK", "msgs", "1.blk"))
			if _, err := verified(t, data); !errors.Is(err, app.ErrDamaged) && !errors.HasAssertionFailure(err) {
				t.Fatalf("verifying the damaged history says %v", err)
			}
			plan, aside, err := repaired(t, data)
			must(t, err)
			if !plan.Needed || !c.says(plan) {
				t.Errorf("the plan is %+v", plan)
			}
			if plan.Log && len(before) > 0 {
				kept, err := os.ReadFile(filepath.Join(data, aside, "nats", "jetstream", "$G", "streams", "DAYBOOK", "msgs", "1.blk"))
				if err != nil || !bytes.Equal(kept, before) {
					t.Errorf("the damaged log was not put aside as it was: %v", err)
				}
			}
			if got, err := verified(t, data); err != nil || plan.Signed == head.Size && got.Root != head.Root {
				t.Errorf("verifying the repaired history: %v %v", got, err)
			}
			if !bytes.Equal(history(t, data), whole) {
				t.Error("the history is another")
			}
			r := start(t, data)
			r.recordMany(t, "after", 1)
			must(t, r.stop())
			got, err := verified(t, data)
			must(t, err)
			if got.Size != head.Size+25 && plan.Signed == head.Size {
				t.Errorf("after the start it has %d events, root %s", got.Size, hex.EncodeToString(got.Root[:]))
			}
			done++
		})
	}
	t.Logf("%d damages, each repaired", done)
}

// A repair that was ended between giving the ledger another origin and signing with it is ended by the next one.
func TestARepairThatWentApartHalfWayIsEnded(t *testing.T) {
	t.Parallel()
	early, data, _ := grown(t)
	replace(t, early, data, "tiles", "checkpoint")
	flip(t, block(t, data), 10) // the last frame
	half := copied(t, data)
	_, _, err := repaired(t, data)
	must(t, err)
	replace(t, data, half, "fork")
	if _, err := verified(t, half); err == nil {
		t.Error("half of it verifies")
	}
	plan, _, err := repaired(t, half)
	if err != nil || !plan.Apart {
		t.Fatalf("%+v: %+v", plan, err)
	}
	whole, err := verified(t, data)
	must(t, err)
	if got, err := verified(t, half); err != nil || got.Origin != whole.Origin || got.Size != whole.Size {
		t.Errorf("%+v, want %+v: %v", got, whole, err)
	}
	if plan, _, err := repaired(t, half); err != nil || plan.Needed {
		t.Errorf("there is more to do: %+v %v", plan, err)
	}
}

// What was acknowledged, was not signed yet and is damaged in the log is in no other place: it is missed, named and put aside.
func TestWhatIsLostForGoodIsNamed(t *testing.T) {
	t.Parallel()
	early, data, _ := grown(t)
	replace(t, early, data, "tiles", "checkpoint")
	flip(t, block(t, data), 10) // the last frame
	end := domain.Position(bytes.Count(history(t, data), []byte{'\n'}))
	files, err := os.ReadFile(block(t, data))
	must(t, err)
	_, err = app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
	var damage *app.Damage
	if !errors.As(err, &damage) || damage.From != end || damage.To != end+25 {
		t.Errorf("opening says %v, want positions from %s", err, end)
	}
	if now, err := os.ReadFile(block(t, data)); err != nil || !bytes.Equal(now, files) {
		t.Errorf("the refused start changed the log's file: %v", err)
	}
	plan, aside, err := repaired(t, data)
	must(t, err)
	if plan.Lost != (app.Positions{From: end, To: end + 25}) || plan.Events != end || !plan.Derived || !plan.Apart {
		t.Errorf("the plan is %+v", plan)
	}
	unproved, err := os.ReadFile(filepath.Join(data, aside, "unproved.jsonl"))
	if err != nil || bytes.Count(unproved, []byte{'\n'}) != 25 {
		t.Errorf("%d events were put aside: %v", bytes.Count(unproved, []byte{'\n'}), err)
	}
	r := start(t, data)
	r.recordMany(t, "late", 24) // what was lost is taken again, the rest is known
	must(t, r.stop())
	// The history goes on apart, which stands behind what is left.
	if got, err := verified(t, data); err != nil || got.Size != end+26 || !strings.Contains(got.Origin, "-fork-") {
		t.Errorf("%s events of %s, want %s of a fork: %v", got.Size, got.Origin, end+26, err)
	}
}
