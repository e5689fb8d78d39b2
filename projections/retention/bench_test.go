package retention_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/retention"
)

// BenchmarkFold folds 300,000 events that each bring data of one of so many people, and gives events a second.
func BenchmarkFold(b *testing.B) {
	const events = 300_000
	for _, people := range []int{1_000, 30_000, 300_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			log, r, at := memlog.New(memlog.Config{}), rand.New(rand.NewPCG(1, 2)), 0
			facts := rules()
			for range events {
				kind := r.IntN(3)
				a := act([]domain.Operation{domain.Store, domain.Use, domain.Collect}[kind], []domain.InstructionID{"logs", "logs", "orders"}[kind], "crm", mail, name)
				a.Subject = domain.SubjectKey(rand.New(rand.NewPCG(3, uint64(r.IntN(people)))).Uint64() >> 1)
				facts = append(facts, a)
			}
			stored := projectiontest.Encode(b, projectiontest.Events(0, facts...)...)
			for len(stored) > at {
				n := min(1000, len(stored)-at)
				if err := log.Append(b.Context(), domain.Position(at), stored[at:at+n]); err != nil {
					b.Fatal(err)
				}
				at += n
			}
			for b.Loop() {
				at := at
				run, err := projections.New(log, b.TempDir(), projectiontest.Open, []projections.Projection{retention.Projection()}, projections.Config{})
				if err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				ended, start := make(chan struct{}), time.Now()
				go func() { defer close(ended); run.Run(ctx) }()
				projectiontest.Await(b, run.View(retention.Name), domain.Position(at-1))
				b.ReportMetric(float64(at)/time.Since(start).Seconds(), "events/s")
				// The end of an instruction gives everybody of whom it keeps anything another due date.
				end := projectiontest.Encode(b, projectiontest.Events(domain.Position(at), revoked("logs", day))...)
				start = time.Now()
				if err := log.Append(b.Context(), domain.Position(at), end); err != nil {
					b.Fatal(err)
				}
				projectiontest.Await(b, run.View(retention.Name), domain.Position(at))
				b.ReportMetric(time.Since(start).Seconds(), "s-to-withdraw")
				at++
				cancel()
				<-ended
				if err := run.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
