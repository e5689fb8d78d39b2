package retention

import (
	"encoding/binary"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// kind is what happened that a period runs from, or that ends such a period. The numbers are kept in rows.
type kind byte

const (
	nothing kind = iota
	orderClosed
	enquiryAnswered
	quoteDeclined
	contractEnded
	consentWithdrawn
	consentGiven
)

func triggerKind(t domain.Trigger) kind {
	switch t {
	case domain.WhenOrderClosed:
		return orderClosed
	case domain.WhenEnquiryAnswered:
		return enquiryAnswered
	case domain.WhenQuoteDeclined:
		return quoteDeclined
	case domain.WhenContractEnded:
		return contractEnded
	case domain.WhenConsentWithdrawn:
		return consentWithdrawn
	case domain.WhenRecorded:
		return nothing
	}
	return nothing
}

// occasion is the newest time at which something happened under an instruction.
type occasion struct {
	scope int64 // number of its name
	of    *scope
	kind  kind
	at    int64 // milliseconds
}

// item is what one service brought of a person under one instruction into one system. Times are in milliseconds.
type item struct {
	tuple   int64 // number of its name
	of      *tuple
	version int
	terms   *terms

	first, firstAt   int64 // time and position of the event that first brought it
	newest, newestAt int64 // of the one that last did
	clock            int64 // the newest time at which it was collected, recorded or stored, there or where it was taken from
	set              int64 // number of the set of its categories
	categories       []domain.Category

	order string // that waits for its answer
	sent  int64  // when the newest order was sent, 0 where none was
	tries int64  // how many were sent

	closed   int64 // time at which it was removed, where done
	closedAt int64 // position of the event
	closedBy int64 // number of the operation's name
	done     bool
}

// person is the row of one dossier.
type person struct {
	same      domain.SubjectKey // the dossier under which all stands, where this was found to be the same person's
	occasions []occasion        // by scope and kind
	items     []item            // by tuple

	before []placing // what stands of it in the tables of due dates
	dirty  bool
}

// epoch keeps packed times short.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

const (
	isDone = 1 << iota
	isOrdered
	isTried
)

func (p *person) pack(b []byte) []byte {
	if p.same != 0 {
		return binary.AppendUvarint(append(b, 1), uint64(p.same))
	}
	b = binary.AppendUvarint(append(b, 0), uint64(len(p.occasions)))
	for _, o := range p.occasions {
		b = append(binary.AppendUvarint(b, uint64(o.scope)), byte(o.kind))
		b = binary.AppendVarint(b, o.at-epoch)
	}
	for i := range p.items {
		b = p.items[i].pack(b)
	}
	return b
}

func (i *item) pack(b []byte) []byte {
	flags := flag(i.done, isDone) | flag(i.order != "", isOrdered) | flag(i.tries > 0, isTried)
	b = binary.AppendUvarint(b, uint64(i.tuple))
	b = append(binary.AppendUvarint(b, uint64(i.version)), flags)
	b = binary.AppendVarint(b, i.first-epoch)
	b = binary.AppendUvarint(b, uint64(i.firstAt))
	b = binary.AppendVarint(b, i.newest-i.first)
	b = binary.AppendVarint(b, i.newestAt-i.firstAt)
	b = binary.AppendVarint(b, i.newest-i.clock)
	b = binary.AppendUvarint(b, uint64(i.set))
	if i.done {
		b = binary.AppendVarint(b, i.closed-i.newest)
		b = binary.AppendVarint(b, i.closedAt-i.newestAt)
		b = binary.AppendUvarint(b, uint64(i.closedBy))
	}
	if i.order != "" {
		b = append(binary.AppendUvarint(b, uint64(len(i.order))), i.order...)
	}
	if i.tries > 0 {
		b = binary.AppendVarint(b, i.sent-i.newest)
		b = binary.AppendUvarint(b, uint64(i.tries))
	}
	return b
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// unpack reads a row and puts names and terms to it.
func unpack(conn *sqlite.Conn, b *book, packed []byte) (*person, error) {
	r, p := reading{rest: packed}, &person{}
	if r.octet() == 1 {
		p.same = domain.SubjectKey(r.number())
		return p, r.check()
	}
	for n := r.number(); n > 0 && !r.broken; n-- {
		o := occasion{scope: r.number(), kind: kind(r.octet())}
		o.at = r.signed() + epoch
		var err error
		if o.of, err = b.scope(conn, o.scope); err != nil {
			return nil, err
		}
		p.occasions = append(p.occasions, o)
	}
	for len(r.rest) > 0 {
		i := r.item()
		if err := i.resolve(conn, b); err != nil {
			return nil, err
		}
		p.items = append(p.items, i)
	}
	return p, r.check()
}

func (r *reading) item() item {
	i := item{tuple: r.number(), version: int(r.number())}
	flags := r.octet()
	i.first = r.signed() + epoch
	i.firstAt = r.number()
	i.newest = r.signed() + i.first
	i.newestAt = r.signed() + i.firstAt
	i.clock = i.newest - r.signed()
	i.set = r.number()
	if i.done = flags&isDone != 0; i.done {
		i.closed, i.closedAt = r.signed()+i.newest, r.signed()+i.newestAt
		i.closedBy = r.number()
	}
	if flags&isOrdered != 0 {
		i.order = r.text()
	}
	if flags&isTried != 0 {
		i.sent, i.tries = r.signed()+i.newest, r.number()
	}
	return i
}

// resolve puts names and terms to an item.
func (i *item) resolve(conn *sqlite.Conn, b *book) (err error) {
	if i.of, err = b.tuple(conn, i.tuple); err != nil {
		return err
	}
	if i.categories, err = b.set(conn, i.set); err != nil {
		return err
	}
	if i.terms, err = b.termsOf(conn, termsKey{scope{i.of.controller, i.of.instruction}, i.version}); err == nil && i.terms == nil {
		err = errors.AssertionFailedf("data is kept under terms that were never given")
	}
	return err
}

type reading struct {
	rest   []byte
	broken bool
}

func (r *reading) check() error {
	if r.broken {
		return errors.AssertionFailedf("what is kept of somebody is damaged")
	}
	return nil
}

func (r *reading) number() int64 {
	n, size := binary.Uvarint(r.rest)
	return r.take(int64(n), size)
}

func (r *reading) signed() int64 {
	n, size := binary.Varint(r.rest)
	return r.take(n, size)
}

func (r *reading) take(n int64, size int) int64 {
	if size <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reading) octet() byte {
	if len(r.rest) == 0 {
		r.broken = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reading) text() string {
	n := r.number()
	if n < 0 || n > int64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
