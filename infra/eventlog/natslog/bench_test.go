package natslog_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// lines makes events of 512 bytes.
func lines(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = append(append([]byte(`{"note":"`), bytes.Repeat([]byte{'x'}, 501)...), `"}`...)
	}
	return out
}

// BenchmarkAppend sets frames of the log beside the same bytes published and acknowledged without it, on the same server.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		events := lines(n)
		b.Run(fmt.Sprintf("frame-%d", n), func(b *testing.B) {
			log := open(b, serve(b, bus.Config{DontListen: true}).Conn())
			at := domain.Position(0)
			for b.Loop() {
				must(b, log.Append(b.Context(), at, events))
				at += domain.Position(n)
			}
			perEvent(b, n)
		})
		payload := bytes.Join(events, []byte(",\n"))
		publish(b, fmt.Sprintf("bare-request-%d", n), n, func(b *testing.B, nc *nats.Conn, _ jetstream.JetStream) {
			_, err := nc.Request("bare", payload, 5*time.Second)
			must(b, err)
		})
		publish(b, fmt.Sprintf("bare-publish-%d", n), n, func(b *testing.B, _ *nats.Conn, js jetstream.JetStream) {
			_, err := js.PublishMsg(b.Context(), &nats.Msg{Subject: "bare", Data: payload, Header: nats.Header{"A": {"b"}}})
			must(b, err)
		})
	}
}

// publish measures one way of publishing to a plain stream.
func publish(b *testing.B, name string, n int, once func(*testing.B, *nats.Conn, jetstream.JetStream)) {
	b.Run(name, func(b *testing.B) {
		nc := serve(b, bus.Config{DontListen: true}).Conn()
		js, err := jetstream.New(nc)
		must(b, err)
		_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}})
		must(b, err)
		for b.Loop() {
			once(b, nc, js)
		}
		perEvent(b, n)
	})
}

// BenchmarkOverhead takes turns on one server, because the disk is other people's too, and compares the medians.
func BenchmarkOverhead(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("frame-%d", n), func(b *testing.B) {
			nc := serve(b, bus.Config{DontListen: true}).Conn()
			js, err := jetstream.New(nc)
			must(b, err)
			_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}})
			must(b, err)
			log, events := open(b, nc), lines(n)
			payload := bytes.Join(events, []byte(",\n"))
			var frames, bare []time.Duration
			at := domain.Position(0)
			for b.Loop() {
				start := time.Now()
				must(b, log.Append(b.Context(), at, events))
				between := time.Now()
				_, err := js.Publish(b.Context(), "bare", payload)
				must(b, err)
				frames, bare = append(frames, between.Sub(start)), append(bare, time.Since(between))
				at += domain.Position(n)
			}
			slices.Sort(frames)
			slices.Sort(bare)
			f, p := frames[len(frames)/2], bare[len(bare)/2]
			b.ReportMetric(float64(f.Microseconds()), "append-p50-µs")
			b.ReportMetric(float64(p.Microseconds()), "publish-p50-µs")
			b.ReportMetric(float64(f)/float64(p), "ratio")
		})
	}
}

// BenchmarkRead reads a log that another handle wrote, so that every byte comes from the server.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("frame-%d", n), func(b *testing.B) {
			s := serve(b, bus.Config{DontListen: true})
			writer := open(b, s.Conn())
			total := max(20_000, 100*n)
			for at := 0; at < total; at += n {
				must(b, writer.Append(b.Context(), domain.Position(at), lines(n)))
			}
			log := open(b, dial(b, s))
			for b.Loop() {
				next := domain.Position(0)
				for batch, err := range log.Read(b.Context(), 0) {
					must(b, err)
					if next = batch.End(); int(next) == total {
						break
					}
				}
			}
			perEvent(b, total)
		})
	}
}

// BenchmarkFollow measures from the call of Append until a follower has the event: beside the writer, and in another process.
func BenchmarkFollow(b *testing.B) {
	for _, where := range []string{"beside the writer", "elsewhere"} {
		b.Run(where, func(b *testing.B) {
			s := serve(b, bus.Config{DontListen: true})
			log := open(b, s.Conn())
			follower := log
			if where == "elsewhere" {
				follower = open(b, dial(b, s))
			}
			event := lines(1)
			seen := make(chan domain.Position, 1)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for batch, err := range follower.Read(b.Context(), 0) {
					if err != nil {
						return
					}
					seen <- batch.End()
				}
			}()
			at := <-seen
			for b.Loop() {
				must(b, log.Append(b.Context(), at, event))
				at = <-seen
			}
			follower.Close()
			<-done
		})
	}
}

// BenchmarkFind measures where a reading finds a position it has never looked for.
func BenchmarkFind(b *testing.B) {
	s := serve(b, bus.Config{DontListen: true})
	writer := open(b, s.Conn())
	const frames = 4000
	for at := range frames {
		must(b, writer.Append(b.Context(), domain.Position(at), lines(1)))
	}
	for b.Loop() {
		log, err := natslog.Open(b.Context(), s.Conn(), natslog.Config{})
		must(b, err)
		for _, err := range log.Read(b.Context(), frames/3) {
			must(b, err)
			break
		}
		log.Close()
	}
}

func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
