package disclosures

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
)

// Place is one place where copies of a person's data are or were, or a recipient that was given them.
//
// Data that an action brought without naming a system is with the service itself. A removal that names no category takes everything
// of the place; one that names no system takes what is with the service. A removal that names a recipient took place there, too. A
// move takes data away from where it came from. Each of a person's dossiers stands for itself: what was removed under one identifier
// may still be there under another. Only what the instruction counts as erasure closes a place (Art. 17, 28(3)(g)).
type Place struct {
	request.Place
	Items []Item // by category and dossier
	// Open says that any of the items is.
	Open bool
	// Locations are the countries that the actions named for the place.
	Locations []domain.Location
	// From are the systems from which copies came.
	From []string
	// Told is the newest event by which a recipient was told what became of the data it was given (Art. 19), nil where there is none.
	Told *Closing
	// First and Last are when data was brought or given there.
	First, Last     time.Time
	FirstAt, LastAt domain.Position
}

// Item is one category of data in a place.
type Item struct {
	// Category is empty where an action did not say what it brought.
	Category domain.Category
	Subject  domain.SubjectKey
	// Instruction and Version are those of the action that last brought it.
	Instruction domain.InstructionID
	Version     int
	Brought     domain.Position // the last time
	// Closed is the event that ended it, nil while it is open.
	Closed *Closing
	// Removal is a removal that the instruction does not count as erasure, nil where there was none.
	Removal *Closing
}

// Closing is the event that ended a copy.
type Closing struct {
	Position  domain.Position
	Time      time.Time
	Event     string // the event's id, as Source knows it
	Source    string
	Operation domain.Operation
	// Order is the order that the service answered, empty where it acted by itself.
	Order string
}

// Places lists where the data of the person with the subject keys, 1 to 64, is or was under a controller, and every recipient, by kind
// and name, and gives the position at which the view stood. It returns domain.ErrInvalid for another number of keys, and
// domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Places(ctx context.Context, c domain.ControllerID, subjects []domain.SubjectKey, sight projections.Sight) ([]Place, domain.Position, error) {
	if err := checked(subjects); err != nil {
		return nil, 0, err
	}
	list := []Place{}
	at, err := d.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		w, err := newWalk(conn, end, c, sight)
		if err != nil {
			return err
		}
		m := lineage{conn: conn, places: map[request.Place]*Place{}, erasure: map[version]*domain.Terms{}}
		for _, subject := range subjects {
			var broken error
			if err := w.walk(subject, 0, func(e *entry) bool { broken = m.take(e); return broken == nil }); err != nil || broken != nil {
				return errors.CombineErrors(err, broken)
			}
		}
		for _, p := range m.places {
			p.Open = slices.ContainsFunc(p.Items, func(i Item) bool { return i.Closed == nil })
			list = append(list, *p)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Place) int { return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return list, at, err
}

// lineage follows the copies of one person's data through the events, in the order of the log.
type lineage struct {
	conn    *sqlite.Conn
	places  map[request.Place]*Place
	erasure map[version]*domain.Terms
}

func (l *lineage) take(e *entry) error {
	s := e.shape
	if s.notice {
		if p := l.places[recipient(s)]; p != nil {
			p.Told = e.closing()
		}
		return nil
	}
	here := system(s)
	if s.operation.Removal() {
		counts, err := l.erases(s)
		if err != nil {
			return err
		}
		l.close(here, e, counts)
		if s.recipient != "" {
			l.close(recipient(s), e, counts)
		}
		return nil
	}
	if s.operation == domain.Move && s.from != "" && s.from != s.system {
		l.close(request.Place{Kind: request.System, Name: s.from}, e, true)
	}
	if s.operation.Effect() == domain.Brings || s.operation == domain.Transfer && s.system != "" {
		l.open(here, e)
	}
	if s.discloses() {
		l.open(recipient(s), e)
	}
	return nil
}

// system gives the place that an action was about: its system, or else the service.
func system(s *shape) request.Place {
	if s.system == "" {
		return request.Place{Kind: request.Service, Name: string(s.service)}
	}
	return request.Place{Kind: request.System, Name: s.system}
}

func recipient(s *shape) request.Place {
	return request.Place{Kind: request.Recipient, Name: string(s.recipient)}
}

// open takes in that data was brought to a place.
func (l *lineage) open(at request.Place, e *entry) {
	s, p := e.shape, l.places[at]
	if p == nil {
		p = &Place{Place: at, First: e.time, FirstAt: domain.Position(e.position)}
		l.places[at] = p
	}
	if position := domain.Position(e.position); position < p.FirstAt {
		p.First, p.FirstAt = e.time, position
	} else if position >= p.LastAt {
		p.Last, p.LastAt = e.time, position
		if at.Kind != request.Service {
			p.Service = s.service // who brought it last is asked to remove it
		}
	}
	p.Locations, p.From = with(p.Locations, s.location), with(p.From, s.from)
	categories := split(s.categories)
	if len(categories) == 0 {
		categories = []domain.Category{""}
	}
	for _, c := range categories {
		brought := Item{Category: c, Subject: e.subject, Instruction: s.instruction, Version: s.version, Brought: domain.Position(e.position)}
		i, known := slices.BinarySearchFunc(p.Items, brought, func(a, b Item) int {
			return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Subject, b.Subject))
		})
		if known {
			p.Items[i] = brought
		} else {
			p.Items = slices.Insert(p.Items, i, brought)
		}
	}
}

// close takes in that data was removed from a place.
func (l *lineage) close(at request.Place, e *entry, counts bool) {
	p, s := l.places[at], e.shape
	if p == nil {
		return
	}
	closing := e.closing()
	categories := split(s.categories)
	for i := range p.Items {
		item := &p.Items[i]
		switch {
		case item.Closed != nil || item.Subject != e.subject || len(categories) > 0 && !slices.Contains(categories, item.Category):
		case counts:
			item.Closed = closing
		default:
			item.Removal = closing
		}
	}
}

func (e *entry) closing() *Closing {
	return &Closing{
		Position: domain.Position(e.position), Time: e.time, Event: e.id, Source: domain.ServiceSource(e.shape.controller, e.shape.service),
		Operation: e.shape.operation, Order: e.order,
	}
}

// erases says that the terms under which data was removed count the removal as erasure.
func (l *lineage) erases(s *shape) (bool, error) {
	v := version{s.controller, s.instruction, s.version}
	t := l.erasure[v]
	if t == nil {
		t = &domain.Terms{}
		if err := rows(l.conn, "SELECT erasure FROM terms WHERE controller = ? AND instruction = ? AND version = ?", func(stmt *sqlite.Stmt) error {
			if list := stmt.ColumnText(0); list != "" {
				for _, op := range strings.Split(list, ",") {
					t.Erasure = append(t.Erasure, domain.Operation(op))
				}
			}
			return nil
		}, v.controller, v.instruction, v.number); err != nil {
			return false, err
		}
		l.erasure[v] = t
	}
	return t.Erases(s.operation), nil
}
