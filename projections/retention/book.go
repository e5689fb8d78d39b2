package retention

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
)

// The kinds of names.
const (
	ofItem       byte = iota // controller, instruction, system, service
	ofScope                  // controller, instruction
	ofController             // controller
	ofOperation              // operation
	ofSet                    // categories
)

// tuple is what one item is known by: what a service brought under an instruction into a system.
type tuple struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
	system      string
	service     domain.ServiceID
}

func (t *tuple) scope() scope { return scope{t.controller, t.instruction} }

// scope is an instruction of a controller.
type scope struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
}

type termsKey struct {
	scope
	version int
}

// terms are what a version of an instruction says of keeping and erasing.
type terms struct {
	Basis     domain.Basis       `json:"basis"`
	Retention []domain.Retention `json:"retention,omitempty"`
	Erasure   []domain.Operation `json:"erasure,omitempty"`
}

// byCategory says that not all categories are kept alike.
func (t *terms) byCategory() bool {
	return slices.ContainsFunc(t.Retention, func(r domain.Retention) bool { return len(r.Categories) > 0 })
}

func (t *terms) erases(op domain.Operation) bool {
	return domain.Terms{Erasure: t.Erasure}.Erases(op)
}

// book reads names and terms and remembers them. It serves one goroutine.
type book struct {
	tuples map[int64]*tuple
	scopes map[int64]*scope
	sets   map[int64][]domain.Category
	texts  map[int64]string
	terms  map[termsKey]*terms // nil where there are none
	ended  ended               // nil before it was read
}

func newBook() *book {
	return &book{
		tuples: map[int64]*tuple{}, scopes: map[int64]*scope{}, sets: map[int64][]domain.Category{}, texts: map[int64]string{},
		terms: map[termsKey]*terms{},
	}
}

// maxRemembered bounds each of the maps of a book.
const maxRemembered = 16_384

func remember[K comparable, V any](m map[K]V, key K, value V) V {
	if len(m) >= maxRemembered {
		clear(m)
	}
	m[key] = value
	return value
}

func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendName(b []byte, kind byte, parts ...string) []byte {
	b = append(b, kind)
	for _, s := range parts {
		b = appendPart(b, s)
	}
	return b
}

// parts reads the name with a number, of a kind and so many parts; fewer than 0 for any number.
func (b *book) parts(conn *sqlite.Conn, id int64, kind byte, want int) ([]string, error) {
	text, err := names.Text(conn, id)
	if err != nil {
		return nil, err
	}
	r := reading{rest: text}
	got := r.octet()
	var parts []string
	for len(r.rest) > 0 {
		parts = append(parts, r.text())
	}
	if r.broken || got != kind || want >= 0 && len(parts) != want {
		return nil, errors.AssertionFailedf("a name of the retention view is damaged")
	}
	return parts, nil
}

func (b *book) tuple(conn *sqlite.Conn, id int64) (*tuple, error) {
	if t := b.tuples[id]; t != nil {
		return t, nil
	}
	p, err := b.parts(conn, id, ofItem, 4)
	if err != nil {
		return nil, err
	}
	return remember(b.tuples, id, &tuple{domain.ControllerID(p[0]), domain.InstructionID(p[1]), p[2], domain.ServiceID(p[3])}), nil
}

func (b *book) scope(conn *sqlite.Conn, id int64) (*scope, error) {
	if s := b.scopes[id]; s != nil {
		return s, nil
	}
	p, err := b.parts(conn, id, ofScope, 2)
	if err != nil {
		return nil, err
	}
	return remember(b.scopes, id, &scope{domain.ControllerID(p[0]), domain.InstructionID(p[1])}), nil
}

// set gives a set of categories, which must not be changed.
func (b *book) set(conn *sqlite.Conn, id int64) ([]domain.Category, error) {
	if s, known := b.sets[id]; known {
		return s, nil
	}
	p, err := b.parts(conn, id, ofSet, -1)
	if err != nil {
		return nil, err
	}
	set := make([]domain.Category, len(p))
	for i, c := range p {
		set[i] = domain.Category(c)
	}
	return remember(b.sets, id, set), nil
}

func (b *book) single(conn *sqlite.Conn, id int64, kind byte) (string, error) {
	if s, known := b.texts[id]; known {
		return s, nil
	}
	p, err := b.parts(conn, id, kind, 1)
	if err != nil {
		return "", err
	}
	return remember(b.texts, id, p[0]), nil
}

// rule keeps what a version of an instruction says.
func (b *book) rule(conn *sqlite.Conn, g *instruction.Given) error {
	t := &terms{Basis: g.Terms.Basis, Retention: g.Terms.Retention, Erasure: g.Terms.Erasure}
	text, err := json.Marshal(t)
	if err != nil {
		return errors.Wrap(err, "terms of retention")
	}
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO rule VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(g.Controller))
	stmt.BindText(2, string(g.Instruction))
	stmt.BindInt64(3, int64(g.Version))
	stmt.BindText(4, string(text))
	remember(b.terms, termsKey{scope{g.Controller, g.Instruction}, g.Version}, t)
	return step(stmt)
}

// termsOf gives what a version says, nil where it was never given.
func (b *book) termsOf(conn *sqlite.Conn, key termsKey) (*terms, error) {
	if t, known := b.terms[key]; known {
		return t, nil
	}
	stmt, err := conn.Prepare("SELECT terms FROM rule WHERE controller = ? AND instruction = ? AND version = ?")
	if err != nil {
		return nil, err
	}
	stmt.BindText(1, string(key.controller))
	stmt.BindText(2, string(key.instruction))
	stmt.BindInt64(3, int64(key.version))
	found, err := stmt.Step()
	text := ""
	if found {
		text = strings.Clone(stmt.ColumnText(0))
	}
	if err := errors.CombineErrors(err, stmt.Reset()); err != nil {
		return nil, err
	}
	var t *terms
	if found {
		t = &terms{}
		if err := json.Unmarshal([]byte(text), t); err != nil {
			return nil, errors.Wrap(err, "stored terms of retention")
		}
	}
	return remember(b.terms, key, t), nil
}

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
