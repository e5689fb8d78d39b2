package cli

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

// repairing are the flags of repair.
type repairing struct {
	data, key string
	yes, fork bool
}

func (p *program) repair() *cobra.Command {
	var f repairing
	cmd := &cobra.Command{
		Use:   "repair --data DIR",
		Short: "Put a damaged history together again from its two copies",
		Long: "Looks at the log and at the tiles of a ledger that is stopped, and shows what it would do; with --yes it does it. Event by\n" +
			"event it takes the copy that was signed, and proves the whole before anything is replaced. What it replaces, and what\n" +
			"nothing proves, it puts aside in a directory that it names. It exits with 3 where there is damage that stays.\n\n" +
			"Where positions that were acknowledged are in neither copy, --yes alone does nothing: going on under the same name would\n" +
			"give those positions to other entries, beside the receipts and checkpoints that others hold. With --fork the ledger goes\n" +
			"on apart, openly: under another origin and another key, which it records.",
		Example: "  daybook repair --data ./daybook-data\n  daybook repair --data ./daybook-data --yes\n  daybook repair --data ./daybook-data --yes --fork",
		Args:    exact(0, "no arguments, only flags"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.repairHistory(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.data, "data", "", "the data directory of a stopped ledger")
	cmd.Flags().StringVar(&f.key, "key", "", "the verifier key, where the vault is lost; the ledger's own by default")
	cmd.Flags().BoolVar(&f.fork, "fork", false, "with --yes, go on apart where positions are lost")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do what is shown")
	return cmd
}

// span is a run of positions as it is shown, To excluded.
type span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

func spans(ranges []app.Positions) []span {
	out := make([]span, len(ranges))
	for i, r := range ranges {
		out[i] = span{uint64(r.From), uint64(r.To)}
	}
	return out
}

// mending is the outcome of a repair.
type mending struct {
	Needed   bool   `json:"needed"`
	Repaired bool   `json:"repaired"`
	Signed   uint64 `json:"signed"`
	Events   uint64 `json:"events"`
	Root     string `json:"root"`
	// Log are the positions at which the log was damaged.
	Log        []span   `json:"log"`
	FromTiles  int      `json:"fromTiles"`
	Files      int      `json:"files"`
	Checkpoint []string `json:"checkpoint,omitempty"`
	Unproved   []span   `json:"unproved"`
	Lost       *span    `json:"lost,omitempty"`
	SetAside   string   `json:"setAside,omitempty"`
	// Fork is the origin and Key the verifier key from now on, where the ledger goes on apart.
	Fork  string   `json:"fork,omitempty"`
	Key   string   `json:"key,omitempty"`
	Steps []string `json:"steps"`

	apart bool // and it would
}

func (p *program) repairHistory(ctx context.Context, f repairing) (err error) {
	if f.data == "" {
		return usage("The command takes --data.", "Name with --data the directory of the stopped ledger.")
	}
	ledger, err := app.OpenRepair(ctx, app.Config{Data: f.data, Version: version(), Logger: p.logger(false, slog.LevelError)}, f.key)
	if err != nil {
		return p.beyondRepair(err)
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	plan, err := ledger.Plan(ctx)
	if err != nil {
		return p.beyondRepair(err)
	}
	m := mending{
		Needed: plan.Needed, Signed: uint64(plan.Signed), Events: uint64(plan.Events), Root: plan.Root, Log: spans(plan.Wrong),
		FromTiles: plan.FromTiles, Files: plan.Files, Checkpoint: plan.Checkpoint, Unproved: spans(plan.Aside), Steps: steps(plan),
	}
	if plan.Lost.To > plan.Lost.From {
		m.Lost = &spans([]app.Positions{plan.Lost})[0]
	}
	m.apart = plan.Apart
	if plan.Needed && f.yes && (f.fork || !plan.Apart) {
		bar := p.progress("Repairing", -1)
		m.SetAside, err = ledger.Do(ctx, func(done, of domain.Position) { bar.reach(int64(done), int64(of)) })
		bar.finish()
		if err != nil {
			return p.beyondRepair(err)
		}
		m.Repaired, m.Fork, m.Key = true, ledger.Origin, ledger.Key
	}
	return p.showMending(m)
}

func (p *program) showMending(m mending) error {
	if p.format != "table" {
		if err := p.show(listing{whole: m, items: []any{m}, head: []string{"needed", "repaired", "events", "root"},
			rows: [][]string{{strconv.FormatBool(m.Needed), strconv.FormatBool(m.Repaired), domain.Position(m.Events).String(), m.Root}}}); err != nil {
			return err
		}
	} else {
		p.sayMending(m)
	}
	if m.Needed && !m.Repaired && m.apart {
		return &failure{errVerification, "Positions are lost, and nothing was changed.",
			"Restore a newer backup, if there is one. To go on apart from what others hold of them, run it again with --yes --fork.", nil}
	}
	if m.Needed && !m.Repaired {
		return &failure{errVerification, "The history is damaged and was not changed.", "Run it again with --yes to do what is shown.", nil}
	}
	return nil
}

func (p *program) sayMending(m mending) {
	if !m.Needed {
		p.say("Nothing is damaged: both copies have all "+count(int(m.Signed), "event")+" that were signed.", "Root of the tree: "+m.Root)
		return
	}
	head := "This is what repairing would do:"
	if m.Repaired {
		head = "This was done:"
	}
	p.say(head)
	for _, step := range m.Steps {
		p.say("  - " + step)
	}
	p.say("The ledger then has "+count(int(m.Events), "event")+"; the root of the first "+domain.Position(m.Signed).String()+" is as it was signed:", m.Root)
	if m.Fork != "" {
		p.say("From here on the ledger is a fork, "+m.Fork+". Tell those who check it: its verifier key is now", m.Key)
	}
	if m.SetAside != "" {
		p.say("What was replaced stands in " + m.SetAside + " of the data directory. Delete it once you are sure.")
	}
}

// steps says what a plan will do, a sentence each.
func steps(plan app.RepairPlan) []string {
	var out []string
	if len(plan.Wrong) > 0 {
		out = append(out, "The log lacks or has changed "+positionsOf(plan.Wrong)+": "+count(plan.FromTiles, "event")+" come from the tiles.")
	}
	if plan.Log {
		out = append(out, "The log is written again, proved against the last checkpoint, and then takes the place of the damaged one, which is put aside.")
	}
	if n := plan.Events - plan.Signed; plan.Log && n > 0 {
		out = append(out, count(int(n), "event")+" beyond the last checkpoint are kept: they continue what was signed.")
	}
	if plan.Files > 0 {
		verb := " of the proof are"
		if plan.Files == 1 {
			verb = " of the proof is"
		}
		out = append(out, count(plan.Files, "file")+verb+" written again from the log.")
	}
	for _, name := range plan.Checkpoint {
		out = append(out, "The checkpoint in "+name+" is written again from its other copy.")
	}
	if len(plan.Aside) > 0 {
		out = append(out, "What nothing proves at "+positionsOf(plan.Aside)+" is put aside in unproved.jsonl.")
	}
	switch {
	case plan.Seen:
		out = append(out, "LOST: no copy is here of "+positionsOf([]app.Positions{plan.Lost})+", which the memory of messages or a view has seen. "+
			"Restore a newer backup instead, if there is one. Only where you know that nothing was recorded there, and a damaged view says so, "+
			"remove the directories memory and views, and look again.")
	case plan.Lost.To > plan.Lost.From:
		out = append(out, "LOST: "+positionsOf([]app.Positions{plan.Lost})+" were acknowledged, not signed yet, and stand in neither copy.")
	}
	if plan.Apart {
		out = append(out, "The ledger goes on apart (--fork): under another origin and another key, which it records as an entry of its own.")
	}
	if plan.Derived {
		out = append(out, "The memory of messages and the views are put aside and made again from the log at the next start.")
	}
	return out
}

func positionsOf(ranges []app.Positions) string {
	text := ""
	for i, r := range ranges {
		switch {
		case i == 3:
			return text + " and others"
		case i > 0:
			text += ", "
		}
		if text += r.From.String(); r.To > r.From+1 {
			text += " to " + (r.To - 1).String()
		}
	}
	if len(ranges) == 1 && ranges[0].To == ranges[0].From+1 {
		return "position " + text
	}
	return "positions " + text
}

// beyondRepair makes the failure of what cannot be put together.
func (p *program) beyondRepair(err error) error {
	var damage *app.Damage
	if !errors.As(err, &damage) {
		return err
	}
	return &failure{errVerification, "The history cannot be repaired from what is here: " + stopped(damage.Error()),
		"Nothing was replaced. Keep a copy of the directory, and restore a backup; where the vault is lost, name the key with --key.", nil}
}
