package api

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	view "github.com/jigowatt/daybook/projections/register"
)

func (a *API) registerRoutes() {
	a.declareRoutes()
	at := func(more ...*huma.Param) []*huma.Param {
		return append(more, awaits(), asOf(), onDay("Instructions are as the client had given and withdrawn them by then. A declaration has no date of its own: "+
			"the first counts from the beginning, that of an announced sub-processor from its announcement, and a change since it was declared."))
	}
	tags := []string{"register"}
	get(a, huma.Operation{
		Path: "/register", OperationID: "register", Tags: tags, Summary: "The whole register",
		Description: "Contacts' names, addresses and numbers are opened only where reveal=contacts asks for them.",
		Parameters:  at(append(looker(), query("reveal", "string", "contacts, or nothing."))...),
	}, (*call).register)
	get(a, huma.Operation{
		Path: "/controllers/{controller}/instructions", OperationID: "instructions", Tags: tags,
		Summary: "A controller's instructions, the newest version of each", Parameters: at(),
	}, (*call).instructions)
	get(a, huma.Operation{
		Path: "/controllers/{controller}/instructions/{instruction}", OperationID: "instruction", Tags: tags,
		Summary: "All versions of an instruction, oldest first", Parameters: at(),
	}, (*call).versions)
	get(a, huma.Operation{
		Path: "/controllers/{controller}/instructions/{instruction}/basis", OperationID: "basis", Tags: tags,
		Summary:    "Which basis the instruction gave on a date, as known at a position",
		Parameters: []*huma.Param{awaits(), asOf(), query("on", "string", "A day as 2026-11-23, which stands for its end, or a moment; now.")},
		Metadata:   map[string]any{itsOwnDates: true},
	}, (*call).basisOn)
	get(a, huma.Operation{Path: "/recipients", OperationID: "recipients", Tags: tags, Summary: "All recipients", Parameters: at()},
		func(c *call) (wire.Recipients, domain.Position, error) {
			r, err := c.registered()
			return wire.Recipients{Recipients: recipients(r), Position: uint64(r.Position)}, r.Position, err
		})
	get(a, huma.Operation{Path: "/services", OperationID: "services", Tags: tags, Summary: "All services", Parameters: at()},
		func(c *call) (wire.Services, domain.Position, error) {
			r, err := c.registered()
			out := wire.Services{Services: []wire.ServiceView{}, Position: uint64(r.Position)}
			for _, key := range sorted(r.Services, serviceOrder) {
				out.Services = append(out.Services, serviceView(r.Services[key]))
			}
			return out, r.Position, err
		})
}

// registered gives the register as of the position that is asked for, or as it was on the date.
func (c *call) registered() (view.Snapshot, error) {
	if c.on != nil {
		return c.registeredOn()
	}
	if c.as != nil {
		return c.as.register, nil
	}
	registers, err := c.registers()
	if err != nil {
		return view.Snapshot{}, err
	}
	r, err := registers.All(c.ctx(), nil)
	return r, errors.Wrap(err, "register as of a position")
}

func (c *call) registeredOn() (view.Snapshot, error) {
	told, err := c.told(view.Name)
	if err != nil {
		return view.Snapshot{}, err
	}
	r, err := view.New(told).All(c.ctx(), nil)
	if err != nil {
		return r, errors.Wrap(err, "register on a date")
	}
	for _, versions := range r.Instructions {
		for i := range versions {
			v := &versions[i]
			v.GivenAt = domain.Position(c.placed(v.GivenAt))
			if v.WithdrawnAt != nil {
				*v.WithdrawnAt = domain.Position(c.placed(*v.WithdrawnAt))
			}
		}
	}
	r.Position = c.on.whole.End()
	return r, nil
}

// sorted gives the keys of a map in their order.
func sorted[K comparable, V any](m map[K]V, order func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), order)
}

func serviceOrder(a, b register.ServiceKey) int {
	return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Service, b.Service))
}

func contactOrder(a, b register.ContactKey) int {
	return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Contact, b.Contact))
}

// register gives everything.
func (c *call) register() (wire.RegisterView, domain.Position, error) {
	reveal := c.query("reveal")
	if reveal != "" && reveal != "contacts" {
		return wire.RegisterView{}, 0, problem.New(wire.InvalidField, "nothing of that name can be revealed", "Write reveal=contacts, or leave it out.")
	}
	r, err := c.registered()
	if err != nil {
		return wire.RegisterView{}, 0, err
	}
	if reveal != "" {
		if err := c.opened("", oversight.Contacts); err != nil {
			return wire.RegisterView{}, 0, err
		}
	}
	contacts, err := c.contacts(r.State, reveal != "")
	if err != nil {
		return wire.RegisterView{}, 0, err
	}
	out := wire.RegisterView{Recipients: recipients(r), Controllers: []wire.ControllerView{}, Position: uint64(r.Position)}
	if p := r.Processor; p != nil {
		out.Processor = &wire.ProcessorView{
			Name: p.Name, Registration: p.Registration, Regime: string(p.Regime), Territory: texts(p.Territory), Measures: p.Measures,
			Contacts: contacts[register.Itself],
		}
	}
	for _, id := range sorted(r.Controllers, cmp.Compare[domain.ControllerID]) {
		controller := r.Controllers[id]
		w := wire.ControllerView{
			ID: string(id), Name: controller.Name, Regime: string(controller.Regime), Country: string(controller.Country), Nation: string(controller.Nation),
			Contacts: contacts[id], Instructions: newest(r, id),
		}
		for _, key := range sorted(r.Services, serviceOrder) {
			if key.Controller == id {
				w.Services = append(w.Services, serviceView(r.Services[key]))
			}
		}
		out.Controllers = append(out.Controllers, w)
	}
	return out, r.Position, nil
}

// contacts gives all contacts by whose they are, and opens their details at the last moment where they are to be revealed.
func (c *call) contacts(r register.State, reveal bool) (map[domain.ControllerID][]wire.ContactView, error) {
	out := map[domain.ControllerID][]wire.ContactView{}
	for _, key := range sorted(r.Contacts, contactOrder) {
		w, err := c.contact(r.Contacts[key], reveal)
		if err != nil {
			return nil, err
		}
		out[key.Controller] = append(out[key.Controller], w)
	}
	return out, nil
}

func recipients(r view.Snapshot) []wire.Recipient {
	out := []wire.Recipient{}
	for _, id := range sorted(r.Recipients, cmp.Compare[domain.RecipientID]) {
		e := r.Recipients[id]
		out = append(out, wire.Recipient{
			ID: string(id), Name: e.Name, Kind: string(e.Kind), Country: string(e.Country), Safeguard: e.Safeguard, Contract: e.Contract,
		})
	}
	return out
}

func serviceView(s register.ServiceDeclared) wire.ServiceView {
	within := time.Duration(s.ReportsWithin) * time.Second
	return wire.ServiceView{
		Controller: string(s.Controller), ID: string(s.Service), Name: s.Name, ReportsWithin: compactDuration(within),
	}
}

// compactDuration writes 24h0m0s as 24h, which a register document takes.
func compactDuration(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if s == "" || !strings.HasSuffix(s, "m") {
		return d.String()
	}
	if hours, ok := strings.CutSuffix(s, "h0m"); ok {
		return hours + "h"
	}
	return s
}

func texts[T ~string](list []T) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
