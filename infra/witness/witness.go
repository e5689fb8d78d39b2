package witness

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Config says how witnesses are asked. Zero values mean the defaults.
type Config struct {
	// Timeout bounds the asking of one witness about one checkpoint; 5 seconds.
	Timeout time.Duration
	Now     func() time.Time
	Logger  *slog.Logger // discards by default
}

// Witnesses asks the witnesses of a policy. Cosign is for one goroutine, the rest for any.
type Witnesses struct {
	policy *Policy
	key    string
	cfg    Config
	http   *http.Client

	mu     sync.Mutex // guards states
	states []State
}

// State is how one witness is.
type State struct {
	Name, Address string
	// Size is the number of events of the newest checkpoint that it cosigned, and At when; zero where it cosigned none since the
	// ledger started.
	Size domain.Position
	At   time.Time
	// Problem says why it did not cosign the last checkpoint that it was asked about, empty where it did.
	Problem string
	// Refused says that it saw another history than this one: the ledger was rolled back, or somebody signs with its key.
	Refused bool
	// Seen is how many events it saw signed, where it saw more than it was asked about; 0 where it did not.
	Seen domain.Position
}

// New makes the asking of the witnesses of a policy that have an address, for checkpoints that are signed with a key.
func New(policy *Policy, logKey string, cfg Config) *Witnesses {
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Witnesses{policy: policy, key: logKey, cfg: cfg, states: make([]State, len(policy.asked)), http: &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for i, a := range policy.asked {
		w.states[i] = State{Name: a.name, Address: a.address}
	}
	return w
}

// Prove gives the proof that the tree of an earlier size is the beginning of the one that is to be cosigned.
type Prove = func(ctx context.Context, from domain.Position) ([]merkle.Hash, error)

// Cosign asks every witness at once to cosign a checkpoint of a size, at most as long as Config says, and gives the checkpoint with
// what they signed, and whether that is what the policy demands.
func (w *Witnesses) Cosign(ctx context.Context, signed []byte, size domain.Position, prove Prove) (cosigned []byte, met bool) {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	lines := make([][]byte, len(w.policy.asked))
	var all sync.WaitGroup
	for i, a := range w.policy.asked {
		all.Go(func() {
			line, why := w.ask(ctx, a, w.known(i), question{signed, size, prove})
			lines[i] = line
			w.tell(ctx, i, size, why)
		})
	}
	all.Wait()
	cosigned = bytes.Clone(signed)
	for _, line := range lines {
		cosigned = append(cosigned, line...)
	}
	return cosigned, w.policy.Check(cosigned, w.key) == nil
}

// Met says whether a checkpoint that was kept is cosigned as the policy demands.
func (w *Witnesses) Met(cosigned []byte) bool { return w.policy.Check(cosigned, w.key) == nil }

// States gives how every witness is.
func (w *Witnesses) States() []State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]State(nil), w.states...)
}

// Close gives up idle connections.
func (w *Witnesses) Close() error { w.http.CloseIdleConnections(); return nil }

func (w *Witnesses) known(i int) domain.Position {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.states[i].Size
}

// tell keeps the outcome, and logs what changed.
func (w *Witnesses) tell(ctx context.Context, i int, size domain.Position, why *refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, now := &w.states[i], State{}
	if why != nil {
		now.Problem, now.Refused, now.Seen = why.what, why.another, why.seen
	}
	changed := now.Problem != s.Problem
	s.Problem, s.Refused, s.Seen = now.Problem, now.Refused, now.Seen
	name := slog.String("witness", s.Name)
	switch {
	case why == nil:
		s.Size, s.At = size, w.cfg.Now()
		if changed {
			w.cfg.Logger.InfoContext(ctx, "a witness cosigns again", name)
		}
	case changed && why.another:
		w.cfg.Logger.ErrorContext(ctx, "a witness saw another history than this one: it was rolled back, or somebody signs with its key",
			name, slog.String("problem", why.what))
	case changed:
		w.cfg.Logger.WarnContext(ctx, "a witness does not cosign", name, slog.String("problem", why.what))
	}
}

// cosignature gives the line of a witness in its answer, nil where there is none that is right.
func cosignature(signed, answer []byte, verifier note.Verifier) []byte {
	n, err := note.Open(append(bytes.Clone(signed), answer...), note.VerifierList(verifier))
	if err != nil || len(n.Sigs) != 1 {
		return nil
	}
	return []byte("— " + n.Sigs[0].Name + " " + n.Sigs[0].Base64 + "\n")
}
