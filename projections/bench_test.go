package projections_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/sources"
	"github.com/jigowatt/daybook/projections/trail"
)

func allViews() []projections.Projection {
	return []projections.Projection{trail.Projection(), holdings.Projection(), register.Projection(), sources.Projection()}
}

// made is a log whose events are made while it is read, so that a large one need not be in memory.
type made struct {
	events int
	people int
	frame  int
}

// person gives the key of the person whom the event at a position is about.
func (m made) person(position int) domain.SubjectKey {
	return subject(rand.New(rand.NewPCG(1, uint64(position))).IntN(m.people))
}

// subject gives the key of the person with a number.
func subject(n int) domain.SubjectKey {
	return domain.SubjectKey(rand.New(rand.NewPCG(2, uint64(n))).Uint64() >> 1)
}

var operations = []domain.Operation{domain.Collect, domain.Store, domain.Use, domain.Use, domain.Consult, domain.Disclose, domain.Erase, domain.Store}

var controllers = []domain.ControllerID{"fenland-cycles", "harbour-hotel", "moorland-dairy"}

func (m made) event(position int) domain.Event {
	services := []domain.ServiceID{"webshop", "newsletter", "support", "warehouse"}
	categories := [][]domain.Category{{"pd:EmailAddress", "pd:Name"}, {"pd:IPAddress"}, {"pd:Name", "pd:PostalAddress", "pd:TelephoneNumber"}, nil}
	kind := position * 7919 % 97
	a := dossier.ActionRecorded{
		Service: services[kind%4], Subject: m.person(position), Identifier: "email", Operation: operations[kind%8], Instruction: "orders", Version: 1 + kind%3,
		Basis: domain.Contract, Categories: categories[kind%4], System: []string{"crm", "shop", "mail"}[kind%3], Location: "GB",
	}
	// A key belongs to one controller.
	a.Controller = controllers[uint64(a.Subject)%3]
	if kind%10 == 0 {
		a.Details = make(domain.Sealed, 80)
	}
	if kind%20 == 0 {
		a.Findings = a.Findings.With(domain.CategoryNotInstructed)
	}
	at := projectiontest.Start.Add(time.Duration(position) * time.Millisecond)
	id := rand.New(rand.NewPCG(3, uint64(position)))
	return domain.Event{
		ID:     fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", id.Uint32(), id.IntN(1<<16), id.IntN(1<<12), id.IntN(1<<12), id.Int64N(1<<48)),
		Source: domain.ServiceSource(a.Controller, a.Service), Time: at.Add(-40 * time.Millisecond), Recorded: at, Sequence: uint64(position + 1), Fact: a,
	}
}

// Read makes frames.
func (m made) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		for at := int(from); at < m.events; {
			n := min(m.frame, m.events-at)
			batch := domain.Batch{At: domain.Position(at), Events: make([][]byte, n), CaughtUp: at+n == m.events}
			buf := make([]byte, 0, n*520)
			for i := range n {
				start := len(buf)
				var err error
				if buf, err = catalog.Append(buf, m.event(at+i)); err != nil {
					yield(domain.Batch{}, err)
					return
				}
				batch.Events[i] = buf[start:len(buf):len(buf)]
			}
			at += n
			if !yield(batch, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

// hold reads the whole log into memory.
func (m made) hold(b testing.TB) held {
	h := held{end: m.events}
	for batch, err := range m.Read(b.Context(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		if h.frames = append(h.frames, batch.Events); batch.CaughtUp {
			break
		}
	}
	return h
}

// held is a log of frames in memory.
type held struct {
	frames [][][]byte
	end    int
}

func (h held) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		at := domain.Position(0)
		for _, events := range h.frames {
			b := domain.Batch{At: at, Events: events}
			at = b.End()
			if at <= from && int(at) < h.end {
				continue
			}
			if skip := max(from, b.At) - b.At; skip > 0 {
				b.At, b.Events = b.At+skip, b.Events[skip:]
			}
			b.CaughtUp = int(at) == h.end
			if !yield(b, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

// cpu gives the processor time that the process has used: on a machine with other work it says more than the clock.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func count(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return or
}

// BenchmarkCatchUp folds a log into all views at once. DAYBOOK_EVENTS and DAYBOOK_PEOPLE set its size (1,000,000 events of as many
// people), DAYBOOK_VIEW one view alone, and DAYBOOK_TRANSACTION how many events go into a transaction: small ones are what following a
// busy ledger costs.
func BenchmarkCatchUp(b *testing.B) {
	m := made{events: count("DAYBOOK_EVENTS", 1_000_000), people: count("DAYBOOK_PEOPLE", 1_000_000), frame: 1000}
	log := m.hold(b)
	views := allViews()
	if name := os.Getenv("DAYBOOK_VIEW"); name != "" {
		views = slices.DeleteFunc(views, func(p projections.Projection) bool { return p.Name() != name })
	}
	b.ResetTimer()
	for b.Loop() {
		dir := b.TempDir()
		start, used := time.Now(), cpu()
		_, stop := follow(b, log, m.events, dir, views)
		b.ReportMetric(float64(m.events)/time.Since(start).Seconds(), "events/s")
		b.ReportMetric(float64((cpu()-used).Nanoseconds())/float64(m.events), "cpu-ns/event")
		stop()
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range files {
			info, err := os.Stat(name)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/float64(m.events), filepath.Base(name)+"-B/event")
		}
	}
}

// follow folds a log until every view has all of it, and gives what ends it.
func follow(b testing.TB, log projections.Log, end int, dir string, views []projections.Projection) (r *projections.Runner, stop func()) {
	r, err := projections.New(log, dir, projectiontest.Open, views, projections.Config{Transaction: count("DAYBOOK_TRANSACTION", 0)})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	for _, p := range views {
		if err := r.View(p.Name()).Await(ctx, domain.Position(end-1)); err != nil {
			b.Fatalf("%+v", err)
		}
	}
	return r, func() {
		cancel()
		<-ended
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPerson asks for the newest page of a random person's trail and for what is held of them, in ledgers of which each person
// has ten events. The files stay in the folder that DAYBOOK_DIR names, so that a large ledger is made once.
func BenchmarkPerson(b *testing.B) {
	for _, events := range []int{100_000, count("DAYBOOK_EVENTS", 1_000_000)} {
		m := made{events: events, people: events / 10, frame: 1000}
		dir := b.TempDir()
		if kept := os.Getenv("DAYBOOK_DIR"); kept != "" {
			dir = filepath.Join(kept, strconv.Itoa(events))
		}
		r, stop := follow(b, m, events, dir, allViews())
		t, h := trail.New(r.View(trail.Name)), holdings.New(r.View(holdings.Name))
		measure(b, fmt.Sprintf("trail/%d", events), func(n int) (int, error) {
			key := subject(n % m.people)
			page, err := t.Of(b.Context(), trail.Query{Controller: controllers[uint64(key)%3], Subjects: []domain.SubjectKey{key}, Newest: true})
			return len(page.Entries), err
		})
		measure(b, fmt.Sprintf("holdings/%d", events), func(n int) (int, error) {
			key := subject(n % m.people)
			p, err := h.Of(b.Context(), controllers[uint64(key)%3], []domain.SubjectKey{key})
			return len(p.Items), err
		})
		stop()
	}
}

func measure(b *testing.B, name string, ask func(n int) (int, error)) {
	b.Run(name, func(b *testing.B) {
		var took []time.Duration
		found, used, order := 0, cpu(), rand.New(rand.NewPCG(7, 7))
		for b.Loop() {
			start := time.Now()
			n, err := ask(order.IntN(1 << 40))
			if err != nil {
				b.Fatalf("%+v", err)
			}
			found += n
			took = append(took, time.Since(start))
		}
		b.ReportMetric(float64((cpu()-used).Nanoseconds())/float64(len(took)), "cpu-ns/op")
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		b.ReportMetric(float64(found)/float64(len(took)), "found/op")
	})
}
