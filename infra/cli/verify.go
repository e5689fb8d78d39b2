package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/http"
	"os"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// verifying are the flags of verify.
type verifying struct {
	data, key, since string
	checkpoints      []string
}

func (p *program) verify() *cobra.Command {
	var f verifying
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that the history is whole and unaltered",
		Long: "Holds every entry of the log against the tiles and the signed checkpoint, and names the first position where they differ.\n" +
			"It exits with 3 where anything does. With --data it checks the directory of a ledger that is stopped. With --checkpoint\n" +
			"it checks, too, that what was signed earlier still stands; with --since it checks that, and only the entries added since.\n" +
			"To trust no program of ours, see scripts/verifier.",
		Example: "  daybook verify\n  daybook verify --data ./daybook-data\n  daybook verify --checkpoint seen-in-march.txt --key daybook/ledger+1234abcd+AQ…",
		Args:    exact(0, "no arguments, only flags"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.verifyHistory(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.data, "data", "", "check this data directory of a stopped ledger")
	cmd.Flags().StringVar(&f.key, "key", "", "the verifier key, where you have it from elsewhere; the ledger's own word by default")
	cmd.Flags().StringVar(&f.since, "since", "", "a file with the checkpoint up to which you verified everything before")
	cmd.Flags().StringArrayVar(&f.checkpoints, "checkpoint", nil, "a file with a checkpoint that you kept; may be given more than once")
	return cmd
}

// verdict is the outcome of a verification.
type verdict struct {
	Verified bool   `json:"verified"`
	Events   uint64 `json:"events"`
	Root     string `json:"root,omitempty"`
	Key      string `json:"key,omitempty"`
	Problem  string `json:"problem,omitempty"`
	// From and To are the positions that are wrong, To excluded.
	From *uint64 `json:"from,omitempty"`
	To   *uint64 `json:"to,omitempty"`
	File string  `json:"file,omitempty"`
}

func (p *program) verifyHistory(ctx context.Context, f verifying) error {
	bar := p.progress("Verifying", -1)
	v := app.Verification{Key: f.key, Progress: func(done, of domain.Position) { bar.reach(int64(done), int64(of)) }}
	for _, path := range f.checkpoints {
		note, err := keptCheckpoint(path)
		if err != nil {
			return err
		}
		v.Checkpoints = append(v.Checkpoints, note)
	}
	if f.since != "" {
		var err error
		if v.Since, err = keptCheckpoint(f.since); err != nil {
			return err
		}
	}
	var head app.Verified
	var err error
	if f.data != "" {
		head, err = p.verifyStopped(ctx, f.data, v)
	} else {
		head, err = p.verifyRemote(ctx, &v)
	}
	bar.finish()
	if f.data == "" {
		p.verifiedBy(ctx, head, err, f.key == "")
	}
	if err != nil {
		return p.unverified(err)
	}
	return p.verified(head, v)
}

// keptCheckpoint reads the file of a checkpoint that an auditor kept.
func keptCheckpoint(path string) ([]byte, error) {
	note, err := os.ReadFile(path)
	if err != nil {
		return nil, invalid("The checkpoint cannot be read.", "Name with --checkpoint or --since a file that holds one as the ledger gave it.")
	}
	return note, nil
}

// verified shows that nothing differs.
func (p *program) verified(head app.Verified, checked app.Verification) error {
	v := verdict{Verified: true, Events: uint64(head.Size), Root: hex.EncodeToString(head.Root[:]), Key: checked.Key}
	if p.format == "table" {
		p.say(sentenceFor(head), "Root of the tree: "+v.Root)
		if checked.Since != nil {
			p.say("The entries before the checkpoint of --since were not read again: it is proved that they are the same.")
		}
		if v.Key != "" {
			p.say("Signed with the key: " + v.Key)
		}
		return nil
	}
	return p.showVerdict(v)
}

// verifiedBy has the running ledger record that its history was checked, and what came of it. A ledger that is damaged records
// nothing any more, and whoever checks it must hear of the damage first: that it could not be recorded is said and no failure.
func (p *program) verifiedBy(ctx context.Context, head app.Verified, failed error, ownKey bool) {
	var damage *app.Damage
	record := wire.LookVerification{Until: uint64(head.Size), Intact: failed == nil}
	switch {
	case failed == nil:
		record.Root = hex.EncodeToString(head.Root[:])
	case errors.As(failed, &damage) && (ownKey || damage.To > damage.From): // a key of the caller's own may be the wrong one
		if damage.To > damage.From {
			bad := uint64(damage.From)
			record.Bad, record.Until = &bad, uint64(damage.To)
		}
	default:
		return // it was not checked
	}
	if err := p.ledger().call(ctx, http.MethodPost, "/verifications", "", record, nil); err != nil {
		p.note("That the history was checked could not be recorded.")
	}
}

func sentenceFor(head app.Verified) string {
	switch head.Size {
	case 0:
		return "The history is whole: nothing was recorded yet."
	case 1:
		return "The history is whole: its one entry is the one that was signed."
	}
	return "The history is whole: all " + head.Size.String() + " entries, positions 0 to " + (head.Size - 1).String() +
		", are those that were signed."
}

func (p *program) showVerdict(v verdict) error {
	result := "verified"
	if !v.Verified {
		result = "not verified"
	}
	return p.show(listing{whole: v, items: []any{v}, head: []string{"result", "events", "root", "problem"},
		rows: [][]string{{result, domain.Position(v.Events).String(), v.Root, v.Problem}}})
}

// unverified makes the failure of what is not the history that was signed.
func (p *program) unverified(err error) error {
	var damage *app.Damage
	switch {
	case errors.As(err, &damage):
		v := verdict{Problem: damage.Error(), File: damage.File}
		if damage.To > damage.From {
			from, to := uint64(damage.From), uint64(damage.To)
			v.From, v.To = &from, &to
		}
		if p.format != "table" {
			if err := p.showVerdict(v); err != nil {
				return err
			}
		}
		return &failure{errVerification, "The history is not the one that was signed: " + stopped(damage.Error()),
			"Stop the ledger and run daybook repair --data DIR: it shows what it would do first, and loses nothing.", nil}
	case errors.HasAssertionFailure(err):
		return &failure{errVerification, "The log cannot be read as a history: " + stopped(withoutKind(err.Error())),
			"Stop the ledger and run daybook repair --data DIR: it shows what it would do first, and loses nothing.", nil}
	}
	return err
}

func (p *program) verifyStopped(ctx context.Context, data string, v app.Verification) (head app.Verified, err error) {
	ledger, err := p.openStopped(ctx, data)
	if err != nil {
		return head, err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	return ledger.Verify(ctx, v)
}

// verifyRemote checks the log of a running ledger here, by what it serves. It fills in the key where none is named.
func (p *program) verifyRemote(ctx context.Context, v *app.Verification) (app.Verified, error) {
	files := remoteFiles{remote: p.ledger()}
	if v.Key == "" {
		key, err := files.get(ctx, "/proof/key")
		if err != nil {
			return app.Verified{}, err
		}
		v.Key = strings.TrimSpace(string(key))
	}
	signed, err := files.get(ctx, "/proof/checkpoint")
	if err != nil {
		return app.Verified{}, err
	}
	files.checkpoint = signed
	v.Log, v.Files = remoteLog{p}, files
	return app.Verify(ctx, *v)
}

// remoteFiles are the files of the proof of a running ledger, with the checkpoint that it had when verifying began.
type remoteFiles struct {
	remote
	checkpoint []byte
}

func (r remoteFiles) get(ctx context.Context, path string) ([]byte, error) {
	var raw json.RawMessage
	err := r.call(ctx, http.MethodGet, path, "", nil, &raw)
	return raw, err
}

// File is described at tiles.Files.
func (r remoteFiles) File(ctx context.Context, path string) ([]byte, error) {
	if path == "checkpoint" {
		return r.checkpoint, nil
	}
	return r.get(ctx, "/"+path)
}

// remoteLog is the log of a running ledger.
type remoteLog struct{ program *program }

// remoteBatch is how many entries are handed on at once.
const remoteBatch = 1_000

// Read is described at projections.Log, but does not follow the log: it ends with what was its end.
func (l remoteLog) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		batch := domain.Batch{At: from}
		more := true
		err := l.program.readRemote(ctx, uint64(from), func(entry wire.LogEntry) (bool, error) {
			if domain.Position(entry.Position) != batch.End() {
				more = yield(batch, nil)
				batch = domain.Batch{At: domain.Position(entry.Position)}
			}
			if batch.Events = append(batch.Events, entry.Event); more && len(batch.Events) == remoteBatch {
				more = yield(batch, nil)
				batch = domain.Batch{At: batch.End()}
			}
			return more, nil
		})
		switch {
		case !more:
		case err != nil:
			yield(domain.Batch{}, err)
		default:
			batch.CaughtUp = true
			yield(batch, nil)
		}
	}
}
