package client

import (
	"cmp"
	"context"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// About is what every statement has beside its own.
type About struct {
	// ID identifies the statement for ever. Leave it empty and one is made; see Action.ID.
	ID string
	// Time is when it happened; zero is now.
	Time time.Time
	// Traceparent is the W3C trace context.
	Traceparent string
}

// Consent is a consent to the processing under an instruction, or its withdrawal (Art. 6(1)(a), 7).
type Consent struct {
	About
	// Subjects are the people, 1 to 1,000, each as kind:value.
	Subjects []string
	// Instruction is the one whose purpose they consented to.
	Instruction string
	// How says in a word how it was given or withdrawn, such as double-opt-in or paper-form.
	How string
	// Explicit says that the consent was an explicit one (Art. 9(2)(a)).
	Explicit bool
}

// Consent records that people consented, and waits for the receipt. Record it before what is done because of it: an action that
// rests on a consent which is not recorded is a finding. It returns the errors of Record, and keeps in the spool what Record
// would.
func (c *Client) Consent(ctx context.Context, s Consent) (Receipt, error) {
	return c.consent(ctx, wire.Given, s)
}

// WithdrawConsent records that people withdrew their consent (Art. 7(3)), as Consent does.
func (c *Client) WithdrawConsent(ctx context.Context, s Consent) (Receipt, error) {
	return c.consent(ctx, wire.Withdrawn, s)
}

func (c *Client) consent(ctx context.Context, what string, s Consent) (Receipt, error) {
	data := wire.Consent{Consent: what, Subjects: s.Subjects, Instruction: s.Instruction, How: s.How, Explicit: s.Explicit}
	fault := cmp.Or(checkSubjects(s.Subjects), checkWords(
		word{s.Instruction, "/data/instruction", wire.ValidName[string], true},
		word{s.How, "/data/how", wire.ValidToken[string], true}))
	return say(ctx, c, s.About, wire.TypeConsent, data, fault)
}

func say[D wire.Announcement | wire.Consent | wire.Objection | wire.Occasion | wire.Count](
	ctx context.Context, c *Client, about About, typ string, data D, fault *place,
) (Receipt, error) {
	if c.isClosed() {
		return Receipt{}, ErrClosed
	}
	event, err := write(c, about, typ, data, fault, c.sequence)
	if err != nil {
		return Receipt{}, err
	}
	return c.record(ctx, event)
}
