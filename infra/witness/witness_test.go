package witness_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/note"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/witness"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

// logSigner is a log's key.
func logSigner(t *testing.T) (signer note.Signer, key string) {
	t.Helper()
	secret, key, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "daybook/ledger")
	must(t, err)
	signer, err = note.NewSigner(secret)
	must(t, err)
	return signer, key
}

// cosigner is the key of the n-th witness.
func cosigner(t *testing.T, n byte) *torchwood.CosignatureSigner {
	t.Helper()
	s, err := torchwood.NewCosignatureSigner(fmt.Sprintf("example.org/w%d", n), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize)))
	must(t, err)
	return s
}

// checkpoint signs for a number of events.
func checkpoint(t *testing.T, size int) []byte {
	t.Helper()
	signer, _ := logSigner(t)
	text := fmt.Sprintf("daybook/ledger\n%d\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", size)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(t, err)
	return signed
}

// cosign answers as a witness that takes everything does.
func cosign(t *testing.T, w http.ResponseWriter, body []byte, s note.Signer) {
	t.Helper()
	_, signed, _ := bytes.Cut(body, []byte("\n\n"))
	text, _, _ := bytes.Cut(signed, []byte("\n\n"))
	cosigned, err := note.Sign(&note.Note{Text: string(text) + "\n"}, s)
	if err != nil {
		t.Error(err)
	}
	_, line, _ := bytes.Cut(cosigned, []byte("\n\n"))
	_, _ = w.Write(line)
}

func prove(context.Context, domain.Position) ([]merkle.Hash, error) {
	return []merkle.Hash{{1}, {2}}, nil
}

// Whatever a witness answers, the checkpoint comes back with what is right of it, and what is not is said.
func TestWhatAWitnessAnswers(t *testing.T) {
	t.Parallel()
	seen := 40 // what the witnesses that say so saw
	for rule, row := range map[string]struct {
		answer  func(w http.ResponseWriter, r *http.Request, body []byte)
		met     bool
		problem string
		another bool
	}{
		"it cosigns": {func(w http.ResponseWriter, _ *http.Request, body []byte) { cosign(t, w, body, cosigner(t, 1)) }, true, "", false},
		"it saw a smaller tree, and takes the proof": {func(w http.ResponseWriter, _ *http.Request, body []byte) {
			if !bytes.HasPrefix(body, fmt.Appendf(nil, "old %d\nAQAAAA", seen)) {
				w.WriteHeader(http.StatusConflict)
				_, _ = fmt.Fprintln(w, seen)
				return
			}
			cosign(t, w, body, cosigner(t, 1))
		}, true, "", false},
		"it saw a larger tree": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusConflict)
			_, _ = fmt.Fprintln(w, 101)
		}, false, "it saw 101 entries signed", true},
		"it saw another tree": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}, false, "not the beginning of this history", true},
		"it says for ever that it saw another": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusConflict)
			_, _ = fmt.Fprintln(w, 7)
		}, false, "goes on saying", false},
		"it says that it saw nonsense": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "-1\n")
		}, false, "and not which", false},
		"it does not know the log": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusNotFound)
		}, false, "does not know this ledger", false},
		"it knows another key": {func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusForbidden) }, false, "another key", false},
		"it is broken":         {func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusBadGateway) }, false, "status 502", false},
		"somebody else signs":  {func(w http.ResponseWriter, _ *http.Request, body []byte) { cosign(t, w, body, cosigner(t, 2)) }, false, "not its signature", false},
		"it signs another checkpoint": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			cosign(t, w, append([]byte("old 0\n\n"), checkpoint(t, 99)...), cosigner(t, 1))
		}, false, "not its signature", false},
		"it answers without end": {func(w http.ResponseWriter, r *http.Request, _ []byte) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, false, "not whole", false},
		"it does not answer": {func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }, false, "does not answer", false},
		"it sends elsewhere": {func(w http.ResponseWriter, r *http.Request, _ []byte) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, false, "status 307", false},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != http.MethodPost || r.URL.Path != "/prefix/add-checkpoint" {
					t.Errorf("%s %s", r.Method, r.URL.Path)
				}
				row.answer(w, r, body)
			}))
			defer server.Close()
			policy, err := witness.ParsePolicy([]byte("witness w " + cosigner(t, 1).Verifier().String() + " " + server.URL + "/prefix/\nquorum w\n"))
			must(t, err)
			_, key := logSigner(t)
			w := witness.New(policy, key, witness.Config{Timeout: 2 * time.Second})
			defer func() { must(t, w.Close()) }()
			signed := checkpoint(t, 100)
			cosigned, met := w.Cosign(t.Context(), signed, 100, prove)
			if met != row.met || !bytes.HasPrefix(cosigned, signed) || met != w.Met(cosigned) || met == bytes.Equal(signed, cosigned) {
				t.Errorf("met %v:\n%s", met, cosigned)
			}
			s := w.States()[0]
			if !strings.Contains(s.Problem, row.problem) || (s.Problem == "") != row.met || s.Refused != row.another || (s.Size == 100) != row.met {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestAQuorumIsWhatThePolicySays(t *testing.T) {
	_, key := logSigner(t)
	text := "log " + key + "\n"
	for n := byte(1); n <= 3; n++ {
		text += fmt.Sprintf("witness w%d %s\n", n, cosigner(t, n).Verifier())
	}
	policy, err := witness.ParsePolicy([]byte(text + "group two 2 w1 w2 w3\nquorum two\n"))
	must(t, err)
	add := func(signed []byte, n byte) []byte {
		var b bytes.Buffer
		opened, err := note.Open(signed, note.VerifierList(verifier(t, key)))
		must(t, err)
		one, err := note.Sign(&note.Note{Text: opened.Text}, cosigner(t, n))
		must(t, err)
		_, line, _ := bytes.Cut(one, []byte("\n\n"))
		b.Write(signed)
		b.Write(line)
		return b.Bytes()
	}
	none := checkpoint(t, 5)
	one := add(none, 1)
	two := add(one, 3)
	changed := bytes.Replace(two, []byte("\n5\n"), []byte("\n6\n"), 1)
	falsified := bytes.Clone(two)
	falsified[len(falsified)-10] ^= 1
	for rule, row := range map[string]struct {
		signed []byte
		met    bool
	}{"none": {none, false}, "one": {one, false}, "the same twice": {add(one, 1), false}, "two": {two, true}, "three": {add(two, 2), true},
		"two of a changed checkpoint": {changed, false}, "a false one": {falsified, false}, "nothing": {nil, false}} {
		if err := policy.Check(row.signed, key); (err == nil) != row.met || err != nil && !errors.Is(err, witness.ErrQuorum) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func verifier(t *testing.T, key string) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(key)
	must(t, err)
	return v
}

func TestAPolicyThatMakesNoSenseIsRefused(t *testing.T) {
	w := "witness w " + cosigner(t, 1).Verifier().String()
	for rule, text := range map[string]string{
		"no quorum": w + "\n", "an unknown quorum": w + "\nquorum x\n", "an unknown word": "witnesses\nquorum none\n",
		"no key": "witness w\nquorum w\n", "a key that is none": "witness w a+b+c http://127.0.0.1/\nquorum w\n",
		"an address that is none": w + " file:///etc\nquorum w\n", "a name in the address": w + " http://me@127.0.0.1/\nquorum w\n",
		"too long": strings.Repeat("#\n", witness.MaxPolicyBytes) + "quorum none\n", "twice the same": w + "\n" + w + "\nquorum w\n",
	} {
		if _, err := witness.ParsePolicy([]byte(text)); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}
