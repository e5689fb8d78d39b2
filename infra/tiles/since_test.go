package tiles_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
)

// asked counts the bundles of entries that are read.
type asked struct {
	tiles.Files
	mu      sync.Mutex
	bundles int
}

func (a *asked) File(ctx context.Context, path string) ([]byte, error) {
	if strings.HasPrefix(path, "tile/entries/") {
		a.mu.Lock()
		a.bundles++
		a.mu.Unlock()
	}
	return a.Files.File(ctx, path)
}

// An auditor who verified up to a checkpoint reads what was added to it, and no more.
func TestVerifyingGoesOnFromACheckpoint(t *testing.T) {
	t.Parallel()
	cfg, log := config(scratch(t)), logOf(t, 0)
	sizes := []int{0, 1, 255, 256, 257, 700, 1024, 1500}
	kept := map[int][]byte{}
	key := ""
	for i, n := range sizes {
		grow(t, log, max(0, sizes[max(i-1, 0)]), n)
		k := keep(t, log, cfg, n)
		kept[n], key = k.Checkpoint(), k.Key()
	}
	for _, n := range sizes {
		files := &asked{Files: tiles.Directory(cfg.Dir)}
		c, err := tiles.Verify(t.Context(), tiles.Verification{Log: log, Files: files, Key: key, Since: kept[n]})
		if err != nil || c.Size != 1500 {
			t.Errorf("since %d: %s %v", n, c.Size, err)
		}
		if want := (1500+255)/256 - n/256; files.bundles != want {
			t.Errorf("since %d: %d bundles were read, want %d", n, files.bundles, want)
		}
	}
	// What was changed before is no longer looked at; what was changed after is found and named.
	for at, found := range map[int]bool{100: false, 699: true, 700: true, 1499: true} {
		_, err := tiles.Verify(t.Context(), tiles.Verification{Log: logOf(t, 1500, at), Files: tiles.Directory(cfg.Dir), Key: key, Since: kept[700]})
		var d *tiles.Damage
		if errors.As(err, &d) != found || found && d.From != domain.Position(at) {
			t.Errorf("position %d was changed: %v", at, err)
		}
	}
}

// A history that does not continue the checkpoint that was kept is refused, whatever its own checkpoints say.
func TestAHistoryThatDoesNotContinueTheCheckpointIsRefused(t *testing.T) {
	t.Parallel()
	seen := config(scratch(t))
	before := keep(t, logOf(t, 900), seen, 900)
	forked, log := config(scratch(t)), logOf(t, 1200, 300)
	keep(t, log, forked, 1200)
	shorter, short := config(scratch(t)), logOf(t, 800)
	keep(t, short, shorter, 800)
	for name, v := range map[string]tiles.Verification{
		"another beginning": {Log: log, Files: tiles.Directory(forked.Dir)}, "shorter": {Log: short, Files: tiles.Directory(shorter.Dir)},
	} {
		v.Key, v.Since = before.Key(), before.Checkpoint()
		if _, err := tiles.Verify(t.Context(), v); !errors.Is(err, tiles.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	older, err := tiles.Directory(shorter.Dir).File(t.Context(), "checkpoint")
	must(t, err)
	if _, err := tiles.Verify(t.Context(), tiles.Verification{
		Log: logOf(t, 900), Files: tiles.Directory(seen.Dir), Key: before.Key(), Since: before.Checkpoint(), Checkpoints: [][]byte{older},
	}); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("an older checkpoint beside: %v", err)
	}
}
