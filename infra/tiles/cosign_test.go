package tiles_test

import (
	"context"
	"crypto/ed25519"
	"os"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/cockroachdb/errors"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/tiles"
)

// cosigner is a witness in memory: it signs what continues the last that it signed.
type cosigner struct {
	t      *testing.T
	signer *torchwood.CosignatureSigner
	key    string
	size   domain.Position
	root   merkle.Hash
	away   chan struct{} // it does not answer while this is open
}

func newCosigner(t *testing.T) *cosigner {
	t.Helper()
	secret := make([]byte, 32)
	secret[0] = 9
	s, err := torchwood.NewCosignatureSigner("example.org/w", ed25519.NewKeyFromSeed(secret))
	must(t, err)
	return &cosigner{t: t, signer: s}
}

func (c *cosigner) Cosign(ctx context.Context, signed []byte, size domain.Position,
	prove func(context.Context, domain.Position) ([]merkle.Hash, error),
) ([]byte, bool) {
	if c.away != nil {
		select {
		case <-c.away:
		case <-ctx.Done():
			return signed, false
		}
	}
	head, err := tiles.OpenCheckpoint(signed, c.key)
	if err != nil || head.Size != size {
		c.t.Errorf("%v %s", err, signed)
	}
	if c.size > 0 {
		proof, err := prove(ctx, c.size)
		if err != nil || !merkle.Consistent(uint64(c.size), c.root, uint64(head.Size), head.Root, proof) {
			c.t.Errorf("%s is not proved to continue %s: %v", head.Size, c.size, err)
			return signed, false
		}
	}
	c.size, c.root = head.Size, head.Root
	opened, err := note.Open(signed, note.VerifierList(verifierOf(c.t, c.key)))
	if err != nil {
		c.t.Error(err)
	}
	cosigned, err := note.Sign(opened, c.signer)
	if err != nil {
		c.t.Error(err)
	}
	return cosigned, true
}

func (c *cosigner) Met(signed []byte) bool {
	n, err := note.Open(signed, note.VerifierList(c.signer.Verifier()))
	return err == nil && len(n.Sigs) == 1
}

func (c *cosigner) policy(t *testing.T) torchwood.Policy {
	t.Helper()
	p, err := torchwood.ParsePolicy([]byte("log " + c.key + "\nwitness w " + c.signer.Verifier().String() + "\nquorum w\n"))
	must(t, err)
	return p
}

func verifierOf(t *testing.T, key string) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(key)
	must(t, err)
	return v
}

// Every proof holds for another library, by the ledger's word and by that of witnesses.
func TestProofsHoldForAnotherLibrary(t *testing.T) {
	t.Parallel()
	const n = 700
	cfg, log, w := config(scratch(t)), logOf(t, n), newCosigner(t)
	key, err := tiles.VerifierKey(cfg.Ledger, cfg.Seed)
	must(t, err)
	w.key, cfg.Cosigner = key, w
	kept, err := tiles.Open(t.Context(), log, cfg)
	must(t, err)
	stop := running(t, kept)
	must(t, kept.Await(t.Context(), n-1, true))
	policy := w.policy(t)
	for _, at := range []domain.Position{0, 1, 255, 256, 511, 512, n - 1} {
		proof, err := kept.Inclusion(t.Context(), at, true)
		must(t, err)
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(event(int(at))), proof); err != nil {
			t.Errorf("position %s: %v", at, err)
		}
		if p, err := tiles.CheckProof(proof, event(int(at)), key); err != nil || p.Position != at {
			t.Errorf("position %s: our own checking says %v", at, err)
		}
		if _, err := tiles.CheckProof(proof, event(int(at)+1), key); !errors.Is(err, tiles.ErrDamaged) {
			t.Errorf("position %s: another event is proved: %v", at, err)
		}
	}
	// What was cosigned is still there after a restart, and stands in the published checkpoint.
	stop()
	kept, err = tiles.Open(t.Context(), log, cfg)
	must(t, err)
	if signed, witnessed := kept.Heads(); signed != n || witnessed != n {
		t.Errorf("%s are signed and %s cosigned after a restart", signed, witnessed)
	}
	if _, _, err := torchwood.VerifyCheckpoint(kept.Published(), policy); err != nil {
		t.Error(err)
	}
	// An older copy of the ledger beside what witnesses saw is refused.
	older := config(scratch(t))
	keep(t, logOf(t, 600), older, 600)
	seen, err := tiles.Directory(cfg.Dir).File(t.Context(), "witnessed")
	must(t, err)
	must(t, os.WriteFile(older.Dir+"/witnessed", seen, 0o600))
	if _, err := tiles.Open(t.Context(), logOf(t, 600), older); !errors.Is(err, tiles.ErrDamaged) {
		t.Errorf("an older copy: %v", err)
	}
}

// A witness that does not answer keeps nothing from being signed; what it cosigns later counts.
func TestWitnessesHoldUpNobody(t *testing.T) {
	t.Parallel()
	cfg, log, w := config(scratch(t)), logOf(t, 0), newCosigner(t)
	key, err := tiles.VerifierKey(cfg.Ledger, cfg.Seed)
	must(t, err)
	w.key, w.away, cfg.Cosigner = key, make(chan struct{}), w
	kept, err := tiles.Open(t.Context(), log, cfg)
	must(t, err)
	running(t, kept)
	for n := 0; n < 300; n += 50 {
		grow(t, log, n, n+50)
		must(t, kept.Await(t.Context(), domain.Position(n+49), false))
	}
	if _, witnessed := kept.Heads(); witnessed != 0 {
		t.Errorf("%s are cosigned", witnessed)
	}
	ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := kept.Await(ended, 0, true); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("waiting ends with %v", err)
	}
	close(w.away)
	must(t, kept.Await(t.Context(), 299, true))
	plain := keep(t, logOf(t, 3), config(scratch(t)), 3)
	if err := plain.Await(t.Context(), 0, true); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without witnesses: %v", err)
	}
	if _, err := plain.Inclusion(t.Context(), 0, true); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without witnesses: %v", err)
	}
}

func TestWhatIsNoProofIsRefused(t *testing.T) {
	kept := keep(t, logOf(t, 3), config(scratch(t)), 3)
	proof, err := kept.Inclusion(t.Context(), 1, false)
	must(t, err)
	for bit := range len(proof) * 8 {
		changed := append([]byte(nil), proof...)
		changed[bit/8] ^= 1 << (bit % 8)
		if p, err := tiles.CheckProof(changed, event(1), kept.Key()); err == nil {
			t.Errorf("bit %d does not count: %+v\n%s", bit, p, changed)
		}
	}
	if _, err := tiles.CheckProof(nil, event(1), kept.Key()); !errors.Is(err, domain.ErrInvalid) {
		t.Error(err)
	}
	t.Logf("%d changed bits refused", len(proof)*8)
}
