package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Declaration reads a register document into the write side's words. State is what is recorded: a document that declares only a
// part may refer to it. It returns domain.ErrInvalid with every place that is wrong, up to 50, and what to write there instead.
func Declaration(doc wire.Register, state commands.State) (commands.Declaration, error) {
	d := &declaring{doc: doc, state: state, seen: map[string]bool{}}
	d.processor()
	for i, r := range doc.Recipients {
		d.recipient("/recipients/"+strconv.Itoa(i), r)
	}
	for i, c := range doc.Controllers {
		d.controller("/controllers/"+strconv.Itoa(i), c)
	}
	if n := len(d.wrong); n > 0 {
		hint := "Correct the document and send it again."
		if n > 1 {
			hint = strconv.Itoa(n) + " places are to be corrected; errors lists them."
		}
		return commands.Declaration{}, problem.Fields(d.wrong[:min(n, maxWrong)], hint)
	}
	return d.out, nil
}

// maxWrong is how many places a refusal names at most.
const maxWrong = 50

// declaring gathers what a document declares, and every place where it is wrong.
type declaring struct {
	doc   wire.Register
	state commands.State
	out   commands.Declaration
	wrong []wire.FieldError
	seen  map[string]bool
}

// fault notes what is wrong at a place, in the words that say what to write instead.
func (d *declaring) fault(pointer string, err error) {
	if err == nil {
		return
	}
	detail := strings.Join(errors.GetAllHints(err), " ")
	if detail == "" {
		detail = problem.Redacted(err)
	}
	d.wrong = append(d.wrong, wire.FieldError{Pointer: pointer, Detail: detail})
}

func (d *declaring) say(pointer, detail string) {
	d.wrong = append(d.wrong, wire.FieldError{Pointer: pointer, Detail: detail})
}

// once notes a name that stands twice.
func (d *declaring) once(pointer, kind, owner, id string) {
	key := kind + " " + owner + " " + id
	if d.seen[key] {
		d.say(pointer, "This name stands twice; declare each "+kind+" once.")
	}
	d.seen[key] = true
}

// parsed reads one value with its parser.
func parsed[T any](d *declaring, pointer, text string, parse func(string) (T, error)) T {
	v, err := parse(text)
	d.fault(pointer, err)
	return v
}

// listed reads a list of values.
func listed[T any](d *declaring, pointer string, texts []string, parse func(string) (T, error)) []T {
	if len(texts) == 0 {
		return nil
	}
	list := make([]T, len(texts))
	for i, text := range texts {
		list[i] = parsed(d, pointer+"/"+strconv.Itoa(i), text, parse)
	}
	return list
}

// optionally reads a value that may be absent.
func optionally[T ~string](d *declaring, pointer, text string, parse func(string) (T, error)) T {
	if text == "" {
		return ""
	}
	return parsed(d, pointer, text, parse)
}

func (d *declaring) text(pointer, text string) { d.fault(pointer, domain.ValidText(text)) }

func (d *declaring) processor() {
	p := d.doc.Processor
	if p == nil {
		return
	}
	before := len(d.wrong)
	d.text("/processor/name", p.Name)
	fact := register.ProcessorDeclared{
		Name: p.Name, Registration: p.Registration, Measures: p.Measures,
		Regime:    parsed(d, "/processor/regime", p.Regime, domain.ParseRegime),
		Territory: listed(d, "/processor/territory", p.Territory, domain.ParseTerritory),
	}
	if len(p.Measures) == 0 {
		fact.Measures = nil
	}
	for i, measure := range p.Measures {
		d.text("/processor/measures/"+strconv.Itoa(i), measure)
	}
	d.decide("/processor", before, func() error { _, err := fact.Decide(register.State{}); return err })
	d.out.Processor = &fact
	d.contacts("/processor/contacts", register.Itself, p.Contacts)
}

// decide lets the domain judge what could be read; what could not is noted already.
func (d *declaring) decide(pointer string, before int, judge func() error) {
	if len(d.wrong) == before {
		d.fault(pointer, judge())
	}
}

func (d *declaring) recipient(at string, r wire.Recipient) {
	before := len(d.wrong)
	fact := register.RecipientDeclared{
		Recipient: parsed(d, at+"/id", r.ID, domain.ParseName[domain.RecipientID]), Name: r.Name, Kind: register.Kind(r.Kind),
		Country:   parsed(d, at+"/country", r.Country, domain.ParseLocation),
		Safeguard: r.Safeguard, Contract: r.Contract,
	}
	if r.Announced != "" {
		fact.Announced = parsed(d, at+"/announced", r.Announced, parseDay)
	}
	d.once(at+"/id", "recipient", "", r.ID)
	d.text(at+"/name", r.Name)
	d.decide(at, before, func() error { _, err := fact.Decide(register.State{}); return err })
	d.out.Recipients = append(d.out.Recipients, fact)
}

func (d *declaring) controller(at string, c wire.Controller) {
	before := len(d.wrong)
	fact := register.ControllerDeclared{
		Controller: parsed(d, at+"/id", c.ID, domain.ParseName[domain.ControllerID]), Name: c.Name,
		Regime:  parsed(d, at+"/regime", c.Regime, domain.ParseRegime),
		Country: parsed(d, at+"/country", c.Country, domain.ParseLocation), Callbacks: c.Callbacks,
		Nation: optionally(d, at+"/nation", c.Nation, domain.ParseNation),
	}
	d.once(at+"/id", "controller", "", c.ID)
	d.text(at+"/name", c.Name)
	d.decide(at, before, func() error { _, err := fact.Decide(register.State{}); return err })
	d.out.Controllers = append(d.out.Controllers, fact)
	d.authorisation(at+"/subProcessors", fact, c.SubProcessors)
	d.contacts(at+"/contacts", fact.Controller, c.Contacts)
	for i, s := range c.Services {
		d.service(at+"/services/"+strconv.Itoa(i), fact, s)
	}
	for i, instruction := range c.Instructions {
		d.instruction(at+"/instructions/"+strconv.Itoa(i), fact, c, instruction)
	}
}

func (d *declaring) service(at string, c register.ControllerDeclared, s wire.Service) {
	before := len(d.wrong)
	within := parsed(d, at+"/reportsWithin", s.ReportsWithin, parseWithin)
	fact := register.ServiceDeclared{
		Controller: c.Controller, Service: parsed(d, at+"/id", s.ID, domain.ParseName[domain.ServiceID]), Name: s.Name,
		ReportsWithin: int64(within / time.Second),
	}
	d.once(at+"/id", "service", string(c.Controller), s.ID)
	d.text(at+"/name", s.Name)
	known := register.State{Controllers: map[domain.ControllerID]register.ControllerDeclared{c.Controller: c}}
	d.decide(at, before, func() error { _, err := fact.Decide(known); return err })
	d.out.Services = append(d.out.Services, fact)
}

// parseWithin reads 24h, 90m, P1D or P2W in whole seconds. Months and years have no length of their own.
func parseWithin(s string) (time.Duration, error) {
	if s == "" {
		return register.DefaultReportsWithin, nil
	}
	if strings.HasPrefix(s, "P") {
		if p, err := domain.ParsePeriod(s); err == nil && p.Years == 0 && p.Months == 0 {
			return time.Duration(p.Days) * 24 * time.Hour, nil
		}
	} else if within, err := time.ParseDuration(s); err == nil && within%time.Second == 0 {
		return within, nil
	}
	return 0, errors.WithHint(errors.Wrap(domain.ErrInvalid, "reporting time"), "Write hours and minutes as 24h or 90m, days as P1D, weeks as P2W.")
}

func (d *declaring) contacts(at string, owner domain.ControllerID, contacts []wire.Contact) {
	for i, c := range contacts {
		at := at + "/" + strconv.Itoa(i)
		id := parsed(d, at+"/id", c.ID, domain.ParseName[domain.ContactID])
		d.once(at+"/id", "contact", string(owner), c.ID)
		d.text(at+"/role", c.Role)
		for _, detail := range []struct {
			name string
			text wire.Text
		}{{"/name", c.Name}, {"/email", c.Email}, {"/phone", c.Phone}} {
			s := string(detail.text)
			if len(s) > domain.MaxTextBytes || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				d.say(at+detail.name, "Write at most 200 bytes on one line.")
			}
		}
		details, err := json.Marshal(contactDetails{c.Name, c.Email, c.Phone})
		d.fault(at, err)
		d.out.Contacts = append(d.out.Contacts, commands.Contact{
			Controller: owner, Contact: id, Role: c.Role, Details: domain.NewPersonal(string(details)),
		})
	}
}

// contactDetails is what is sealed of a contact. The order of its members is kept: details are compared byte for byte.
type contactDetails struct {
	Name  wire.Text `json:"name,omitempty"`
	Email wire.Text `json:"email,omitempty"`
	Phone wire.Text `json:"phone,omitempty"`
}
