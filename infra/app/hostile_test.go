package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// mostMemory is what the ledger may take while everybody is against it. Of it 64 MiB are what the server keeps for each of the
// connections that ask and do not read, as much again waits at the doors, and the garbage collector lets the heap grow to twice that.
const mostMemory = 3 << 29

// TestAHostileDay throws at every door at once what the doors are not for, and wants everybody who behaves to be answered
// meanwhile, the ledger to live, and its memory to stay within its bounds. DAYBOOK_SOAK makes the day longer.
func TestAHostileDay(t *testing.T) {
	day := 5 * time.Second
	if os.Getenv("DAYBOOK_SOAK") != "" {
		day = time.Minute
	}
	data := filepath.Join(t.TempDir(), "data")
	c := startChild(t, data)
	before := c.peak()
	ctx, cancel := context.WithTimeout(t.Context(), day)
	defer cancel()
	b := newBooks()
	good := c.behave(ctx, b)
	var attackers sync.WaitGroup
	counts := attack(ctx, &attackers, c.at)
	<-ctx.Done()
	attackers.Wait()
	good.wait()
	t.Logf("attacks: %s", counts())
	t.Logf("good callers: %s", good)
	t.Logf("memory: %d MiB, %d MiB before", c.peak()>>20, before>>20)
	for door, n := range good.answered {
		if n == 0 {
			t.Errorf("nobody was answered: %s", door)
		}
	}
	if !raceEnabled && c.peak() > mostMemory {
		t.Errorf("the ledger took %d MiB of memory", c.peak()>>20)
	}
	// The day is over, and everything is as ever.
	until(t, "readiness", func() bool {
		res, err := http.Get(c.at.HTTP + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	})
	nc, gone := dial(t, c.at.NATS)
	if !b.record(t, nc, gone, wire.Record, "in-the-evening") {
		t.Error("nobody records after the day")
	}
	nc.Close()
	c.stop()
	b.hold(t, start(t, data))
}

// wellBehaved are callers of every door who want an answer, and go on until ctx ends.
type wellBehaved struct {
	callers  sync.WaitGroup
	mu       sync.Mutex
	answered map[string]int           // under mu
	slowest  map[string]time.Duration // under mu
}

func (g *wellBehaved) String() string {
	var s strings.Builder
	for door, n := range g.answered {
		fmt.Fprintf(&s, "%s %d, slowest %s; ", door, n, g.slowest[door].Round(time.Millisecond))
	}
	return s.String()
}

func (g *wellBehaved) wait() { g.callers.Wait() }

// keep runs one caller: each call is repeated until it is answered, which it must be by the end of the day at the latest.
func (g *wellBehaved) keep(ctx context.Context, t *testing.T, door string, call func(n int) bool) {
	g.mu.Lock()
	g.answered[door] += 0
	g.mu.Unlock()
	day, _ := ctx.Deadline()
	latest := day.Add(patience)
	g.callers.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			begun := time.Now()
			for !call(n) {
				if time.Now().After(latest) {
					t.Errorf("%s: no answer, though the day is over", door)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			g.mu.Lock()
			g.answered[door]++
			g.slowest[door] = max(g.slowest[door], time.Since(begun))
			g.mu.Unlock()
		}
	})
}

func (c *child) behave(ctx context.Context, b *books) *wellBehaved {
	g := &wellBehaved{answered: map[string]int{}, slowest: map[string]time.Duration{}}
	for i := range 4 {
		nc, err := nats.Connect(c.at.NATS)
		if err != nil {
			c.Fatal(err)
		}
		c.Cleanup(nc.Close)
		for _, kind := range []wire.Kind{wire.Record, wire.Inbox} {
			g.keep(ctx, c.T, "nats "+string(kind), func(n int) bool {
				return b.repeat(c.T, nc, kind, fmt.Sprintf("good-%s-%d-%d", kind, i, n))
			})
		}
		g.keep(ctx, c.T, "nats ask", func(int) bool {
			reply, err := nc.Request(subjectOf(wire.Ask), []byte(action("question")), 2*time.Second)
			return err == nil && reply.Header.Get(wire.HeaderErrorCode) == ""
		})
		client := &http.Client{Timeout: 10 * time.Second}
		g.keep(ctx, c.T, "http record", func(n int) bool {
			return b.postWith(c.T, client, c.at.HTTP, fmt.Sprintf("good-http-%d-%d", i, n))
		})
		g.keep(ctx, c.T, "http trail", func(int) bool {
			res, err := client.Post(c.at.HTTP+"/api/v1/controllers/fenland-cycles/people/trail", wire.ContentJSON,
				strings.NewReader(`{"person":"email:goodrecord00@example.org"}`))
			if err != nil {
				return false
			}
			res.Body.Close()
			return res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotFound
		})
	}
	return g
}
