package kurrentlog_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// readError reads from the start until an error comes or the end does, and gives the error.
func readError(t *testing.T, log commands.Log) error {
	t.Helper()
	for b, err := range log.Read(t.Context(), 0) {
		if err != nil {
			return err
		}
		if b.CaughtUp {
			break
		}
	}
	return nil
}

// foreign is an event that somebody else puts into the stream.
func foreign(kind, data string) kurrenttest.Event {
	return kurrenttest.Event{ID: uuid.New(), Type: kind, JSON: true, Data: []byte(data)}
}

func TestWhatALedgerDidNotWriteIsNamedByItsPosition(t *testing.T) {
	t.Parallel()
	const stream = "daybook"
	for _, c := range []struct {
		name  string
		spoil func(*kurrenttest.DB)
		says  string
		ends  bool // so that nothing can be appended
	}{
		{"an event of somebody else at the end", func(d *kurrenttest.DB) { d.Append(stream, -2, foreign("order", `{}`)) }, "at 3", true},
		{"a link at the end", func(d *kurrenttest.DB) { d.Append(stream, -2, foreign("$>", "0@daybook")) }, "at 3", true},
		{"one changed byte", func(d *kurrenttest.DB) { d.Change(stream, 1, func(e *kurrenttest.Event) { e.Data = []byte("9") }) }, "at 1", false},
		{"one changed id", func(d *kurrenttest.DB) { d.Change(stream, 1, func(e *kurrenttest.Event) { e.ID[9]++ }) }, "at 1", false},
		{"no bytes", func(d *kurrenttest.DB) { d.Change(stream, 0, func(e *kurrenttest.Event) { e.Data = nil }) }, "at 0", false},
		{"an event at another place", func(d *kurrenttest.DB) {
			other := d.Events(stream)[0]
			d.Change(stream, 2, func(e *kurrenttest.Event) { e.ID, e.Data = other.ID, other.Data })
		}, "at 2", false},
		{"another revision", func(d *kurrenttest.DB) { d.Change(stream, 1, func(e *kurrenttest.Event) { e.Revision = 7 }) }, "where 1 must follow", false},
		{"a truncated beginning", func(d *kurrenttest.DB) { d.Append("$$"+stream, -2, foreign("$metadata", `{"$tb":2}`)) }, "where 0 must follow", false},
		{"a bounded length", func(d *kurrenttest.DB) { d.Append("$$"+stream, -2, foreign("$metadata", `{"$maxCount":1}`)) }, "where 0 must follow", false},
		{"a lost end", func(d *kurrenttest.DB) { d.Lose(stream, 1) }, "ended at 3 before", true},
		{"a deleted stream", func(d *kurrenttest.DB) { d.Delete(stream) }, "ended at 3 before", false},
		{"a stream that is gone for good", func(d *kurrenttest.DB) { d.Tombstone(stream) }, "deleted for good", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, log, _ := begun(t, 0)
			must(t, log.Append(t.Context(), 2, [][]byte{[]byte("3")}))
			reader := open(t, kurrentlog.Config{URL: s.URL()}) // it knows the end, and holds no events
			c.spoil(s.DB())
			for name, l := range map[string]*kurrentlog.Log{"the writer": log, "another reader": reader} {
				if strings.Contains(c.name, "changed") && l == log {
					continue // it holds what it wrote
				}
				err := readError(t, l)
				if l == log && err == nil {
					continue // likewise
				}
				if !errors.HasAssertionFailure(err) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s read with %v, want an assertion failure that says %q", name, err, c.says)
				}
			}
			if err := log.Append(t.Context(), 3, [][]byte{[]byte("4")}); err == nil && c.ends {
				t.Error("an event was written after what is no ledger")
			}
		})
	}
}

// Readings that wait are told what came to be there, too.
func TestAForeignEventEndsReadingsThatWait(t *testing.T) {
	t.Parallel()
	s, log, _ := begun(t, 0)
	var last error
	for b, err := range log.Read(t.Context(), 0) {
		if last = err; b.CaughtUp {
			s.DB().Append("daybook", -2, foreign("order", "{}"))
		}
	}
	if !errors.HasAssertionFailure(last) || !strings.Contains(last.Error(), "at 2") {
		t.Errorf("the reading ended with %v", last)
	}
	if err := log.Health(); !errors.HasAssertionFailure(err) {
		t.Errorf("the log says of itself %v", err)
	}
}

func TestAStreamThatDropsEventsIsNotOpened(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]string{
		"by number": `{"$maxCount":1000000}`, "by age": `{"$maxAge":86400}`, "by truncation": `{"$tb":1}`,
	} {
		s, _, _ := begun(t, 0)
		s.DB().Append("$$daybook", -2, foreign("$metadata", metadata))
		if _, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: s.URL()}); !errors.Is(err, domain.ErrConflict) || errors.FlattenHints(err) == "" {
			t.Errorf("a stream that drops %s was opened with %v", name, err)
		}
		s.DB().Append("$$daybook", -2, foreign("$metadata", `{"$cacheControl":5}`))
		open(t, kurrentlog.Config{URL: s.URL()})
	}
	s, log, _ := begun(t, 0)
	log.Close()
	s.DB().Delete("daybook")
	if _, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: s.URL()}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("a deleted stream was opened with %v", err)
	}
	s.DB().Tombstone("daybook")
	s.DB().Append("$$daybook", -2, foreign("$metadata", `{}`))
	if _, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: s.URL()}); !errors.HasAssertionFailure(err) {
		t.Errorf("a stream that is gone for good was opened with %v", err)
	}
}

// A stream that was deleted takes an append as a new one does, and gives it an old number.
func TestAnAppendToADeletedStreamIsNoSuccess(t *testing.T) {
	s := kurrenttest.Start(t, kurrenttest.Config{})
	log := open(t, kurrentlog.Config{URL: s.URL()})
	s.DB().Append("daybook", -2, foreign("old", "{}"), foreign("old", "{}"))
	s.DB().Delete("daybook")
	if err := log.Append(t.Context(), 0, [][]byte{[]byte("1")}); !errors.HasAssertionFailure(err) {
		t.Errorf("the append returned %v", err)
	}
}

func TestASizeThatTheServerDoesNotTakeIsSaid(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{MaxAppendSize: 200_000})
	large := make([][]byte, 10)
	for i := range large {
		large[i] = []byte(strings.Repeat("x", 50_000))
	}
	log := open(t, kurrentlog.Config{URL: s.URL(), MaxAppendSize: 200_000})
	if err := log.Append(t.Context(), 0, large); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("a frame beyond MaxFrame returned %v", err)
	}
	wrong := open(t, kurrentlog.Config{URL: s.URL()}) // was told another size than the server's
	if err := wrong.Append(t.Context(), 0, large); !errors.Is(err, domain.ErrUnavailable) || !strings.Contains(errors.FlattenHints(err), "MaxAppendSize") {
		t.Errorf("a frame beyond the server's limit returned %v, with the hint %q", err, errors.FlattenHints(err))
	}
	logtest.Check(t, wrong, nil)
	must(t, wrong.Append(t.Context(), 0, large[:3]))
}

// However short the events and long their types, what MaxFrame allows is what the server takes: by default, and where it takes more.
func TestTheServerTakesWhatMaxFrameAllows(t *testing.T) {
	t.Parallel()
	longest := []byte(`{"type":"` + strings.Repeat("t", domain.EventOverhead/2) + `"}`)
	for _, size := range []int{0, 2 << 20} {
		s := kurrenttest.Start(t, kurrenttest.Config{MaxAppendSize: size})
		log := open(t, kurrentlog.Config{URL: s.URL(), MaxAppendSize: size})
		all := make([][]byte, log.MaxFrame()/(len(longest)+domain.EventOverhead))
		for i := range all {
			all[i] = longest
		}
		must(t, log.Append(t.Context(), 0, all))
		if n := len(logtest.ReadAll(t, log, 0)); n != len(all) {
			t.Errorf("of %d events %d are in the log", len(all), n)
		}
	}
}
