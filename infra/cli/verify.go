package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// verifying are the flags of verify.
type verifying struct {
	stoppedFlags
	key, since, policy string
	checkpoints        []string
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
	f.add(cmd, "check")
	cmd.Flags().StringVar(&f.key, "key", "", "the verifier key, where you have it from elsewhere; the ledger's own word by default")
	cmd.Flags().StringVar(&f.since, "since", "", "a file with the checkpoint up to which you verified everything before")
	cmd.Flags().StringVar(&f.policy, "policy", "", "a C2SP tlog-policy file with the witnesses that must have cosigned")
	cmd.Flags().StringArrayVar(&f.checkpoints, "checkpoint", nil, "a file with a checkpoint that you kept; may be given more than once")
	return cmd
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
	var policy []byte
	var err error
	if f.policy != "" {
		if policy, v.Key, err = readPolicy(f.policy, v.Key); err != nil {
			return err
		}
	}
	var done checked
	if f.data != "" {
		done, err = p.verifyStopped(ctx, f.stoppedFlags, v, policy)
	} else {
		done, err = p.verifyRemote(ctx, v, policy)
	}
	bar.finish()
	if f.data == "" {
		p.verifiedBy(ctx, v.From(), done.Verified, err, f.key == "")
	} else if err == nil || errors.Is(err, app.ErrDamaged) {
		p.note(unrecorded)
	}
	if err != nil {
		return p.unverified(err)
	}
	return p.verified(done)
}

// unrecorded is what is said of a look that leaves no trace.
const unrecorded = "Nobody will see that you looked: a ledger that is stopped records nothing."

// keptCheckpoint reads the file of a checkpoint that an auditor kept.
func keptCheckpoint(path string) ([]byte, error) {
	note, err := os.ReadFile(path)
	if err != nil {
		return nil, invalid("The checkpoint cannot be read.", "Name with --checkpoint or --since a file that holds one as the ledger gave it.")
	}
	return note, nil
}

// verifiedBy has the running ledger record that its history was checked, and what came of it. A ledger that is damaged records
// nothing any more, and whoever checks it must hear of the damage first: that it could not be recorded is said and no failure.
func (p *program) verifiedBy(ctx context.Context, from domain.Position, head app.Verified, failed error, ownKey bool) {
	var damage *app.Damage
	record := wire.LookVerification{From: uint64(from), Until: uint64(head.Size), Intact: failed == nil}
	switch {
	case failed == nil:
		record.Root = hex.EncodeToString(head.Root[:])
	case errors.As(failed, &damage) && (ownKey || damage.To > damage.From): // a key of the caller's own may be the wrong one
		if damage.To > damage.From {
			bad := uint64(damage.From)
			record.Bad, record.From, record.Until = &bad, min(record.From, bad), uint64(damage.To)
		}
	default:
		return // it was not checked
	}
	if err := p.ledger().call(ctx, http.MethodPost, "/verifications", "", record, nil); err != nil {
		p.note("That the history was checked could not be recorded.")
	}
}

func (p *program) verifyStopped(ctx context.Context, of stoppedFlags, v app.Verification, policy []byte) (done checked, err error) {
	ledger, err := p.openStopped(ctx, of)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	if v, err = ledger.Complete(ctx, v); err != nil {
		return done, err
	}
	if done, err = verifyWith(ctx, v, policy); err != nil {
		return done, err
	}
	return done, ledger.Ends(ctx)
}

// verifyRemote checks the log of a running ledger here, by what it serves. It asks for the key where none is named.
func (p *program) verifyRemote(ctx context.Context, v app.Verification, policy []byte) (checked, error) {
	files := remoteFiles{remote: p.ledger()}
	if v.Key == "" {
		key, err := files.get(ctx, "/proof/key")
		if err != nil {
			return checked{}, err
		}
		v.Key = strings.TrimSpace(string(key))
	}
	signed, err := files.get(ctx, "/proof/checkpoint")
	if err != nil {
		return checked{}, err
	}
	files.checkpoint = signed
	v.Log, v.Files = remoteLog{p}, files
	return verifyWith(ctx, v, policy)
}

// verifyWith verifies, and demands the cosignatures of a policy where there is one.
func verifyWith(ctx context.Context, v app.Verification, policy []byte) (checked, error) {
	done := checked{key: v.Key, from: v.From()}
	if policy != nil {
		witnessed, err := app.Quorum(ctx, &v, policy)
		if err != nil {
			return done, err
		}
		done.witnessed = &witnessed
	}
	var err error
	done.Verified, err = app.Verify(ctx, v)
	return done, err
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
	switch path {
	case "checkpoint":
		return r.checkpoint, nil
	case "witnessed":
		path = "proof/witnessed"
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
		err := l.program.readRemote(ctx, reading{from: uint64(from)}, func(entry wire.LogEntry) (bool, error) {
			if entry.Withheld {
				var err error
				if entry, err = l.withheld(ctx, entry.Position); err != nil {
					return false, err
				}
			}
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

// withheld reads one entry that the law forbids telling of: its bytes are hashed here and shown to nobody. That it was read is recorded,
// as an audit by this program where nobody says who they are and why.
func (l remoteLog) withheld(ctx context.Context, at uint64) (found wire.LogEntry, err error) {
	ledger := l.program.ledger()
	for name, stated := range map[string]string{wire.HeaderActor: "verify", wire.HeaderReason: "audit"} {
		if ledger.as.Get(name) == "" {
			ledger.as.Set(name, stated)
		}
	}
	q := filter{}.set("from", strconv.FormatUint(at, 10)).set("limit", "1").set("secret", "show")
	err = ledger.lines(ctx, http.MethodGet, q.path("/log"), func(line []byte) (bool, error) {
		entry, is, err := entryOf(line)
		if is {
			found = entry
		}
		return !is, err
	})
	return found, err
}
