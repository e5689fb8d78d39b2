package api_test

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/wire"
)

// proving starts a ledger with events and a proof of them.
func proving(t *testing.T) (*ledger, *tiles.Tiles) {
	t.Helper()
	dir := t.TempDir()
	var kept *tiles.Tiles
	l := declared(t, func(c *api.Config) {
		var err error
		kept, err = tiles.Open(t.Context(), c.Log, tiles.Config{
			Dir: filepath.Join(dir, "tiles"), Last: filepath.Join(dir, "checkpoint"), Seed: bytes.Repeat([]byte{1}, tiles.SeedSize),
			Every: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Proofs = kept
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); kept.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return l, kept
}

// What is served is what a tool from elsewhere expects of a log in the standard layout.
func TestTheProofIsServedInTheStandardLayout(t *testing.T) {
	l, kept := proving(t)
	end := l.ledger.State().End
	if end == 0 {
		t.Fatal("nothing was recorded")
	}
	var c tiles.Checkpoint
	for deadline := time.Now().Add(2 * time.Minute); c.Size != end; <-time.After(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is signed")
		}
		a := l.get("/api/v1/proof/checkpoint")
		var err error
		if c, err = tiles.OpenCheckpoint(a.body, kept.Key()); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s %v", a.status, a.body, err)
		}
	}
	if a := l.get("/api/v1/proof/key"); strings.TrimSpace(string(a.body)) != kept.Key() {
		t.Errorf("the key is %s", a.body)
	}
	partial := ".p/" + end.String()
	for _, path := range []string{"/tile/0/000", "/proof/tile/0/000", "/tile/entries/000"} {
		a := l.get("/api/v1" + path + partial)
		if a.status != http.StatusOK || len(a.body) == 0 || strings.Contains(path, "/0/") && len(a.body) != 32*int(end) {
			t.Errorf("%s: %d, %d bytes", path, a.status, len(a.body))
		}
	}
	for path, status := range map[string]int{
		"/tile/0/000": http.StatusNotFound, "/tile/0/001.p/1": http.StatusNotFound, "/tile/0/0": http.StatusNotFound,
		"/tile/entries/..%2f..%2f..%2fcheckpoint": http.StatusNotFound, "/tile/9/000": http.StatusNotFound, "/tile/0/000.p/256": http.StatusNotFound,
		"/tile/0/x999/x999/x999/x999/x999/999": http.StatusNotFound, "/tile/0/x000/000.p/1": http.StatusNotFound,
		"/proof/inclusion": http.StatusUnprocessableEntity, "/proof/inclusion?position=x": http.StatusUnprocessableEntity,
		"/proof/inclusion?position=" + end.String(): http.StatusNotFound, "/proof/inclusion?position=0": http.StatusOK,
	} {
		if a := l.get("/api/v1" + path); a.status != status {
			t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.body)
		}
	}
	if a := l.get("/api/v1/proof/inclusion?position=1"); !strings.HasPrefix(string(a.body), "c2sp.org/tlog-proof@v1\nindex 1\n") {
		t.Errorf("the proof is %s", a.body)
	}
}

// A receipt carries the proof that is asked for, once a checkpoint covers its event; one by witnesses comes without where none are asked.
func TestAReceiptCarriesTheProofThatIsAskedFor(t *testing.T) {
	l, kept := proving(t)
	for i, proof := range []string{"", "signed", "witnessed"} {
		a := l.request(http.MethodPost, recordPath+"?proof="+proof, wire.ContentEvent, encoded(t, event("p"+strconv.Itoa(i), action("Use", "customer:1"))))
		r := as[wire.Receipt](t, a)
		if (r.Proof != "") != (proof == "signed") {
			t.Errorf("%q: %+v", proof, r)
		}
		if r.Proof == "" {
			continue
		}
		var stored []byte
		for batch, err := range l.log.Read(t.Context(), domain.Position(r.Position)) {
			if err != nil {
				t.Fatal(err)
			}
			stored = batch.Events[0]
			break
		}
		checked, err := tiles.CheckProof([]byte(r.Proof), stored, kept.Key())
		if err != nil || uint64(checked.Position) != r.Position {
			t.Errorf("the proof does not hold: %v", err)
		}
	}
	for path, status := range map[string]int{
		recordPath + "?proof=notary": http.StatusUnprocessableEntity,
	} {
		if a := l.request(http.MethodPost, path, wire.ContentEvent, encoded(t, event("x", action("Use", "customer:1")))); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for path, status := range map[string]int{
		"/proof/witnessed": http.StatusNotFound, "/proof/inclusion?position=0&witnessed=true": http.StatusServiceUnavailable,
		"/proof/inclusion?position=0&witnessed=true&wait=true": http.StatusServiceUnavailable, "/proof/inclusion?position=0&wait=true": http.StatusOK,
		"/proof/inclusion?position=0&wait=perhaps": http.StatusUnprocessableEntity,
	} {
		if a := l.get("/api/v1" + path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	// What a path names never changes.
	for path, want := range map[string]string{"/proof/tile/0/000.p/1": "immutable", "/proof/tile/entries/000.p/1": "private", "/proof/checkpoint": "no-store"} {
		if a := l.get("/api/v1" + path); !strings.Contains(a.header.Get("Cache-Control"), want) {
			t.Errorf("%s: Cache-Control %s", path, a.header.Get("Cache-Control"))
		}
	}
}
