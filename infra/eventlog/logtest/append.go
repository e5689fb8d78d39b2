package logtest

import (
	"context"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

var appendRules = []rule{
	{"events follow one another, whatever the size of the frames", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		var all [][]byte
		for _, n := range []int{1, 1, 100, 1, 1000, 3, 2} {
			all = appends(t, e.Log, all, g.events(n))
			Check(t, e.Log, all)
		}
	}},
	{"the bytes of an event come back exactly", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		awkward := g.awkward(t)
		all := appends(t, e.Log, nil, awkward)
		for _, event := range awkward[:25] {
			all = appends(t, e.Log, all, [][]byte{event})
		}
		Check(t, e.Log, all)
	}},
	{"the memory of the events is the caller's again", func(t *testing.T, e Engine) {
		event := newGenerator(t).event(300)
		all := [][]byte{append([]byte(nil), event...)}
		must(t, e.Log.Append(t.Context(), 0, [][]byte{event}))
		clear(event)
		Check(t, e.Log, all)
	}},
	{"an append elsewhere than at the end is fenced and writes nothing", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		refuses(t, e.Log, 1, g.events(1), domain.ErrFenced)
		Check(t, e.Log, nil)
		all := appends(t, e.Log, nil, g.events(10))
		for _, at := range []domain.Position{0, 1, 9, 11, 1 << 40, commands.Nowhere} {
			refuses(t, e.Log, at, g.events(1+int(at%3)), domain.ErrFenced)
		}
		Check(t, e.Log, all)
		Check(t, e.Log, appends(t, e.Log, all, g.events(2)))
	}},
	{"what breaks a limit is refused whole", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		all := appends(t, e.Log, nil, g.events(3))
		good := g.event(100)
		for _, events := range [][][]byte{
			nil, {}, {{}}, {nil}, {good, {}}, {{}, good},
			{good, []byte("two\nlines")}, {[]byte("\n")}, {[]byte("ends\n")},
			{g.event(domain.MaxEventBytes + 1)}, {good, g.event(2 * domain.MaxEventBytes), good},
			g.fill(e.Log.MaxFrame() + 1),
		} {
			refuses(t, e.Log, 3, events, domain.ErrInvalid)
			Check(t, e.Log, all)
		}
	}},
	{"the largest event fits, and so does the largest frame", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		all := appends(t, e.Log, nil, [][]byte{g.event(domain.MaxEventBytes)})
		largest := g.fill(e.Log.MaxFrame())
		if got := eventlog.Size(largest); got != e.Log.MaxFrame() {
			t.Fatalf("the suite filled a frame with %d bytes, want %d", got, e.Log.MaxFrame())
		}
		all = appends(t, e.Log, all, largest)
		all = appends(t, e.Log, all, g.events(1))
		Check(t, e.Log, all)
	}},
	{"an append whose caller has left is not a success", func(t *testing.T, e Engine) {
		g := newGenerator(t)
		all := appends(t, e.Log, nil, g.events(3))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := e.Log.Append(ctx, 3, g.events(1)); !errors.Is(err, domain.ErrUnavailable) {
			t.Fatalf("the append returned %v, want it unavailable", err)
		}
		Check(t, e.Log, all)
		Check(t, e.Log, appends(t, e.Log, all, g.events(1)))
	}},
	{"everything is there when the log is opened again", func(t *testing.T, e Engine) {
		if e.Reopen == nil {
			t.Skip("the engine keeps nothing")
		}
		g := newGenerator(t)
		log := e.Log
		var all [][]byte
		for _, n := range []int{0, 1, 500, 1, 30} {
			if n > 0 {
				all = appends(t, log, all, g.events(n))
			}
			log = e.Reopen(t)
			Check(t, log, all)
			refuses(t, log, domain.Position(len(all)+1), g.events(1), domain.ErrFenced)
		}
		all = appends(t, log, all, g.events(7))
		Check(t, log, all)
	}},
}

// fill makes events that count exactly size bytes towards a frame.
func (g *generator) fill(size int) [][]byte {
	const usual = 30_000 + eventlog.EventOverhead
	var out [][]byte
	for ; size > 2*usual; size -= usual {
		out = append(out, g.event(usual-eventlog.EventOverhead))
	}
	return append(out, g.event(size-eventlog.EventOverhead))
}

// appends appends more after all, expects success, and gives both.
func appends(t *testing.T, log commands.Log, all, more [][]byte) [][]byte {
	t.Helper()
	must(t, log.Append(t.Context(), domain.Position(len(all)), more))
	return append(all[:len(all):len(all)], more...)
}

// refuses expects that an append returns the error want, which wraps one kind only.
func refuses(t *testing.T, log commands.Log, at domain.Position, events [][]byte, want error) {
	t.Helper()
	err := log.Append(t.Context(), at, events)
	if !errors.Is(err, want) {
		t.Fatalf("an append of %d events at %d returned %v, want %v", len(events), at, err, want)
	}
	oneKind(t, err)
}

// oneKind expects that an error wraps exactly one of the five kinds.
func oneKind(t *testing.T, err error) {
	t.Helper()
	kinds := 0
	for _, kind := range []error{
		domain.ErrInvalid, domain.ErrNotFound, domain.ErrConflict, domain.ErrForbidden, domain.ErrUnavailable,
	} {
		if errors.Is(err, kind) {
			kinds++
		}
	}
	if kinds != 1 {
		t.Fatalf("the error %v is of %d kinds, want 1", err, kinds)
	}
}

// must ends the test unless err is nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}
