package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bundle/derive"
)

const (
	processorDeclared = "daybook.processor.declared.v1"
	recipientDeclared = "daybook.recipient.declared.v1"
	contactDeclared   = "daybook.contact.declared.v1"
	caseReceived      = "daybook.case.received.v1"
	caseTransferred   = "daybook.case.transferred.v1"
	orderReceived     = "daybook.court-order.received.v1"
)

func isCourtOrder(e derive.Event) bool { return strings.HasPrefix(e.Type(), "daybook.court-order.") }

// gathering chooses the entries of a scope. The log is read once, into a spool of what may be in it; what is, is known only then: an
// order that is secret, or a recipient that is named, may stand anywhere.
type gathering struct {
	scope Scope
	now   time.Time
	spool *spool
	// mark are texts of which an entry has one where it may be in the scope; whoever reads millions of entries parses few.
	mark [][]byte

	secret    []string // texts that only entries hold which must not be told of, in quotes
	authority []string // the recipients that gave such orders, in quotes
	open      []string // the orders that may be told of
	named     names
}

// names are what entries name of the register.
type names map[string]bool

func (n names) add(kind string, list ...string) {
	for _, name := range list {
		if name != "" {
			n[kind+name] = true
		}
	}
}

func (n names) has(kind, name string) bool { return n[kind+name] }

func quoted(s string) string { return `"` + s + `"` }

// gather reads the log up to the size of the checkpoint.
func (g *gathering) gather(ctx context.Context, log Log, size domain.Position, progress func(domain.Position)) error {
	g.marks()
	if size == 0 {
		return nil
	}
	for batch, err := range log.Read(ctx, 0) {
		if err != nil {
			return errors.Wrap(err, "read the log for a bundle")
		}
		for i, stored := range batch.Events {
			at := batch.At + domain.Position(i)
			if at == size {
				return nil
			}
			if err := g.take(at, stored); err != nil {
				return err
			}
		}
		progress(min(batch.End(), size))
		if batch.End() >= size {
			return nil
		}
		if batch.CaughtUp {
			return errors.AssertionFailedf("the log ends before what was signed")
		}
	}
	return errors.Wrap(domain.ErrUnavailable, "the making of the bundle was ended")
}

// marks says by which texts entries of the scope are known.
func (g *gathering) marks() {
	g.mark = [][]byte{[]byte(".declared.v1"), []byte("daybook.instruction."), []byte("daybook.court-order.")}
	if !g.scope.narrow() {
		g.mark = append(g.mark, []byte(quoted(string(g.scope.Controller))), []byte(`"/`+string(g.scope.Controller)+"/"))
		return
	}
	for _, key := range g.scope.Subjects {
		g.mark = append(g.mark, []byte(quoted(key.String())))
	}
	for _, id := range g.scope.Cases {
		g.mark = append(g.mark, []byte(quoted(id)))
	}
}

// take spools an entry that may be in the scope, and learns what it says of others.
func (g *gathering) take(at domain.Position, stored []byte) error {
	if !slices.ContainsFunc(g.mark, func(m []byte) bool { return bytes.Contains(stored, m) }) {
		return nil
	}
	e, err := derive.Read(uint64(at), stored)
	if err != nil {
		return errors.Wrap(err, "read an entry for a bundle")
	}
	if e.Controller() == string(g.scope.Controller) {
		g.learn(e)
	}
	if !g.scope.holds(e) {
		return nil
	}
	return g.spool.add(at, stored)
}

// learn takes from an entry of the controller which cases are of the people, and which orders are secret.
func (g *gathering) learn(e derive.Event) {
	switch e.Type() {
	case caseReceived:
		if id := e.Text("case"); g.scope.narrow() && g.scope.of(e) && !slices.Contains(g.scope.Cases, id) {
			g.scope.Cases = append(g.scope.Cases, id)
			g.mark = append(g.mark, []byte(quoted(id)))
		}
	case orderReceived:
		until, err := time.Parse(time.RFC3339Nano, e.Text("forbiddenUntil"))
		if err != nil || !g.now.Before(until) {
			g.open = append(g.open, e.Text("order"))
			return
		}
		g.secret = append(g.secret, quoted(e.Text("order")), quoted(e.Text("reference")))
		g.authority = append(g.authority, quoted(e.Text("authority")))
	}
}

// untold says that the law forbids telling of an entry (Art. 28(3)(a)). It says so rather too often: of a hold or a look that may be
// for such an order, too, and of a step of a case that names the court.
func (g *gathering) untold(e derive.Event, stored []byte) bool {
	if len(g.secret) == 0 {
		return false
	}
	mentions := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return bytes.Contains(stored, []byte(s)) })
	}
	switch {
	case mentions(g.secret), e.Text("reason") == "authority":
	// Whoever asks under an order is no recipient who is told of a case (Art. 4(9), 19); elsewhere they may be a recipient like others.
	case strings.HasPrefix(e.Type(), "daybook.case.") && mentions(g.authority) && !slices.Contains(g.open, e.Text("order")):
	default:
		return false
	}
	if hold := e.Text("hold"); hold != "" && !slices.Contains(g.secret, quoted(hold)) {
		g.secret = append(g.secret, quoted(hold))
	}
	return true
}

// settle goes over the spool for what entries name. Where only instructions are in the bundle that are named, it does so again, for
// what those name, such as recipients.
func (g *gathering) settle() error {
	g.named = names{}
	times := 1
	if g.scope.narrow() {
		times = 2
	}
	for range times {
		if err := g.spool.each(func(at domain.Position, stored []byte) error {
			e, err := derive.Read(uint64(at), stored)
			if err != nil || !g.in(e, stored) {
				return err
			}
			g.name(e)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// name notes what an entry names.
func (g *gathering) name(e derive.Event) {
	g.named.add("instruction/", e.Text("instruction"))
	g.named.add("order/", e.Text("order"))
	g.named.add("recipient/", append(append(e.Texts("authorised"), e.Texts("refused")...), e.Text("recipient"), e.Text("authority"))...)
	g.named.add("recipient/", placesOf(e)...)
}

// in says that a spooled entry is in the bundle.
func (g *gathering) in(e derive.Event, stored []byte) bool {
	if !g.scope.Regulator && g.untold(e, stored) {
		return false
	}
	switch t := e.Type(); {
	case t == recipientDeclared:
		return g.named.has("recipient/", e.Text("recipient"))
	case t == caseTransferred && e.Text("to") != "": // it names another controller
		return false
	case !g.scope.narrow():
		return true
	case isCourtOrder(e):
		return g.named.has("order/", e.Text("order"))
	case strings.HasPrefix(t, "daybook.instruction."):
		return g.named.has("instruction/", e.Text("instruction"))
	}
	return true
}

// placesOf gives the recipients that an entry names in its terms or as places of data.
func placesOf(e derive.Event) (list []string) {
	var terms struct {
		Recipients []string `json:"recipients"`
	}
	type place struct{ Kind, Name string }
	var one place
	var several []place
	// What is there and is something else names nobody.
	_ = json.Unmarshal(e.Data["terms"], &terms)
	_ = json.Unmarshal(e.Data["place"], &one)
	_ = json.Unmarshal(e.Data["places"], &several)
	for _, p := range append(several, one) {
		if p.Kind == "recipient" {
			list = append(list, p.Name)
		}
	}
	return append(list, terms.Recipients...)
}
