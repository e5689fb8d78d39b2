package api

import (
	"context"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// by gives who asks and why, from the headers of the request. It returns domain.ErrInvalid.
func (c *call) by() (oversight.By, error) {
	h := c.r.Header
	by, err := oversight.ParseBy(h.Get(wire.HeaderActor), h.Get(wire.HeaderReason), h.Get(wire.HeaderCase))
	return by, errors.Wrap(err, "headers of the request")
}

// looker describes the headers by which whoever looks says who they are and why.
func looker() []*huma.Param {
	header := func(name, description string, known ...any) *huma.Param {
		return &huma.Param{Name: name, In: "header", Description: description, Schema: &huma.Schema{Type: "string", Enum: known}}
	}
	var reasons []any
	for _, reason := range wire.LookReasons {
		reasons = append(reasons, reason)
	}
	return []*huma.Param{
		header(wire.HeaderActor, "Who looks: the id of a contact in the register or of a user, never a name. It is recorded as a claim."),
		header(wire.HeaderReason, "Why.", reasons...),
		header(wire.HeaderCase, "The case for which somebody looks."),
	}
}

// glance is a look at one person's record.
type glance struct {
	of   person
	view oversight.View
	// opens says that what rests sealed is to be opened.
	opens bool
}

// looked records that the caller looks. It is called when it is known whose record it is and before anything of it is shown. Only
// where sealed details are opened does it wait for the log.
func (c *call) looked(g glance) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	var as uint64
	if c.as != nil {
		as = uint64(c.as.position)
	}
	if !g.opens {
		return c.api.cfg.Ledger.Looked(oversight.RecordViewed{By: by, Controller: g.of.controller, Subjects: g.of.keys, View: g.view, At: as})
	}
	return c.revealed(oversight.DetailsRevealed{By: by, Controller: g.of.controller, Subjects: g.of.keys, View: g.view, At: as})
}

// lookedAtCase is looked for a case: the case is also what it is done for, where nothing else was named.
func (c *call) lookedAtCase(r request.Received, view oversight.View, opens bool) error {
	if c.r.Header.Get(wire.HeaderCase) == "" {
		c.r.Header.Set(wire.HeaderCase, string(r.Case))
	}
	return c.looked(glance{of: person{r.Controller, r.Subjects}, view: view, opens: opens})
}

// opened records that the caller has opened what is no person's record: contacts, or a message that was set aside.
func (c *call) opened(controller domain.ControllerID, view oversight.View) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	return c.revealed(oversight.DetailsRevealed{By: by, Controller: controller, View: view})
}

// mayShow is looksAtSecrets where the body asks for what the law forbids telling.
func (c *call) mayShow(asked bool) error {
	if !asked {
		return nil
	}
	return c.looksAtSecrets()
}

// looksAtSecrets records that the caller is shown, or told the number of, what the law forbids telling the controller and the person
// (Art. 28(3)(a)). It asks who looks and why, and names neither the controller nor the person whose it is: their own lists of who looked
// would give it away.
func (c *call) looksAtSecrets() error {
	by, err := c.by()
	if err != nil {
		return err
	}
	if by.Known == oversight.Unnamed || by.Reason == oversight.Unstated {
		return problem.New(wire.Forbidden, "what the law forbids telling is shown to nobody who does not say who asks and why",
			"Send the headers Daybook-Actor and Daybook-Reason (daybook: --as and --reason). Each such look is recorded. It is for us and the "+
				"regulator, never for the client or the person.")
	}
	return c.revealed(oversight.DetailsRevealed{By: by, View: oversight.Secret})
}

func (c *call) revealed(r oversight.DetailsRevealed) error {
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	return c.api.cfg.Ledger.Revealed(ctx, r)
}

// lookSentence says who looked at what, such as "petra opened details in the trail, to answer a request (case case-1)".
func lookSentence(by oversight.By, fact domain.Fact) string {
	who := string(by.Actor)
	if by.Known == oversight.Unnamed {
		who = "Somebody who was not named"
	}
	var did string
	switch f := fact.(type) {
	case oversight.RecordViewed:
		did = "looked at " + viewWords(f.View)
	case oversight.DetailsRevealed:
		did = "opened what rests sealed: " + viewWords(f.View)
	case oversight.ExportMade:
		did = "exported " + f.What + " as " + f.Format + ", " + rowsWords(f.Rows)
	case oversight.VerificationMade:
		did = "checked the history"
		if f.From > 0 {
			did += " from entry " + strconv.FormatUint(f.From, 10) + " on"
		}
		if f.Intact {
			did += " and found it intact"
		} else {
			did += " and found it changed"
		}
	}
	why := reasonWords(by.Reason)
	if by.Case != "" {
		why += ", case " + by.Case
	}
	return who + " " + did + ", " + why
}

func rowsWords(n uint64) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.FormatUint(n, 10) + " rows"
}

func viewWords(v oversight.View) string {
	switch v {
	case oversight.Trail:
		return "the trail"
	case oversight.Holdings:
		return "what is held"
	case oversight.Whole:
		return "the whole record"
	case oversight.Standing:
		return "what stands about the person"
	case oversight.Places:
		return "where the person's data are"
	case oversight.Cases:
		return "the person's cases"
	case oversight.Case:
		return "a case"
	case oversight.Report:
		return "the answer to a request for access"
	case oversight.Looks:
		return "who looked"
	case oversight.Details:
		return "details"
	case oversight.Contacts:
		return "the particulars of contacts"
	case oversight.Entries:
		return "entries of the log"
	case oversight.SetAside:
		return "a message that was set aside"
	case oversight.Secret:
		return "what the law forbids telling the client and the person"
	}
	return string(v)
}

func reasonWords(r oversight.Reason) string {
	switch r {
	case oversight.ForRequest:
		return "to answer a request"
	case oversight.Complaint:
		return "about a complaint"
	case oversight.Instruction:
		return "because the client asked"
	case oversight.Audit:
		return "for an audit"
	case oversight.Incident:
		return "about an incident"
	case oversight.Authority:
		return "because an authority asked"
	case oversight.Support:
		return "to help somebody"
	case oversight.Operation:
		return "to keep the ledger running"
	case oversight.Unstated:
	}
	return "without saying why"
}
