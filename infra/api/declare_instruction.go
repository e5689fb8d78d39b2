package api

import (
	"slices"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/wire"
)

func (d *declaring) instruction(at string, c register.ControllerDeclared, owner wire.Controller, in wire.Instruction) {
	before := len(d.wrong)
	terms := domain.Terms{
		Title: in.Title, Purpose: in.Purpose, Interest: in.Interest,
		Basis:      parsed(d, at+"/basis", in.Basis, domain.ParseBasis),
		Condition:  optionally(d, at+"/condition", in.Condition, domain.ParseCondition),
		Operations: listed(d, at+"/operations", in.Operations, domain.ParseOperation),
		Categories: listed(d, at+"/categories", in.Categories, domain.ParseCategory),
		Recipients: listed(d, at+"/recipients", in.Recipients, domain.ParseName[domain.RecipientID]),
		Territory:  listed(d, at+"/territory", in.Territory, domain.ParseTerritory),
		Safeguard:  in.Safeguard,
		Erasure:    listed(d, at+"/erasure", in.Erasure, domain.ParseOperation),
	}
	for i, r := range in.Retention {
		at := at + "/retention/" + strconv.Itoa(i)
		terms.Retention = append(terms.Retention, d.retention(at, r))
	}
	e := commands.Instruction{
		Controller: c.Controller, Instruction: parsed(d, at+"/id", in.ID, domain.ParseName[domain.InstructionID]), Terms: terms,
		Given: d.warrant(at+"/given", owner, in.Given),
	}
	if in.Withdrawn != nil {
		withdrawn := d.warrant(at+"/withdrawn", owner, *in.Withdrawn)
		e.Withdrawn = &withdrawn
	}
	d.once(at+"/id", "instruction", owner.ID, in.ID)
	for i, r := range terms.Recipients {
		d.knownRecipient(at+"/recipients/"+strconv.Itoa(i), r)
	}
	d.decide(at, before, func() error { return terms.Valid(c.Regime) })
	d.out.Instructions = append(d.out.Instructions, e)
}

func (d *declaring) retention(at string, r wire.Retention) domain.Retention {
	rule := domain.Retention{
		After:      parsed(d, at+"/after", r.After, domain.ParseTrigger),
		Categories: listed(d, at+"/categories", r.Categories, domain.ParseCategory),
	}
	if r.On != "" {
		rule.On = parsed(d, at+"/on", r.On, parseDay)
	}
	if r.Keep != "" || rule.After != domain.WhenDate {
		rule.Keep = parsed(d, at+"/keep", r.Keep, domain.ParsePeriod)
	}
	return rule
}

// ruled writes a rule of retention as it was declared.
func ruled(r domain.Retention) wire.Retention {
	w := wire.Retention{After: string(r.After), Keep: r.Keep.String(), Categories: texts(r.Categories)}
	if !r.On.IsZero() {
		w.On = asDay(r.On)
	}
	return w
}

// authorisation reads how a controller authorises sub-processors.
func (d *declaring) authorisation(at string, c register.ControllerDeclared, in *wire.Authorisation) {
	if in == nil {
		return
	}
	fact := register.AuthorisationDeclared{
		Controller: c.Controller, Mode: register.Mode(in.Mode),
		Authorised: listed(d, at+"/authorised", in.Authorised, domain.ParseName[domain.RecipientID]),
		Refused:    listed(d, at+"/refused", in.Refused, domain.ParseName[domain.RecipientID]),
	}
	if in.ObjectWithin != "" {
		fact.ObjectWithin = parsed(d, at+"/objectWithin", in.ObjectWithin, domain.ParsePeriod)
	}
	if fact.Mode != register.General && fact.Mode != register.Specific {
		d.say(at+"/mode", "Article 28(2): a controller authorises sub-processors in general or specific terms.")
	}
	for i, r := range slices.Concat(fact.Authorised, fact.Refused) {
		d.knownRecipient(at+"/"+strconv.Itoa(i), r)
	}
	d.out.Authorisations = append(d.out.Authorisations, fact)
}

func (d *declaring) knownRecipient(at string, r domain.RecipientID) {
	_, recorded := d.state.Register.Recipients[r]
	declared := slices.ContainsFunc(d.doc.Recipients, func(w wire.Recipient) bool { return w.ID == string(r) })
	if r != "" && !recorded && !declared {
		d.say(at, "Articles 28(2), 30(1)(d): declare the recipient under recipients.")
	}
}

// warrant reads who gave or withdrew an instruction, when and how.
func (d *declaring) warrant(at string, owner wire.Controller, in wire.Warrant) domain.Warrant {
	before := len(d.wrong)
	w := domain.Warrant{
		By: parsed(d, at+"/by", in.By, parseGiver), On: parsed(d, at+"/on", in.On, parseDay), How: domain.Manner(in.How),
		Reference: in.Reference, Then: domain.Afterwards(in.Then),
	}
	d.decide(at, before, w.Valid)
	_, recorded := d.state.Register.Contacts[register.ContactKey{Controller: domain.ControllerID(owner.ID), Contact: w.By}]
	declared := slices.ContainsFunc(owner.Contacts, func(c wire.Contact) bool { return c.ID == in.By })
	if w.By != "" && !recorded && !declared {
		d.say(at+"/by", "Article 28(3)(a): declare the contact among the controller's contacts.")
	}
	return w
}

func parseGiver(s string) (domain.ContactID, error) {
	id, err := domain.ParseName[domain.ContactID](s)
	if err != nil {
		err = errors.WithHint(errors.Wrap(domain.ErrInvalid, "giver of an instruction"),
			"Article 28(3)(a): name the controller's contact who gave it, by the contact's id.")
	}
	return id, err
}

// parseDay reads a day, or a moment.
func parseDay(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "day of an instruction"), "Write the day as 2026-01-05.")
}
