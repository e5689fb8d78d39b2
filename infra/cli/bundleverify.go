package cli

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/app"
)

// bundleChecking are the flags of bundle verify.
type bundleChecking struct{ key, policy, checkpoint string }

func (p *program) bundleVerify() *cobra.Command {
	var f bundleChecking
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check an evidence bundle without any ledger; exit code 3 where it does not hold",
		Long: "Checks that every entry stands in the history that was signed, and that the trail, the record of Article 30(2) and the page for\n" +
			"people are what follows from the entries, byte for byte. Give the ledger's verifier key, from somewhere else than the bundle,\n" +
			"with --key: without it only the bundle's own word says who signed. Inclusion is proved, not that nothing was left out.\n" +
			"To trust no program of ours, see scripts/verifier.",
		Example: "  daybook bundle verify fenland.zip --key daybook/ledger+1234abcd+AQ…",
		Args:    exact(1, "the file of a bundle"),
		RunE:    func(_ *cobra.Command, args []string) error { return p.checkBundle(args[0], f) },
	}
	cmd.Flags().StringVar(&f.key, "key", "", "the verifier key of the ledger, which you have from somewhere you trust")
	cmd.Flags().StringVar(&f.policy, "policy", "", "a C2SP tlog-policy file with the witnesses that must have cosigned")
	cmd.Flags().StringVar(&f.checkpoint, "checkpoint", "", "a file with a checkpoint that you kept, of as many entries as the bundle's")
	return cmd
}

func (p *program) checkBundle(path string, f bundleChecking) error {
	with := app.BundleCheck{}
	var err error
	if f.policy != "" {
		if with.Policy, f.key, err = readPolicy(f.policy, f.key); err != nil {
			return err
		}
	}
	if f.checkpoint != "" {
		if with.Kept, err = keptCheckpoint(f.checkpoint); err != nil {
			return err
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return invalid("The bundle cannot be read.", "Name the file that daybook bundle create wrote.")
	}
	defer func() { _ = file.Close() }() // it was read
	info, err := file.Stat()
	if err != nil {
		return errors.Wrap(err, "size of the bundle")
	}
	bar := p.progress("Verifying", -1)
	with.Key, with.Progress = f.key, func(done, of int) { bar.reach(int64(done), int64(of)) }
	v, err := app.VerifyBundle(file, info.Size(), with)
	bar.finish()
	if err != nil {
		return p.falseBundle(err)
	}
	return p.soundBundle(v, f.policy != "")
}

// bundleOutcome is what the checking of a bundle comes to, for programs.
type bundleOutcome struct {
	Verified   bool                `json:"verified"`
	Entries    int                 `json:"entries,omitempty"`
	Signed     uint64              `json:"signed,omitempty"` // entries of the history
	Root       string              `json:"root,omitempty"`
	Key        string              `json:"key,omitempty"`
	OwnKey     bool                `json:"ownKey,omitempty"` // nobody else's word says who signed
	Page       bool                `json:"page,omitempty"`   // the page for people was made again
	Witnessed  bool                `json:"witnessed,omitempty"`
	Manifest   *app.BundleManifest `json:"manifest,omitempty"`
	Problem    string              `json:"problem,omitempty"`
	File       string              `json:"file,omitempty"`
	At         *uint64             `json:"at,omitempty"`
	NotCovered string              `json:"notCovered,omitempty"`
}

const notCovered = "It is not proved that nothing within the scope was left out."

func (p *program) soundBundle(v app.BundleVerdict, witnessed bool) error {
	m := v.Manifest
	if p.format != "table" {
		return p.showBundle(bundleOutcome{Verified: true, Entries: m.Entries, Signed: uint64(v.Checkpoint.Size), Root: m.Checkpoint.Root, Key: v.Key,
			OwnKey: v.OwnKey, Page: v.Page, Witnessed: witnessed, Manifest: &m, NotCovered: notCovered})
	}
	of := map[string]string{"controller": "all", "person": "one person", "case": "case " + m.Scope.Case}[string(m.Scope.Kind)]
	p.say(fmt.Sprintf("The bundle holds: each of its %d entries (%s, under %s) stands in the history that %s signed with %s entries.",
		m.Entries, of, m.Scope.Controller, v.Checkpoint.Origin, v.Checkpoint.Size),
		"The trail and the record of Article 30(2) are what follows from them, byte for byte.")
	if v.Page {
		p.say("So is the page for people.")
	} else {
		p.say("The page for people, summary.html, is of another version of the program: it was not made again.")
	}
	if witnessed {
		p.say("Witnesses cosigned the history as the policy demands.")
	}
	if v.OwnKey {
		p.say("Only the bundle's own word says who signed: give --key with the ledger's verifier key, from somewhere you trust.")
	}
	p.say(notCovered, "Root of the tree: "+hex.EncodeToString(v.Checkpoint.Root[:]), "Signed with the key: "+v.Key)
	return nil
}

func (p *program) showBundle(o bundleOutcome) error {
	result := "verified"
	if !o.Verified {
		result = "not verified"
	}
	return p.show(listing{whole: o, items: []any{o}, head: []string{"result", "entries", "root", "problem"},
		rows: [][]string{{result, fmt.Sprint(o.Entries), o.Root, o.Problem}}})
}

// falseBundle makes the failure of a bundle that does not hold.
func (p *program) falseBundle(err error) error {
	var f *app.BundleFault
	if !errors.As(err, &f) {
		return p.unverified(err)
	}
	if p.format != "table" {
		if err := p.showBundle(bundleOutcome{Problem: f.What, File: f.File, At: (*uint64)(f.At)}); err != nil {
			return err
		}
	}
	return &failure{errVerification, "The bundle does not hold: " + stopped(f.Error()),
		"Ask whoever handed it over for the file as it was made: the ledger records the SHA-256 of each (daybook looks --kind exported).", nil}
}
