package commands_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	ondisk "github.com/jigowatt/daybook/infra/memory"
)

// What the write side itself costs: log and vault are in memory, so nothing waits for a disk. ns/event is what counts.
func BenchmarkRecord(b *testing.B) {
	for _, load := range []struct {
		name             string
		callers, actions int
		details          bool
	}{
		{"1,024 callers with one action", 1024, 1, false},
		{"1,024 callers with one action and details", 1024, 1, true},
		{"16 callers with 100 actions", 16, 100, false},
		{"16 callers with 100 actions and details", 16, 100, true},
		{"one caller with one action", 1, 1, false},
	} {
		for name, open := range map[string]func(*testing.B) commands.Memory{
			"twin":   func(*testing.B) commands.Memory { return &memory{} },
			"pebble": pebbled,
		} {
			b.Run(load.name+"/"+name, func(b *testing.B) { benchmark(b, open(b), load.callers, load.actions, load.details) })
		}
	}
}

func pebbled(b *testing.B) commands.Memory {
	m, err := ondisk.Open("memory", ondisk.Config{FS: vfs.NewMem()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	return m
}

func benchmark(b *testing.B, m commands.Memory, callers, perCall int, details bool) {
	w := empty(b, func(c *commands.Config) { c.Memory = m })
	if _, err := w.ledger.Declare(context.Background(), organisation(), false); err != nil {
		b.Fatal(err)
	}
	people := make([]domain.Identifier, 10_000)
	for i := range people {
		people[i] = person("customer:" + strconv.Itoa(i))
	}
	var next atomic.Int64
	var all sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for {
				first := int(next.Add(int64(perCall))) - perCall
				if first >= b.N {
					return
				}
				batch := make([]commands.Action, perCall)
				for i := range batch {
					n := first + i
					batch[i] = action("0199a0c2-0000-7000-8000-"+strconv.Itoa(n), func(a *commands.Action) {
						a.Subjects = people[n%len(people) : n%len(people)+1]
						if !details {
							a.Details = domain.Personal{}
						}
					})
				}
				outcomes, err := w.ledger.Record(context.Background(), batch)
				if err != nil {
					b.Error(err)
					return
				}
				for _, o := range outcomes {
					if o.Err != nil || o.Receipt.Duplicate {
						b.Errorf("answered with %+v", o)
						return
					}
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkDeclare declares as many recipients as one frame takes, upon as many again.
func BenchmarkDeclare(b *testing.B) {
	for b.Loop() {
		w := empty(b, nil)
		for part := range 2 {
			d := commands.Declaration{}
			for i := range 4000 {
				name := "recipient-" + strconv.Itoa(part) + "-" + strconv.Itoa(i)
				d.Recipients = append(d.Recipients, register.RecipientDeclared{Recipient: domain.RecipientID(name), Name: name, Kind: register.ThirdParty, Country: "GB"})
			}
			must(w.ledger.Declare(b.Context(), d, false))
		}
		w.reopen()
	}
}
