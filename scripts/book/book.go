// Package book is what the outside knows of a ledger under test: what was sent to it, what it acknowledged, and whether its log says
// the same.
package book

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/infra/wire"
)

const (
	subject = "daybook.v1.record.fenland-cycles.webshop"
	source  = "/fenland-cycles/webshop"
	people  = 5_000
)

const restTime = 10 * time.Millisecond // after no answer

// Book is what was sent and what was acknowledged. It may be used from many goroutines.
type Book struct {
	mu           sync.Mutex
	sent         map[string]string       // id → body; guarded by mu
	acknowledged map[string]wire.Receipt // guarded by mu
	torn         []string                // ids with two receipts; guarded by mu
	next         uint64                  // guarded by mu
	silence      time.Duration           // the longest between two receipts; guarded by mu
	heard        time.Time               // when the last receipt came; guarded by mu
	seed         uint64
	read         reading // by the check that runs
}

// New makes an empty book. The seed decides what is sent.
func New(seed uint64) *Book {
	return &Book{sent: map[string]string{}, acknowledged: map[string]wire.Receipt{}, seed: seed, read: reading{seen: map[string]uint64{}}}
}

// Acknowledged gives how many messages were acknowledged.
func (b *Book) Acknowledged() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acknowledged)
}

// Silence gives the longest time since the last call in which nobody was given a receipt.
func (b *Book) Silence() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	longest := max(b.silence, time.Since(b.heard))
	b.silence, b.heard = 0, time.Now()
	return longest
}

// Record sends messages from many callers until ctx ends: new ones, and now and then one again that was sent before. What is not
// answered stays in the book as sent. It returns an error where a message is refused that should not be.
func (b *Book) Record(ctx context.Context, url string, callers int, opts ...nats.Option) error {
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return errors.Wrap(err, "connect")
	}
	defer nc.Close()
	var all errgroup.Group
	for caller := range callers {
		all.Go(func() error {
			random := rand.New(rand.NewPCG(b.seed, uint64(caller)+uint64(time.Now().UnixNano())))
			for ctx.Err() == nil {
				if err := b.send(ctx, nc, random); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

func (b *Book) send(ctx context.Context, nc *nats.Conn, random *rand.Rand) error {
	id, body := b.message(random)
	patience, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	reply, err := nc.RequestWithContext(patience, subject, []byte(body))
	code := ""
	if err == nil {
		code = reply.Header.Get(wire.HeaderErrorCode)
	}
	switch {
	case err != nil || code == "503" || code == "429": // the outcome is not known, or nothing was recorded
		select {
		case <-ctx.Done():
		case <-time.After(restTime):
		}
		return nil
	case code != "":
		return errors.Newf("refused with %s: %s", code, reply.Data)
	}
	return b.acknowledge(id, reply.Data)
}

func (b *Book) message(random *rand.Rand) (id, body string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next > 0 && random.IntN(10) == 0 {
		id = fmt.Sprintf("m-%d", random.Uint64N(b.next))
		return id, b.sent[id]
	}
	id = fmt.Sprintf("m-%d", b.next)
	b.next++
	subjects := fmt.Sprintf("%q", fmt.Sprintf("email:person%d@example.org", random.IntN(people)))
	if random.IntN(20) == 0 {
		subjects += fmt.Sprintf(",%q", fmt.Sprintf("customer:%d", random.IntN(people)))
	}
	body = fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":"daybook.action.v1","time":%q,"data":{"operation":"Store","subjects":[%s],"instruction":"orders","categories":["pd:EmailAddress"],"system":"crm","location":"GB","details":{"note":"order %d"}}}`,
		id, source, time.Now().UTC().Format(time.RFC3339Nano), subjects, random.IntN(1_000_000))
	b.sent[id] = body
	return id, body
}

// acknowledge keeps a receipt. A second receipt for one id must be the first again.
func (b *Book) acknowledge(id string, reply []byte) error {
	var r wire.Receipt
	if err := json.Unmarshal(reply, &r); err != nil {
		return errors.Wrap(err, "receipt")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.heard.IsZero() {
		b.silence = max(b.silence, time.Since(b.heard))
	}
	b.heard = time.Now()
	if first, again := b.acknowledged[id]; again {
		if first.Position != r.Position || string(first.Leaf) != string(r.Leaf) {
			b.torn = append(b.torn, id)
		}
		return nil
	}
	b.acknowledged[id] = r
	return nil
}

// Counts says how a log compares with a book.
type Counts struct {
	Events         int // in the log
	Acknowledged   int // messages that have a receipt
	Lost           int // of these, that are not where the receipt says
	Doubled        int // messages that stand twice in the log, or were given two receipts
	Gaps           int // positions that do not follow the one before
	Unacknowledged int // messages in the log that nobody was told of
}

// Sound says that nothing was lost, doubled or left out.
func (c Counts) Sound() bool { return c.Lost+c.Doubled+c.Gaps == 0 }

// Check reads the whole log of the ledger at an HTTP address, and holds it against what was acknowledged by the time it began.
func (b *Book) Check(ctx context.Context, url string) (Counts, error) {
	b.read = reading{seen: map[string]uint64{}}
	return b.CheckOn(ctx, url)
}

// CheckOn is Check without reading again what an earlier check read. One check runs at a time.
func (b *Book) CheckOn(ctx context.Context, url string) (Counts, error) {
	b.mu.Lock()
	told, torn := maps.Clone(b.acknowledged), len(b.torn)
	b.mu.Unlock()
	for more := true; more; {
		page, err := get(ctx, fmt.Sprintf("%s/api/v1/log?from=%d&limit=10000", url, b.read.next))
		if err != nil {
			return Counts{}, err
		}
		if more, err = b.read.page(page); err != nil {
			return Counts{}, err
		}
	}
	c := Counts{Events: b.read.events, Acknowledged: len(told), Doubled: b.read.doubled + torn, Gaps: b.read.gaps}
	for id, r := range told {
		if at, is := b.read.seen[id]; !is || at != r.Position {
			c.Lost++
		}
	}
	for id := range b.read.seen {
		if _, is := told[id]; !is && !strings.Contains(id, "/") {
			c.Unacknowledged++
		}
	}
	return c, nil
}

// reading is what was read of a log so far.
type reading struct {
	seen                  map[string]uint64 // id → position
	next                  uint64
	events, gaps, doubled int
}

// page takes a page of the log in, and says whether it held anything.
func (r *reading) page(page string) (more bool, err error) {
	lines := bufio.NewScanner(strings.NewReader(page))
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); r.events++ {
		var e struct {
			Position uint64 `json:"position"`
			Event    struct {
				ID string `json:"id"`
			} `json:"event"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return more, errors.Wrap(err, "log line")
		}
		if e.Position != r.next {
			r.gaps++
		}
		r.next, more = e.Position+1, true
		if _, twice := r.seen[e.Event.ID]; twice {
			r.doubled++
		}
		r.seen[e.Event.ID] = e.Position
	}
	return more, errors.Wrap(lines.Err(), "read log")
}

// Ready waits until the ledger at an HTTP address says that it is.
func Ready(ctx context.Context, url string) error {
	for {
		_, err := get(ctx, url+"/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.CombineErrors(ctx.Err(), err)
		case <-time.After(10 * restTime):
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", errors.Newf("%s answered %d: %.200s", url, res.StatusCode, body)
	}
	return string(body), nil
}
