package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/wire"
)

// forkName is the file of a ledger that goes on apart from what others saw of it. Its checkpoints bear another origin, and another key,
// than those of before: nobody may take the one history for the other.
const forkName = "fork"

const forkMark = "-fork-"

// fork is what a ledger keeps of that.
type fork struct {
	ID string `json:"id"` // which names the origin and the key
	custody.Forked
}

// newFork gives the ledger another origin, and writes down from what it goes on.
func (a *App) newFork(from custody.Forked) (fork, error) {
	f, id := fork{Forked: from}, make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return f, errors.Wrap(err, "name a fork")
	}
	f.ID = hex.EncodeToString(id)
	f.To = tiles.Origin(a.cfg.Name) + forkMark + f.ID
	content, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return f, errors.Wrap(err, "fork")
	}
	return f, tiles.Directory(a.cfg.Data).Replace(forkName, content)
}

// signAgain signs a checkpoint of before under the origin and the key of now, and gives it with that key.
func (a *App) signAgain(ctx context.Context, head tiles.Checkpoint) (signed []byte, key string, err error) {
	cfg, err := a.tilesConfig(ctx)
	if err != nil {
		return nil, "", err
	}
	if signed, err = tiles.Sign(cfg.Ledger, cfg.Seed, head); err != nil {
		return nil, "", err
	}
	key, err = tiles.VerifierKey(cfg.Ledger, cfg.Seed)
	return signed, key, err
}

// before gives the verifier key of the ledger before it went on apart.
func (a *App) before(ctx context.Context, f *fork) (string, error) {
	name, secret := a.cfg.Name, signerSecret
	if _, id, again := strings.Cut(f.From, forkMark); again {
		name, secret = cmp.Or(a.cfg.Name, "ledger")+forkMark+id, signerSecret+"-"+id
	}
	seed, err := a.vault.Secret(ctx, secret, tiles.SeedSize)
	if err != nil {
		return "", errors.Wrap(err, "seed of the key of before")
	}
	return tiles.VerifierKey(name, seed)
}

// forkText gives the content of the file, nil where there is none.
func (c *Config) forkText() ([]byte, error) {
	content, err := os.ReadFile(c.path(forkName))
	if err != nil && !os.IsNotExist(err) {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read whether the ledger is a fork"), err)
	}
	return content, nil
}

// fork gives what is kept of a fork, nil where the ledger is none.
func (c *Config) fork() (*fork, error) {
	content, err := c.forkText()
	if err != nil || content == nil {
		return nil, err
	}
	var f fork
	if err := json.Unmarshal(content, &f); err != nil || f.ID == "" {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.AssertionFailedf("the file that says that the ledger is a fork is damaged"), err),
			"Put the file fork of the data directory back from a backup of the log, where it has the same name.")
	}
	return &f, nil
}

// signing gives under which name a ledger signs, and the name of the secret with which.
func (c *Config) signing() (ledger, secret string, err error) {
	f, err := c.fork()
	if err != nil || f == nil {
		return c.Name, signerSecret, err
	}
	return cmp.Or(c.Name, "ledger") + forkMark + f.ID, signerSecret + "-" + f.ID, nil
}

// forked says how the ledger forked, nil where it did not.
func (a *App) forked() *wire.Forked {
	f, err := a.cfg.fork()
	if err != nil || f == nil {
		return nil // the proof could not have been opened with one that is damaged
	}
	return &wire.Forked{From: f.From, To: f.To, At: f.At, Seen: max(uint64(tiles.ClaimedSize([]byte(f.Seen))), f.Witnessed, f.Lost)}
}

// ofLedger says whether an origin is that of the ledger with the name, or of a fork of it.
func (c *Config) ofLedger(origin string) bool {
	own := tiles.Origin(c.Name)
	return origin == own || strings.HasPrefix(origin, own+forkMark)
}
