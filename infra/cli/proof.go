package cli

import (
	"context"
	"encoding/hex"
	"fmt"
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

// proving are the flags of proof.
type proving struct {
	file, event string
	witnessed   bool
}

func (p *program) proof() *cobra.Command {
	var f proving
	cmd := &cobra.Command{
		Use:   "proof POSITION",
		Short: "Get the proof that an entry is in the log, for others to check without the ledger",
		Long: "Writes a C2SP tlog-proof: that the entry at the position is the one that stands in the history which a checkpoint signs for.\n" +
			"With --event it writes the entry, too, byte for byte as it is hashed. Whoever has both files and the verifier key checks\n" +
			"them with daybook proof verify, or with tools of other people, long after the ledger is gone.",
		Example: "  daybook proof 4711 --file 4711.tlog-proof --event 4711.json\n" +
			"  daybook proof verify --event 4711.json --key daybook/ledger+1234abcd+AQ… 4711.tlog-proof",
		Args: exact(1, "the position of an entry, which its receipt names"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.getProof(cmd.Context(), args[0], f) },
	}
	cmd.Flags().StringVar(&f.file, "file", "", "write the proof to this file; standard output by default")
	cmd.Flags().StringVar(&f.event, "event", "", "write the entry to this file")
	cmd.Flags().BoolVar(&f.witnessed, "witnessed", false, "by a checkpoint that witnesses cosigned as the ledger's policy demands")
	cmd.AddCommand(p.proofVerify())
	return cmd
}

func (p *program) getProof(ctx context.Context, position string, f proving) error {
	at, err := domain.ParsePosition(position)
	if err != nil {
		return usage("The position is none.", "A position is a whole number counted from 0; receipts name it.")
	}
	files := remoteFiles{remote: p.ledger()}
	proof, err := files.get(ctx, "/proof/inclusion?wait=true&position="+at.String()+"&witnessed="+strconv.FormatBool(f.witnessed))
	if err != nil {
		return err
	}
	if f.event != "" {
		if err := p.writeEvent(ctx, at, f.event); err != nil {
			return err
		}
	}
	if f.file == "" {
		_, err := p.out.Write(proof)
		return errors.Wrap(err, "write the proof")
	}
	return writeNew(f.file, proof)
}

// writeEvent writes an entry as it is hashed, without a line end.
func (p *program) writeEvent(ctx context.Context, at domain.Position, path string) error {
	var event []byte
	err := p.ledger().lines(ctx, http.MethodGet, "/log?limit=1&from="+at.String(), func(line []byte) (bool, error) {
		entry, is, err := entryOf(line)
		if is {
			event = entry.Event
		}
		return false, err
	})
	if err != nil {
		return err
	}
	return writeNew(path, event)
}

func writeNew(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return invalid("The file cannot be written.", "Name a file in a directory that you may write to.")
	}
	return nil
}

// checking are the flags of proof verify.
type checking struct{ event, key, policy string }

func (p *program) proofVerify() *cobra.Command {
	var f checking
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a proof without any ledger; ends with exit code 3 where it does not hold",
		Args:  exact(1, "the file of a proof"),
		RunE:  func(_ *cobra.Command, args []string) error { return p.checkProof(args[0], f) },
	}
	cmd.Flags().StringVar(&f.event, "event", "", "the file of the entry, byte for byte as the ledger keeps it")
	cmd.Flags().StringVar(&f.key, "key", "", "the verifier key of the ledger, which you have from somewhere you trust; needless where the policy names it")
	cmd.Flags().StringVar(&f.policy, "policy", "", "a C2SP tlog-policy file with the witnesses that must have cosigned")
	return cmd
}

func (p *program) checkProof(path string, f checking) error {
	if f.event == "" {
		return usage("It is not said which entry is proved.", "Give its file with --event.")
	}
	var policy []byte
	var err error
	if f.policy != "" {
		if policy, f.key, err = readPolicy(f.policy, f.key); err != nil {
			return err
		}
	}
	if f.key == "" {
		return usage("It is not said who must have signed.", "Give the ledger's verifier key with --key, or a policy that names it.")
	}
	proof, err := p.readFile(path)
	if err != nil {
		return err
	}
	event, err := p.readFile(f.event)
	if err != nil {
		return err
	}
	checked, err := app.CheckProof(proof, event, f.key, policy)
	if err != nil {
		return p.unproved(err)
	}
	root := checked.Checkpoint.Root
	if p.format == "table" {
		words := fmt.Sprintf("Proved: the entry stands at position %s of the history that %s signed with %s entries.",
			checked.Position, checked.Checkpoint.Origin, checked.Checkpoint.Size)
		if policy != nil {
			words += " Witnesses cosigned it as the policy demands."
		}
		p.say(words, "Root of the tree: "+hex.EncodeToString(root[:]))
		return nil
	}
	return p.showVerdict(verdict{Verified: true, Events: uint64(checked.Checkpoint.Size), Root: hex.EncodeToString(root[:]), Key: f.key})
}

// unproved makes the failure of a proof that does not hold. The files at hand are wrong, which says nothing of the ledger.
func (p *program) unproved(err error) error {
	failed := p.unverified(err)
	var damage *app.Damage
	if errors.As(err, &damage) {
		return &failure{errVerification, "The proof does not hold: " + stopped(damage.Error()),
			"Get the proof and the entry of this position anew, with daybook proof POSITION --file FILE --event FILE, and compare the key.", nil}
	}
	return failed
}

// readPolicy reads a policy, and the key of the log in it where none is given.
func readPolicy(path, key string) (policy []byte, logKey string, err error) {
	policy, err = os.ReadFile(path)
	if err != nil {
		return nil, "", invalid("The policy cannot be read.", "Name with --policy a file of C2SP tlog-policy.")
	}
	for line := range strings.Lines(string(policy)) {
		if fields := strings.Fields(line); key == "" && len(fields) > 1 && fields[0] == "log" {
			key = fields[1]
		}
	}
	return policy, key, nil
}

// proofQuery asks for a proof in receipts.
func proofQuery(wanted string) (string, error) {
	asked, ok := wire.ParseProofWanted(wanted)
	switch {
	case !ok:
		return "", usage("There is no such proof.", "Use --proof, or --proof=witnessed.")
	case asked == wire.NoProof:
		return "", nil
	}
	return "?proof=" + string(asked), nil
}
