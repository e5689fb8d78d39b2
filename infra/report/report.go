// Package report turns what services send into the write side's words, and what the write side answers into the contract's. It
// is the one translation that NATS and HTTP share, so that both doors take and give the same.
//
// It deliberately reads no bytes and sends none.
package report

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

func from(in cloudevents.Incoming, c domain.ControllerID, s domain.ServiceID) error {
	if in.Source != domain.ServiceSource(c, s) {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "source"),
			"Set source to /controller/service, the two names that you publish under.")
	}
	return nil
}

// Action reads an incoming event as an action of the controller's service, or as what the service says beside one. It returns
// domain.ErrInvalid with the place of what is wrong and a hint that says what to write instead.
func Action(in cloudevents.Incoming, c domain.ControllerID, s domain.ServiceID) (commands.Action, error) {
	var a commands.Action
	if err := from(in, c, s); err != nil {
		return a, err
	}
	if in.Said.Record {
		return a, errors.WithHint(errors.Wrap(domain.ErrInvalid, "data.record"),
			"record belongs to a question: send it on the ask subject, and leave it out of what is reported.")
	}
	says, err := statement(in)
	if err != nil {
		return a, err
	}
	about, err := action(in.Action, says != nil, c, s)
	if err != nil {
		return a, err
	}
	about.Time = in.Time
	subjects, err := people(in.Action)
	return commands.Action{Action: about, ID: in.ID, Sequence: in.Sequence, Subjects: subjects, Details: in.Action.Details, Says: says}, err
}

// statement gives what the event says instead of an action, nil where it is one.
func statement(in cloudevents.Incoming) (commands.Statement, error) {
	switch in.Type {
	case wire.TypeAnnouncement:
		return commands.Announcement{}, nil
	case wire.TypeConsent:
		return commands.Consent{Withdrawn: in.Said.Consent == wire.Withdrawn, How: in.Said.How, Explicit: in.Said.Explicit}, nil
	case wire.TypeObjection:
		return commands.Objection{Marketing: in.Said.Marketing}, nil
	case wire.TypeOccasion:
		occasion, err := domain.ParseTrigger(in.Said.Occasion)
		if err == nil && (occasion == domain.WhenRecorded || occasion == domain.WhenConsentWithdrawn) {
			err = errors.WithHint(errors.Wrap(domain.ErrInvalid, "an occasion that the ledger sees by itself"),
				"Name order-closed, enquiry-answered, quote-declined or contract-ended. Report a withdrawn consent as daybook.consent.v1.")
		}
		return commands.Occasion{Occasion: occasion}, errors.Wrap(err, "data.occasion")
	case wire.TypeCount:
		category, err := domain.ParseCategory(in.Said.Category)
		return commands.Count{Category: category, People: in.Said.People}, errors.Wrap(err, "data.category")
	default:
		return nil, nil
	}
}

// Asked reads an action that is asked about, and whom it would concern. It returns domain.ErrInvalid as Action does.
func Asked(in cloudevents.Action, c domain.ControllerID, s domain.ServiceID) (dossier.Action, []domain.Identifier, error) {
	a, err := action(in, false, c, s)
	if err != nil {
		return a, nil, err
	}
	subjects, err := people(in)
	return a, subjects, err
}

func people(in cloudevents.Action) (_ []domain.Identifier, err error) {
	people := make([]domain.Identifier, len(in.Subjects))
	for i, subject := range in.Subjects {
		if people[i], err = domain.ParseIdentifier(subject.Reveal()); err != nil {
			return nil, errors.Wrapf(err, "data.subjects[%d]", i)
		}
	}
	return people, nil
}

// action reads an action, or what a statement uses of one.
func action(in cloudevents.Action, says bool, c domain.ControllerID, s domain.ServiceID) (a dossier.Action, err error) {
	a.Controller, a.Service, a.System, a.From, a.Order, a.Announced = c, s, in.System, in.From, in.Order, in.Announced
	if a.Operation, err = domain.ParseOperation(in.Operation); err != nil && !(says && in.Operation == "") {
		return a, errors.Wrap(err, "data.operation")
	}
	if a.Instruction, err = optional(in.Instruction, domain.ParseName[domain.InstructionID]); err != nil {
		return a, errors.Wrap(err, "data.instruction")
	}
	if a.Recipient, err = optional(in.Recipient, domain.ParseName[domain.RecipientID]); err != nil {
		return a, errors.Wrap(err, "data.recipient")
	}
	if a.Location, err = optional(in.Location, domain.ParseLocation); err != nil {
		return a, errors.Wrap(err, "data.location")
	}
	if a.Stated, err = optional(in.Basis, domain.ParseBasis); err != nil {
		return a, errors.Wrap(err, "data.basis")
	}
	if len(in.Categories) > 0 {
		a.Categories = make([]domain.Category, len(in.Categories))
	}
	for i, category := range in.Categories {
		if a.Categories[i], err = domain.ParseCategory(category); err != nil {
			return a, errors.Wrapf(err, "data.categories[%d]", i)
		}
	}
	return a, nil
}

func optional[T ~string](s string, parse func(string) (T, error)) (T, error) {
	if s == "" {
		return "", nil
	}
	return parse(s)
}

// Receipt writes a receipt in the contract's words.
func Receipt(r commands.Receipt) wire.Receipt {
	w := wire.Receipt{
		ID: r.ID, Position: uint64(r.Position), Events: r.Events, Recorded: r.Recorded, Verdict: wire.Conformant,
		Duplicate: r.Duplicate,
	}
	w.Leaf = r.Leaf[:]
	if r.Findings != 0 {
		w.Verdict = wire.WithFindings
		for _, f := range r.Findings.List() {
			w.Findings = append(w.Findings, wire.Finding{Code: f.Code(), Article: f.Article(), Message: f.Message()})
		}
	}
	w.Notes = Notes(r.Note)
	return w
}

// Notes writes a note, where there is one, in the contract's words.
func Notes(n commands.Note) []wire.Note {
	if n == (commands.Note{}) {
		return nil
	}
	return []wire.Note{{Article: n.Article, Message: n.Message}}
}

// Claim writes whom an order is about in the contract's words.
func Claim(order string, people []domain.Identifier) wire.Claim {
	claim := wire.Claim{Order: order, Subjects: make([]wire.Text, len(people))}
	for i, p := range people {
		claim.Subjects[i] = wire.Text(p.Kind + ":" + p.Value.Reveal())
	}
	return claim
}

// Recorded writes an answer with the receipt of its record.
func Recorded(q commands.Action, a commands.Answer, r commands.Receipt) wire.Answer {
	w, receipt := Answer(q.Action, a), Receipt(r)
	w.Receipt = &receipt
	return w
}

// Answer writes an answer in the contract's words.
func Answer(asked dossier.Action, a commands.Answer) wire.Answer {
	w := wire.Answer{Permitted: a.Permitted(), Basis: string(a.Basis), Version: a.Version}
	if a.Version > 0 {
		w.Instruction = string(asked.Instruction)
	}
	for _, f := range a.Findings.List() {
		w.Reasons = append(w.Reasons, wire.Reason{Code: f.Code(), Article: f.Article(), Message: f.Message(), Remedy: f.Remedy()})
	}
	return w
}
