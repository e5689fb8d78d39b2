package cli_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"
)

// cosigner is a witness of C2SP tlog-witness that believes proofs and remembers sizes: enough for a command that asks. The one of
// somebody else, which checks them, is in infra/app's tests.
type cosigner struct {
	signer *torchwood.CosignatureSigner

	mu   sync.Mutex
	seen map[string]int // by origin
}

// witness starts one, and writes the policy that demands it into a file.
func witness(ts *testscript.TestScript, _ bool, args []string) {
	signer, err := torchwood.NewCosignatureSigner("example.org/witness", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	ts.Check(err)
	server := httptest.NewServer(&cosigner{signer: signer, seen: map[string]int{}})
	ts.Defer(server.Close)
	policy := fmt.Sprintf("witness w %s %s\nquorum w\n", signer.Verifier(), server.URL)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(policy), 0o600))
}

func (c *cosigner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	asked, signed, _ := strings.Cut(string(body), "\n\n")
	text, _, _ := strings.Cut(signed, "\n\n")
	lines := strings.Split(text, "\n")
	if err != nil || len(lines) < 3 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	old, _, _ := strings.Cut(strings.TrimPrefix(asked, "old "), "\n")
	size, err := strconv.Atoi(lines[1])
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen := c.seen[lines[0]]; old != strconv.Itoa(seen) || size < seen {
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintln(w, seen)
		return
	}
	cosigned, err := note.Sign(&note.Note{Text: text + "\n"}, c.signer)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	c.seen[lines[0]] = size
	_, line, _ := strings.Cut(string(cosigned), "\n\n")
	_, _ = io.WriteString(w, line)
}
