package tiles_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/tiles"
)

// The ledgers that are tampered with: a small one with full and partial tiles, and one that has a full tile of the second level and
// a partial one of the third.
const (
	small = 600
	large = 66_000
)

// kinds are files of a ledger of a size, and where in the tree they stand.
var kinds = []struct {
	events     int
	kind, path string
}{
	{small, "checkpoint", "checkpoint"},
	{small, "first bundle", "tile/entries/000"}, {small, "last full bundle", "tile/entries/001"}, {small, "partial bundle", "tile/entries/002.p/88"},
	{small, "first tile", "tile/0/000"}, {small, "last full tile", "tile/0/001"}, {small, "partial tile", "tile/0/002.p/88"},
	{small, "partial tile of level 1", "tile/1/000.p/2"},
	{large, "middle bundle", "tile/entries/128"}, {large, "middle tile", "tile/0/128"},
	{large, "tile of level 1", "tile/1/000"}, {large, "last tile of level 1", "tile/1/001.p/1"}, {large, "tile of level 2", "tile/2/000.p/1"},
}

// damages are what is done to a file.
var damages = []struct {
	name string
	do   func(content []byte) []byte
}{
	{"first bit", func(b []byte) []byte { b[0] ^= 1; return b }},
	{middleBit, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
	{"last bit", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
	{torn, func(b []byte) []byte { return b[:len(b)/2] }},
	{"longer", func(b []byte) []byte { return append(b, 0) }},
	{"emptied", func([]byte) []byte { return nil }},
	{gone, nil},
}

// The damages that a large ledger is tried with, and mended from: the rest differs in nothing that its size changes.
const (
	middleBit = "middle bit"
	torn      = "torn"
	gone      = "gone"
)

func some(damage string) bool { return damage == middleBit || damage == torn || damage == gone }

func damage(t *testing.T, path string, do func([]byte) []byte) {
	t.Helper()
	if do == nil {
		must(t, os.Remove(path))
		return
	}
	content, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, do(content), 0o600))
}

// kept is a sound ledger.
func kept(t *testing.T, n int) (dir, key string, log *memlog.Log) {
	t.Helper()
	dir, log = scratch(t), logOf(t, n)
	return dir, keep(t, log, config(dir), n).Key(), log
}

// standAlone builds the verifier that shares no code with the ledger.
func standAlone(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "verifier")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "scripts", "verifier")
	build.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// Every kind of file × every damage: our own verification and the stand-alone one both find it and name where.
func TestNoDamageToAFileIsSilent(t *testing.T) {
	t.Parallel()
	program := standAlone(t)
	done, silent := 0, 0
	for _, size := range []int{small, large} {
		dir, key, log := kept(t, size)
		check := func() (string, error) {
			out, err := exec.Command(program, "-key", key, filepath.Join(dir, "tiles")).CombinedOutput()
			return string(out), err
		}
		if out, err := check(); err != nil {
			t.Fatalf("the sound directory: %v %s", err, out)
		}
		_, err := verify(t, log, config(dir), key)
		must(t, err)
		for _, k := range kinds {
			if k.events != size {
				continue
			}
			path := filepath.Join(dir, "tiles", filepath.FromSlash(k.path))
			sound, err := os.ReadFile(path)
			must(t, err)
			for _, d := range damages {
				if size == large && !some(d.name) {
					continue
				}
				damage(t, path, d.do)
				done++
				_, own := verify(t, log, config(dir), key)
				found := errors.Is(own, tiles.ErrDamaged) && (k.path == "checkpoint" || strings.Contains(own.Error(), "position"))
				if !found {
					silent++
					t.Errorf("%s %s: our own verification says %v", k.kind, d.name, own)
				}
				out, err := check()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != 3 || k.path != "checkpoint" && !strings.Contains(out, "position") {
					silent++
					t.Errorf("%s %s: the stand-alone verifier says %v %s", k.kind, d.name, err, out)
				}
				must(t, os.WriteFile(path, sound, 0o600))
			}
		}
	}
	t.Logf("%d damages to %d kinds of files, %d silent", done, len(kinds), silent)
}

// A bit of an event changed in the log is found wherever it stands, and the position is named.
func TestAnEventThatWasChangedIsNamed(t *testing.T) {
	t.Parallel()
	places := map[int][]int{small: {0, 1, 255, 256, 511, 512, small - 1}, large: {32_768, 65_535, 65_536, large - 1}}
	done := 0
	for size, list := range places {
		dir, key, _ := kept(t, size)
		for _, at := range list {
			changed(t, dir, key, size, at)
			done++
		}
	}
	t.Logf("%d changed events, each named", done)
}

// changed changes the event at a position of a ledger of a size.
func changed(t *testing.T, dir, key string, size, at int) {
	t.Helper()
	log := logOf(t, size, at)
	_, err := verify(t, log, config(dir), key)
	var d *tiles.Damage
	if !errors.As(err, &d) || d.From != domain.Position(at) || d.To != domain.Position(at+1) {
		t.Errorf("position %d of %d: %v", at, size, err)
	}
	open, err := tiles.Open(t.Context(), log, config(copied(t, dir)))
	if at >= size-size%256 { // in the last tile: nothing starts
		if !errors.As(err, &d) || d.From != domain.Position(at) || errors.FlattenHints(err) == "" {
			t.Errorf("position %d of %d: opening says %v", at, size, err)
		}
		return
	}
	must(t, err)
	stop := running(t, open)
	until(t, "health is red", func() bool { return open.Health() != nil })
	if err := open.Damage(); !errors.As(err, &d) || d.From != domain.Position(at) {
		t.Errorf("position %d of %d: health says %v", at, size, err)
	}
	stop()
}

func TestALogThatIsShorterIsRefused(t *testing.T) {
	dir, key, _ := kept(t, 3000)
	sizes := []int{0, 1, 255, 256, 2559, 2560, 2561, 2816, 2817, 2999}
	for _, n := range sizes {
		log := logOf(t, n)
		for what, err := range map[string]error{
			"verifying": second(verify(t, log, config(dir), key)), "opening": second(tiles.Open(t.Context(), log, config(copied(t, dir)))),
		} {
			var d *tiles.Damage
			if !errors.As(err, &d) || d.From != domain.Position(n) || d.To != 3000 {
				t.Errorf("%d of 3,000 events: %s says %v", n, what, err)
			}
		}
	}
	t.Logf("%d shorter logs, each refused", len(sizes))
}

// A log that lost an event in its middle is shorter, too; what is wrong first is where it was lost.
func TestAnEventThatWasTakenOutIsNamed(t *testing.T) {
	dir, key, _ := kept(t, 3000)
	lost := []int{0, 100, 255, 256, 2815, 2816, 2900, 2998}
	for _, at := range lost {
		log := logOf(t, at)
		for n := at; n < 2999; n++ {
			must(t, log.Append(t.Context(), domain.Position(n), [][]byte{event(n + 1)}))
		}
		_, err := verify(t, log, config(dir), key)
		var d *tiles.Damage
		if !errors.As(err, &d) || d.From != domain.Position(at) {
			t.Errorf("without event %d: %v", at, err)
		}
	}
	t.Logf("%d events taken out, each named", len(lost))
}

// A log that lost its end and grew again has other events where the signed ones were.
func TestPositionsThatWereUsedAgainAreNamed(t *testing.T) {
	dir, _, _ := kept(t, 3000)
	log := logOf(t, 2900)
	for n := 2900; n < 3200; n++ {
		must(t, log.Append(t.Context(), domain.Position(n), [][]byte{event(n + 100_000)}))
	}
	_, err := tiles.Open(t.Context(), log, config(dir))
	var d *tiles.Damage
	if !errors.As(err, &d) || d.From != 2900 {
		t.Errorf("opening says %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// Tiles that are torn, changed or lost are written again from a log that is proved to be the one that was signed.
func TestDamagedTilesAreWrittenAgainFromASoundLog(t *testing.T) {
	t.Parallel()
	done := 0
	for _, size := range []int{small, large} {
		dir, key, log := kept(t, size)
		for _, k := range kinds[1:] {
			for _, d := range damages {
				if k.events != size || !some(d.name) || size == large && d.name == torn {
					continue
				}
				damage(t, filepath.Join(dir, "tiles", filepath.FromSlash(k.path)), d.do)
				open, err := tiles.Open(t.Context(), log, config(dir))
				must(t, err)
				stop := running(t, open)
				until(t, fmt.Sprint(k.kind, " ", d.name, " is mended"), func() bool {
					_, err := verify(t, log, config(dir), key)
					return err == nil
				})
				stop()
				must(t, open.Health())
				done++
			}
		}
		must(t, os.RemoveAll(filepath.Join(dir, "tiles")))
		_, err := tiles.Open(t.Context(), log, config(dir))
		must(t, err)
		_, err = verify(t, log, config(dir), key)
		must(t, err)
	}
	t.Logf("%d damaged files and the loss of all mended", done)
}

// Files beyond the checkpoint were never signed for: a crash may leave them in any state.
func TestWhatWasWrittenBeyondTheCheckpointIsWrittenAgain(t *testing.T) {
	t.Parallel()
	log := logOf(t, 3000)
	dir := scratch(t)
	keep(t, log, config(dir), 3000)
	for _, path := range []string{"tile/entries/011", "tile/0/011", "tile/entries/012", "tile/1/000", "tile/0/012.p/7"} {
		file := filepath.Join(dir, "tiles", filepath.FromSlash(path))
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		if _, err := os.Stat(file); err != nil {
			must(t, os.WriteFile(file, []byte("torn"), 0o600))
		}
	}
	grow(t, log, 3000, 70_000)
	key := keep(t, log, config(dir), 70_000).Key()
	_, err := verify(t, log, config(dir), key)
	must(t, err)
}

// Nothing is signed that contradicts the last checkpoint, whoever wrote it, and nothing goes on from one that was forged.
func TestALastCheckpointThatWasChangedIsRefused(t *testing.T) {
	dir, _, log := kept(t, 300)
	other := scratch(t)
	foreign := config(other)
	foreign.Seed = make([]byte, tiles.SeedSize)
	keep(t, log, foreign, 300)
	older := scratch(t)
	keep(t, logOf(t, 200), config(older), 200)
	refused := 0
	for name, change := range map[string]func(dir string){
		"of another key": func(dir string) { must(t, copyFile(foreign.Last, config(dir).Last)) },
		"an older one":   func(dir string) { must(t, copyFile(config(older).Last, config(dir).Last)) },
		"gone":           func(dir string) { must(t, os.Remove(config(dir).Last)) },
		"torn":           func(dir string) { damage(t, config(dir).Last, func(b []byte) []byte { return b[:40] }) },
		"published of another key": func(dir string) {
			must(t, copyFile(foreign.Last, filepath.Join(config(dir).Dir, "checkpoint")))
		},
	} {
		data := copied(t, dir)
		change(data)
		if _, err := tiles.Open(t.Context(), log, config(data)); !errors.Is(err, tiles.ErrDamaged) {
			t.Errorf("%s: opening says %v", name, err)
		}
		refused++
	}
	// While it runs.
	open, err := tiles.Open(t.Context(), log, config(dir))
	must(t, err)
	must(t, copyFile(config(older).Last, config(dir).Last))
	running(t, open)
	grow(t, log, 300, 310)
	until(t, "it refuses to sign", func() bool { return errors.Is(open.Damage(), tiles.ErrDamaged) })
	if head(t, open).Size != 300 {
		t.Error("something was signed")
	}
	// Every bit of a checkpoint counts.
	signed := open.Checkpoint()
	for bit := range len(signed) * 8 {
		signed[bit/8] ^= 1 << (bit % 8)
		if _, err := tiles.OpenCheckpoint(signed, open.Key()); !errors.Is(err, tiles.ErrDamaged) {
			t.Errorf("bit %d of the checkpoint: %v", bit, err)
		}
		signed[bit/8] ^= 1 << (bit % 8)
	}
	t.Logf("%d changed checkpoints refused, and %d changed bits", refused+1, len(signed)*8)
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
