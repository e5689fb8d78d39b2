package app

import (
	"cmp"
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
	return &wire.Forked{From: f.From, To: f.To, At: f.At, Seen: max(uint64(tiles.ClaimedSize([]byte(f.Seen))), f.Witnessed)}
}

// ofLedger says whether an origin is that of the ledger with the name, or of a fork of it.
func (c *Config) ofLedger(origin string) bool {
	own := tiles.Origin(c.Name)
	return origin == own || strings.HasPrefix(origin, own+forkMark)
}
