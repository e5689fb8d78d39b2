package tiles_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
)

// ready is a log whose batches are made beforehand, so that reading it costs nothing.
type ready [][][]byte

func (r ready) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		at := domain.Position(0)
		for i, events := range r {
			b := domain.Batch{At: at, Events: events, CaughtUp: i == len(r)-1}
			if at = b.End(); at <= from {
				continue
			}
			if skip := int(max(from, b.At) - b.At); skip > 0 {
				b.At, b.Events = from, b.Events[skip:]
			}
			if !yield(b, nil) {
				return
			}
		}
		if from == at && !yield(domain.Batch{At: at, CaughtUp: true}, nil) {
			return
		}
		<-ctx.Done()
	}
}

// benchEvents is how many events of how many bytes the benchmarks take: what an action comes to.
const (
	benchEvents = 300_000
	benchBytes  = 600
)

func readyLog() ready {
	var log ready
	for at := 0; at < benchEvents; at += 1000 {
		frame := make([][]byte, 1000)
		for i := range frame {
			frame[i] = append(event(at+i), bytes.Repeat([]byte{'y'}, benchBytes)...)[:benchBytes]
		}
		log = append(log, frame)
	}
	return log
}

// BenchmarkVerify sets the verification of everything beside bare SHA-256 over the same bytes, in turns.
func BenchmarkVerify(b *testing.B) {
	log, cfg := readyLog(), config(b.TempDir())
	cfg.Every = time.Second
	key := keep(b, log, cfg, benchEvents).Key()
	var bare, full time.Duration
	for b.Loop() {
		start := time.Now()
		for _, frame := range log {
			for _, e := range frame {
				sink = sha256.Sum256(e)
			}
		}
		between := time.Now()
		if _, err := verify(b, log, cfg, key); err != nil {
			b.Fatalf("%+v", err)
		}
		bare, full = bare+between.Sub(start), full+time.Since(between)
	}
	n := float64(b.N) * benchEvents
	b.ReportMetric(n/full.Seconds(), "events/s")
	b.ReportMetric(n/bare.Seconds(), "bare-events/s")
	b.ReportMetric(float64(bare)/float64(full), "ratio")
}

var sink [32]byte

// BenchmarkFollow measures what the proof costs an event, from the log to the signed checkpoint, everything on disk.
func BenchmarkFollow(b *testing.B) {
	log, i := readyLog(), 0
	for b.Loop() {
		cfg := config(filepath.Join(b.TempDir(), string(rune('a'+i))))
		cfg.Every = time.Second
		keep(b, log, cfg, benchEvents)
		i++
	}
	b.ReportMetric(float64(b.N)*benchEvents/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSign measures one checkpoint of one event more.
func BenchmarkSign(b *testing.B) {
	log, cfg := logOf(b, 70_000), config(b.TempDir())
	keep(b, log, cfg, 70_000)
	kept, err := tiles.Open(b.Context(), log, cfg)
	must(b, err)
	running(b, kept)
	n := 70_000
	for b.Loop() {
		grow(b, log, n, n+1)
		n++
		until(b, "it is signed", func() bool { return head(b, kept).Size == domain.Position(n) })
	}
}
