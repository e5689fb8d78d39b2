package cli

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) bundle() *cobra.Command {
	return group("bundle", "Evidence in one file, which others check without the ledger", p.bundleCreate(), p.bundleVerify())
}

// bundling are the flags of bundle create.
type bundling struct {
	stoppedFlags
	wire.BundleRequest
	person, from, to, out, policy string
}

func (p *program) bundleCreate() *cobra.Command {
	var f bundling
	cmd := &cobra.Command{
		Use:   "create -c CLIENT --out FILE",
		Short: "Make an evidence bundle of one client, one person, one case or a period",
		Long: "Writes one zip file: the entries, byte for byte; the proof that they stand in the signed history; the trail and the record of\n" +
			"Article 30(2) that follow from them; and a page for people, summary.html. It holds nothing of any other client, names nobody,\n" +
			"and still holds when people in it are forgotten. That it was made is recorded, with who asked (--as), why (--reason) and its\n" +
			"SHA-256. With --data it is made of a stopped ledger, and not recorded. Where witnesses cosign, their policy and their\n" +
			"cosignatures are in it, too.",
		Example: "  daybook bundle create -c fenland-cycles --out fenland.zip --as petra --reason audit\n" +
			"  daybook bundle create -c fenland-cycles --person email:ada@example.org --out ada.zip\n" +
			"  daybook bundle create -c fenland-cycles --case case-1 --out case-1.zip\n" +
			"  daybook bundle create -c fenland-cycles --from 2026-01-01 --to 2026-04-01 --out first-quarter.zip",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.createBundle(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.Controller, "controller", "c", "", "whose entries; required")
	flags.StringVar(&f.person, "person", "", "only of this person, as kind:value; - reads it from standard input")
	flags.StringVar(&f.Case, "case", "", "only of this case and of the person whose it is")
	flags.StringVar(&f.from, "from", "", "from this position on, or recorded since this day or time")
	flags.StringVar(&f.to, "to", "", "before this position, or recorded before this day or time")
	flags.BoolVar(&f.Regulator, "regulator", false, secretUsage)
	flags.StringVar(&f.policy, "policy", "", "with --data, the policy of the witnesses; that which the ledger was served with last")
	flags.StringVar(&f.out, "out", "", "the file to write, or - for standard output")
	f.add(cmd, "make it of")
	return cmd
}

func (p *program) createBundle(ctx context.Context, f bundling) (err error) {
	switch {
	case f.out == "":
		return usage("It is not said where to write.", "Give --out with a file, or - for standard output.")
	case f.Controller == "":
		return usage("It is not said whose entries.", "Give -c with a client.")
	case f.person != "" && f.Case != "":
		return usage("A bundle is of a person or of a case.", "Leave --person or --case out: the bundle of a case holds what is of its person.")
	}
	if f.person != "" {
		if f.Person, err = p.identifier(f.person); err != nil {
			return err
		}
	}
	if f.From, f.Since, err = bound(f.from); err == nil {
		f.To, f.Before, err = bound(f.to)
	}
	if err != nil {
		return err
	}
	if f.data != "" {
		return p.bundleStopped(ctx, f)
	}
	return p.fetchTo(ctx, fetching{path: "/bundles", what: "Bundling", done: "Bundled", of: "entries"}, f.BundleRequest, f.out)
}

// bound reads a position, a day in UTC or a time.
func bound(text string) (*uint64, *time.Time, error) {
	if text == "" {
		return nil, nil, nil
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil {
		return &n, nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return nil, &t, nil
		}
	}
	return nil, nil, usage("The bound of the period is none.", "Write a position, a day such as 2026-11-23, or a time such as 2026-11-23T10:00:00Z.")
}

// bundleStopped makes a bundle of a ledger that is stopped.
func (p *program) bundleStopped(ctx context.Context, f bundling) (err error) {
	ledger, err := p.openStopped(ctx, f.stoppedFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	var policy []byte
	if f.policy != "" {
		if policy, _, err = readPolicy(f.policy, ""); err != nil {
			return err
		}
	}
	bar := p.progress("Bundling", -1)
	var m app.StoppedBundle
	sum, err := p.summed(f.out, func(w io.Writer) (err error) {
		m, err = ledger.Bundle(ctx, f.BundleRequest, policy, w, func(done, of domain.Position) { bar.reach(int64(done), int64(of)) })
		return err
	})
	bar.finish()
	if err != nil {
		return err
	}
	p.note("Bundled " + strconv.Itoa(m.Entries) + " entries; a stopped ledger does not record it. SHA-256: " + sum)
	switch {
	case m.Cosigned:
		p.note("Its checkpoint is cosigned as the policy of the witnesses demands; the policy is in it.")
	case m.Witnesses:
		p.note("NOT COSIGNED: the witnesses did not sign its checkpoint as their policy demands. Make it again when they answer.")
	}
	return nil
}
