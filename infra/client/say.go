package client

import (
	"cmp"
	"context"
	"errors"
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

// Objection is an objection to processing (Art. 21). Its ID is the objection's.
type Objection struct {
	About
	// Subjects are the people, 1 to 1,000, each as kind:value.
	Subjects []string
	// Instruction is the one objected to, empty for everything that rests on a public task or legitimate interests.
	Instruction string
	// Marketing says that the objection is one to direct marketing, which is final (Art. 21(2), (3)).
	Marketing bool
}

// Object records that people objected, and waits for the receipt, as Consent does.
func (c *Client) Object(ctx context.Context, s Objection) (Receipt, error) {
	data := wire.Objection{Subjects: s.Subjects, Instruction: s.Instruction, Marketing: s.Marketing}
	fault := cmp.Or(checkSubjects(s.Subjects), checkWords(word{s.Instruction, "/data/instruction", wire.ValidName[string], false}))
	return say(ctx, c, s.About, wire.TypeObjection, data, fault)
}

// What a retention period can run from, for Occasion.Occasion.
const (
	OrderClosed     = wire.OrderClosed
	EnquiryAnswered = wire.EnquiryAnswered
	QuoteDeclined   = wire.QuoteDeclined
	ContractEnded   = wire.ContractEnded
)

// Occasion is something that happened which a retention period runs from (Art. 5(1)(e)).
type Occasion struct {
	About
	// Occasion is what happened, such as OrderClosed.
	Occasion string
	// Subjects are the people whose data is kept, 1 to 1,000, each as kind:value.
	Subjects []string
	// Instruction is the one under which it is kept.
	Instruction string
}

// Occasion records that something happened which a retention period runs from, and waits for the receipt, as Consent does.
func (c *Client) Occasion(ctx context.Context, s Occasion) (Receipt, error) {
	data := wire.Occasion{Occasion: s.Occasion, Subjects: s.Subjects, Instruction: s.Instruction}
	fault := cmp.Or(checkSubjects(s.Subjects), checkWords(
		word{s.Occasion, "/data/occasion", wire.ValidToken[string], true},
		word{s.Instruction, "/data/instruction", wire.ValidName[string], true}))
	return say(ctx, c, s.About, wire.TypeOccasion, data, fault)
}

// Announcement is an action that was announced, and waits to be confirmed.
type Announcement struct {
	// Receipt is that of the announcement; its ID is what the action names in Action.Announced.
	Receipt Receipt

	client *Client
	action Action
}

// Announce records that the service is about to act, and waits for the receipt, as Consent does. What the action does not say by
// then, its details, location and basis, is said when it is confirmed. An announcement that is never confirmed shows as an action
// that was not carried out or not reported.
//
//	announced, err := c.Announce(ctx, erasure)
//	…
//	receipt, err := announced.Confirm(ctx)
func (c *Client) Announce(ctx context.Context, a Action) (*Announcement, error) {
	data := wire.Announcement{Operation: a.Operation, Subjects: a.Subjects, Instruction: a.Instruction, Categories: a.Categories, System: a.System, Recipient: a.Recipient}
	receipt, err := say(ctx, c, About{Time: a.Time, Traceparent: a.Traceparent}, wire.TypeAnnouncement, data,
		checkAction(wire.Action{Operation: a.Operation, Subjects: a.Subjects, Instruction: a.Instruction, Categories: a.Categories, System: a.System, Recipient: a.Recipient}))
	if id := spooledAs(err); id != "" {
		receipt.ID = id
	}
	return &Announcement{Receipt: receipt, client: c, action: a}, err
}

// spooledAs gives the id of what could not be recorded now and is safe in the spool, or nothing.
func spooledAs(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Spooled {
		return e.ID
	}
	return ""
}

// Confirm records the announced action as done now, and waits for the receipt. It returns the errors of Record.
func (a *Announcement) Confirm(ctx context.Context) (Receipt, error) {
	done := a.action
	done.Announced, done.Time = a.Receipt.ID, time.Time{}
	return a.client.Record(ctx, done)
}

// Count is how many people's data of a category a service holds in a system.
type Count struct {
	About
	// System is what was counted, such as crm.
	System string
	// Category is the category of data, such as pd:EmailAddress.
	Category string
	// People is how many people there is such data of.
	People uint64
}

// Count records how many people's data the service holds, and waits for the receipt: held against what was recorded, it shows
// what was never reported. It returns the errors of Record. A count has no findings.
func (c *Client) Count(ctx context.Context, s Count) (Receipt, error) {
	data := wire.Count{System: s.System, Category: s.Category, People: s.People}
	fault := checkWords(word{s.System, "/data/system", wire.ValidToken[string], true}, word{s.Category, "/data/category", wire.ValidToken[string], true})
	return say(ctx, c, s.About, wire.TypeCount, data, fault)
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
