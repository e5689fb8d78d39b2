package holdings

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/errors"
)

// record is what some events of one person say about one category in one system, or about all of a system's categories. Records
// of later events are put upon those of earlier ones (upon), in any grouping, with the same result; that is what makes it possible
// to write changes without reading what is held.
type record struct {
	system, category int64 // numbers of names; category 0 stands for all of the system's

	held  bool  // brought, and not removed since
	cut   bool  // what earlier events brought is gone
	away  bool  // withdrawn from use since it was last brought
	terms int64 // under which it was last brought: the number of a name

	since, sinceAt   int64 // time in milliseconds, and position, of the first event that brought it
	newest, newestAt int64 // of the last one
	touched          int64 // time of the newest event about it, 0 where there is none
}

const all = 0 // category

func compare(a, b record) int {
	return cmp.Or(cmp.Compare(a.system, b.system), cmp.Compare(a.category, b.category))
}

// upon puts the records of later events upon those of earlier ones. Both are sorted; so is what is appended to dst.
func upon(dst, earlier, later []record) []record {
	i, j := 0, 0
	var whole record // what the later events say about all of the system at hand
	for i < len(earlier) || j < len(later) {
		var e, l *record
		if i < len(earlier) && (j == len(later) || compare(earlier[i], later[j]) <= 0) {
			e = &earlier[i]
		}
		if j < len(later) && (e == nil || compare(*e, later[j]) == 0) {
			l = &later[j]
		}
		at := e
		if at == nil {
			at = l
		}
		if at.category == all {
			whole = record{system: at.system, category: all}
			if l != nil {
				whole = *l
			}
		} else if whole.system != at.system {
			whole = record{system: at.system, category: all}
		}
		if e != nil {
			i++
		}
		if l != nil {
			j++
		}
		if r, some := joined(e, l, whole); some {
			dst = append(dst, r)
		}
	}
	return dst
}

// joined puts one record upon another, one of which may be nil, under what the later events say about the whole system.
func joined(e, l *record, whole record) (record, bool) {
	switch {
	case e == nil:
		return *l, true
	case e.category == all:
		if l == nil {
			return *e, true
		}
		r := *l
		r.touched = max(e.touched, l.touched)
		if !r.cut {
			r.cut, r.away = e.cut, e.away || l.away
		}
		return r, true
	case whole.cut && l == nil:
		return record{}, false // The record of the whole system says that it is gone.
	case whole.cut || l != nil && l.cut:
		return *l, true
	}
	r := *e
	if r.held {
		r.touched = max(r.touched, whole.touched)
	}
	r.away = r.away || whole.away
	if l == nil {
		return r, true
	}
	r.touched = max(r.touched, l.touched)
	if !l.held {
		r.away = r.away || l.away
		return r, true
	}
	r.away, r.terms, r.newest, r.newestAt = l.away, l.terms, l.newest, l.newestAt
	if !e.held {
		r.held, r.since, r.sinceAt = true, l.since, l.sinceAt
	}
	return r, true
}

const (
	isHeld = 1 << iota
	isCut
	isAway
	isTouched
)

// appendRecords packs records, each as the difference from the one before, whose times are mostly the same.
func appendRecords(b []byte, records []record) []byte {
	var last record
	for _, r := range records {
		flags := flag(r.held, isHeld) | flag(r.cut, isCut) | flag(r.away, isAway) | flag(r.touched != 0, isTouched)
		b = binary.AppendUvarint(b, uint64(r.system))
		b = binary.AppendUvarint(b, uint64(r.category))
		b = append(b, flags)
		if r.held {
			b = binary.AppendUvarint(b, uint64(r.terms))
			b = binary.AppendVarint(b, r.since-last.since)
			b = binary.AppendVarint(b, r.sinceAt-last.sinceAt)
			b = binary.AppendVarint(b, r.newest-r.since)
			b = binary.AppendUvarint(b, uint64(r.newestAt-r.sinceAt))
			last.since, last.sinceAt, last.newest = r.since, r.sinceAt, r.newest
		}
		if r.touched != 0 {
			b = binary.AppendVarint(b, r.touched-last.newest)
		}
	}
	return b
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// readRecords unpacks records.
func readRecords(dst []record, b []byte) ([]record, error) {
	r := reading{rest: b}
	var last record
	for len(r.rest) > 0 {
		n := record{system: r.number(), category: r.number()}
		flags := r.octet()
		n.held, n.cut, n.away = flags&isHeld != 0, flags&isCut != 0, flags&isAway != 0
		if n.held {
			n.terms = r.number()
			n.since = last.since + r.signed()
			n.sinceAt = last.sinceAt + r.signed()
			n.newest = n.since + r.signed()
			n.newestAt = n.sinceAt + r.number()
			last.since, last.sinceAt, last.newest = n.since, n.sinceAt, n.newest
		}
		if flags&isTouched != 0 {
			n.touched = last.newest + r.signed()
		}
		dst = append(dst, n)
	}
	if r.broken {
		return nil, errors.AssertionFailedf("what is held of somebody is damaged")
	}
	return dst, nil
}

// merge is upon for packed records. What is damaged stays as it is, and is found when it is read.
func merge(dst, older, newer []byte) []byte {
	var a, b, c [16]record
	earlier, err1 := readRecords(a[:0], older)
	later, err2 := readRecords(b[:0], newer)
	if err1 != nil || err2 != nil {
		return append(append(dst, older...), newer...)
	}
	return appendRecords(dst, upon(c[:0], earlier, later))
}

// normal sorts the records of one event and leaves out repetitions.
func normal(records []record) []record {
	slices.SortStableFunc(records, compare)
	return slices.CompactFunc(records, func(a, b record) bool { return compare(a, b) == 0 })
}

type reading struct {
	rest   []byte
	broken bool
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
