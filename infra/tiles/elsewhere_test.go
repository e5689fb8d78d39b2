package tiles_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// tool gives a program of somebody else, which scripts/test builds from scripts/elsewhere.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DAYBOOK_ELSEWHERE")
	if dir == "" {
		t.Skip("DAYBOOK_ELSEWHERE names no directory with " + name + " in it; scripts/test builds it from scripts/elsewhere")
	}
	return filepath.Join(dir, name)
}

// fsck has the checker of the Tessera project look at a log that is served at a URL, and says whether it found everything as it must
// be. It logs what it finds and exits with 0 all the same, or waits for ever, so that only its word of success within a time counts.
func fsck(t *testing.T, program, url, key string, limit time.Duration) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, []byte(key), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out, _ := exec.CommandContext(ctx, program, "--N=4", "--ui=false", "--storage_url="+url+"/", "--public_key="+file).CombinedOutput()
	sound := bytes.Contains(out, []byte("Successfully fsck'd"))
	if !sound {
		_, why, _ := bytes.Cut(out, []byte("fsck failed: "))
		t.Logf("fsck says %.120q", why)
	}
	return sound
}

func serving(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// A checker that nobody here wrote takes the sound log, and none that was tampered with.
func TestACheckerOfSomebodyElseTakesTheSoundLogOnly(t *testing.T) {
	t.Parallel()
	program := tool(t, "fsck")
	dir, key, _ := kept(t, small)
	limit := 2 * time.Minute // for a sound log: a machine may be busy
	begin := time.Now()
	if !fsck(t, program, serving(t, config(dir).Dir), key, limit) {
		t.Fatal("the sound log is refused")
	}
	took := time.Since(begin)
	other := keep(t, logOf(t, small, 300), config(scratch(t)), small).Checkpoint() // by the same key
	tampered := map[string]func(dir string){
		"an entry":                       func(dir string) { damage(t, dir+"/tile/entries/001", middle) },
		"a tile of leaves":               func(dir string) { damage(t, dir+"/tile/0/001", middle) },
		"a tile above":                   func(dir string) { damage(t, dir+"/tile/1/000.p/2", middle) },
		"truncated entries":              func(dir string) { damage(t, dir+"/tile/entries/002.p/88", half) },
		"a tile that is gone":            func(dir string) { damage(t, dir+"/tile/0/000", nil) },
		"the checkpoint of another tree": func(dir string) { must(t, os.WriteFile(dir+"/checkpoint", other, 0o600)) },
	}
	refused := 0
	t.Run("tampered", func(t *testing.T) {
		for name, tamper := range tampered {
			data := copied(t, dir)
			tamper(config(data).Dir)
			// Ten times what the sound log took: some damage makes it wait for ever.
			t.Run(name, func(t *testing.T) {
				if fsck(t, program, serving(t, config(data).Dir), key, 10*took+2*time.Second) {
					t.Error("it was taken")
				} else {
					refused++
				}
			})
		}
	})
	t.Logf("1 sound log taken, %d of %d tampered ones refused", refused, len(tampered))
}

func middle(b []byte) []byte { b[len(b)/2] ^= 1; return b }
func half(b []byte) []byte   { return b[:len(b)/2] }
