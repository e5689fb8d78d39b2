package cli

import (
	"encoding/hex"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

// verdict is the outcome of a verification.
type verdict struct {
	Verified bool `json:"verified"`
	// Since is the position of the first entry that was read; what is before it was verified by whoever kept the checkpoint.
	Since  uint64 `json:"since,omitempty"`
	Events uint64 `json:"events"`
	Root   string `json:"root,omitempty"`
	Key    string `json:"key,omitempty"`
	// Witnessed is the number of entries that witnesses cosigned as the policy demands.
	Witnessed *uint64 `json:"witnessed,omitempty"`
	Problem   string  `json:"problem,omitempty"`
	// From and To are the positions that are wrong, To excluded.
	From *uint64 `json:"from,omitempty"`
	To   *uint64 `json:"to,omitempty"`
	File string  `json:"file,omitempty"`
}

// checked is what a verification that found nothing comes to.
type checked struct {
	app.Verified
	key       string
	from      domain.Position // the first entry that was read
	witnessed *app.Verified   // the newest checkpoint that was cosigned as a policy demands, where one was named
}

// verified shows that nothing differs.
func (p *program) verified(head checked) error {
	v := verdict{Verified: true, Since: uint64(head.from), Events: uint64(head.Size), Root: hex.EncodeToString(head.Root[:]), Key: head.key}
	if head.witnessed != nil {
		v.Witnessed = new(uint64(head.witnessed.Size))
	}
	if p.format == "table" {
		p.say(sentenceFor(head), "Root of the tree: "+v.Root)
		if head.from > 0 {
			p.say("What is signed for the first " + head.from.String() + " is what your checkpoint says. They themselves were not read again: " +
				"daybook verify --checkpoint reads them, too.")
		}
		if head.witnessed != nil {
			p.say("Witnesses cosigned it as the policy demands with " + head.witnessed.Size.String() + " entries.")
		}
		if v.Key != "" {
			p.say("Signed with the key: " + v.Key)
		}
		return nil
	}
	return p.showVerdict(v)
}

func sentenceFor(head checked) string {
	switch {
	case head.Size == 0:
		return "Nothing is signed yet, so that there was nothing to check."
	case head.from == head.Size:
		return "The history is the one of your checkpoint, and nothing was added to it."
	case head.from == head.Size-1:
		return "The history goes on from your checkpoint: the entry added since, position " + head.from.String() + ", is the one that was signed."
	case head.from > 0:
		return "The history goes on from your checkpoint: the " + (head.Size - head.from).String() + " entries added since, positions " +
			head.from.String() + " to " + (head.Size - 1).String() + ", are those that were signed."
	case head.Size == 1:
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
	case errors.Is(err, app.ErrQuorum):
		if p.format != "table" {
			if err := p.showVerdict(verdict{Problem: "not cosigned as the policy demands"}); err != nil {
				return err
			}
		}
		return &failure{errVerification, "Not enough witnesses cosigned the history for this policy.",
			"daybook status says how the witnesses are that the ledger asks; the policy of the ledger and yours may differ.", nil}
	case errors.HasAssertionFailure(err):
		return &failure{errVerification, "The log cannot be read as a history: " + stopped(withoutKind(err.Error())),
			"Stop the ledger and run daybook repair --data DIR: it shows what it would do first, and loses nothing.", nil}
	}
	return err
}
