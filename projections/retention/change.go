package retention

import (
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// act takes in one action.
func (f *folder) act(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	effect := a.Operation.Effect()
	if effect == domain.Neither && a.Order == "" {
		return nil
	}
	var under *terms
	if effect == domain.Brings && a.Version > 0 {
		var err error
		if under, err = f.book.termsOf(conn, termsKey{scope{a.Controller, a.Instruction}, a.Version}); err != nil {
			return err
		}
	}
	if effect == domain.Brings && under == nil && a.Operation != domain.Move && a.Order == "" {
		return nil // What no instruction covers has no period; that it is there at all is a finding.
	}
	key, p, err := f.person(conn, a.Subject)
	if err != nil {
		return err
	}
	changed := false
	if under != nil {
		if err := f.bring(conn, p, e, a, under); err != nil {
			return err
		}
		changed = true
	}
	at := tuple{controller: a.Controller, system: a.System, service: a.Service}
	took := taking{at: e.Time.UnixMilli(), position: int64(e.Position), operation: a.Operation, categories: a.Categories}
	if a.Operation == domain.Move && a.From != "" && a.From != a.System {
		at.system, took.moved = a.From, true
	}
	took.from = at.place()
	if a.Operation.Removal() || took.moved {
		some, err := f.take(conn, p, took)
		if err != nil {
			return err
		}
		changed = changed || some
	}
	if a.Answers(dossier.TaskErase) {
		for i := range p.items {
			if p.items[i].order == a.Order {
				p.items[i].order, changed = "", true
			}
		}
	}
	if changed {
		f.touch(key, p)
	}
	return nil
}

// bring takes in an action that brought data.
func (f *folder) bring(conn *sqlite.Conn, p *person, e *domain.Recorded, a *dossier.ActionRecorded, under *terms) error {
	id, err := f.name(conn, ofItem, string(a.Controller), string(a.Instruction), a.System, string(a.Service))
	if err != nil {
		return err
	}
	categories := slices.Clone(a.Categories)
	if len(categories) == 0 {
		categories = append(categories, "")
	}
	slices.Sort(categories)
	categories = slices.Compact(categories)
	at, position := e.Time.UnixMilli(), int64(e.Position)
	clock, fresh := p.clock(a, at)
	n, found := slices.BinarySearchFunc(p.items, id, func(i item, id int64) int { return int(i.tuple - id) })
	if !found {
		of, err := f.book.tuple(conn, id)
		if err != nil {
			return err
		}
		// Numbers are given in the order of events, so that they are the same however events are grouped.
		if _, err := f.name(conn, ofController, string(a.Controller)); err != nil {
			return err
		}
		p.items = slices.Insert(p.items, n, item{tuple: id, of: of, done: true, clock: clock})
		n = p.prune(n)
	}
	i := &p.items[n]
	switch {
	case i.done && found && at < i.closed:
		return nil // It was removed after that, whatever order the reports came in.
	case i.done:
		*i = item{tuple: i.tuple, of: i.of, first: at, firstAt: position, clock: max(clock, i.clock), tries: i.tries, sent: i.sent}
		i.newest, i.newestAt, i.version, i.terms = at, position, a.Version, under
	default:
		i.first = min(i.first, at)
		if fresh {
			i.clock = max(i.clock, clock)
		}
		if at >= i.newest {
			i.newest, i.newestAt, i.version, i.terms = at, position, a.Version, under
		}
		categories = union(i.categories, categories)
	}
	return f.describe(conn, i, categories)
}

// maxDone bounds how many items are remembered of a person that are done.
const maxDone = 64

// prune forgets the item that was done first where there are too many, and gives the place of the one at n.
func (p *person) prune(n int) int {
	done, first := 0, -1
	for at := range p.items {
		if i := &p.items[at]; i.done && at != n {
			if done++; first < 0 || i.closedAt < p.items[first].closedAt {
				first = at
			}
		}
	}
	if done <= maxDone {
		return n
	}
	p.items = slices.Delete(p.items, first, first+1)
	if first < n {
		n--
	}
	return n
}

// clock gives from when what an action brought is kept, and whether that is when it happened: what was made from data that was
// there before is as old as that.
func (p *person) clock(a *dossier.ActionRecorded, at int64) (clock int64, fresh bool) {
	switch a.Operation {
	case domain.Copy, domain.Move, domain.Derive:
	default:
		return at, true
	}
	found, all := false, false
	for i := range p.items {
		o := &p.items[i]
		if o.of.controller != a.Controller || o.of.instruction != a.Instruction || o.clock > at {
			continue
		}
		// The system that it was taken from knows better than the others.
		from := a.From != "" && o.of.system == a.From
		switch {
		case from && !found, !from && !found && !all:
			clock, found, all = o.clock, from, true
		case from == found:
			clock = max(clock, o.clock)
		}
	}
	if !all {
		return at, true
	}
	return clock, false
}

func union(a, b []domain.Category) []domain.Category {
	for _, c := range b {
		if !slices.Contains(a, c) {
			all := append(slices.Clone(a), b...)
			slices.Sort(all)
			return slices.Compact(all)
		}
	}
	return a
}

// describe gives an item its categories.
func (f *folder) describe(conn *sqlite.Conn, i *item, categories []domain.Category) error {
	if slices.Equal(i.categories, categories) && i.set != 0 {
		return nil
	}
	f.text = append(f.text[:0], ofSet)
	for _, c := range categories {
		f.text = appendPart(f.text, string(c))
	}
	id, err := f.names.ID(conn, f.text)
	if err != nil {
		return err
	}
	i.set = id
	i.categories, err = f.book.set(conn, id)
	return err
}

// taking is what took data away.
type taking struct {
	at, position int64
	from         system
	operation    domain.Operation
	categories   []domain.Category // none for all
	moved        bool              // to another system
}

// take takes data away, and says whether any was.
func (f *folder) take(conn *sqlite.Conn, p *person, t taking) (changed bool, err error) {
	for n := range p.items {
		i := &p.items[n]
		if i.done || i.of.place() != t.from || t.at < i.newest || i.newestAt == t.position ||
			!t.moved && !i.terms.erases(t.operation) {
			continue
		}
		var rest []domain.Category
		if len(t.categories) > 0 {
			rest = slices.DeleteFunc(slices.Clone(i.categories), func(c domain.Category) bool { return slices.Contains(t.categories, c) })
		}
		switch {
		case len(rest) == len(i.categories):
			continue
		case len(rest) == 0:
			i.done, i.closed, i.closedAt = true, t.at, t.position
			if i.closedBy, err = f.name(conn, ofOperation, string(t.operation)); err != nil {
				return false, err
			}
		default:
			if err := f.describe(conn, i, rest); err != nil {
				return false, err
			}
		}
		changed = true
	}
	return changed, nil
}

// occasion takes in that something happened which periods run from or end by.
func (f *folder) occasion(conn *sqlite.Conn, of dossier.Of, id domain.InstructionID, k kind, e *domain.Recorded) error {
	number, err := f.name(conn, ofScope, string(of.Controller), string(id))
	if err != nil || k == nothing {
		return err
	}
	key, p, err := f.person(conn, of.Subject)
	if err != nil {
		return err
	}
	s, err := f.book.scope(conn, number)
	if err != nil {
		return err
	}
	if p.note(occasion{number, s, k, e.Time.UnixMilli()}) {
		f.touch(key, p)
	}
	return nil
}

// note keeps the newest time of an occasion.
func (p *person) note(o occasion) bool {
	n, found := slices.BinarySearchFunc(p.occasions, o, func(a, b occasion) int {
		if a.scope != b.scope {
			return int(a.scope - b.scope)
		}
		return int(a.kind) - int(b.kind)
	})
	switch {
	case !found:
		p.occasions = slices.Insert(p.occasions, n, o)
	case p.occasions[n].at < o.at:
		p.occasions[n].at = o.at
	default:
		return false
	}
	return true
}

// ordered takes in that a service was told to erase.
func (f *folder) ordered(conn *sqlite.Conn, e *domain.Recorded, o *dossier.OrderSent) error {
	if o.Kind != dossier.TaskErase {
		return nil
	}
	key, p, err := f.person(conn, o.Subject)
	if err != nil {
		return err
	}
	for n := range p.items {
		i := &p.items[n]
		if !i.done && i.of.controller == o.Controller && i.of.service == o.Service && i.of.instruction == o.Instruction &&
			i.of.system == o.System {
			i.order, i.sent = o.Order, e.Recorded.UnixMilli()
			i.tries++
			f.touch(key, p)
		}
	}
	return nil
}
