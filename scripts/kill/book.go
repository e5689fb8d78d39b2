package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// book is what the outside knows: what was sent, and what was acknowledged.
type book struct {
	mu             sync.Mutex
	sent           map[string]string       // id → body; guarded by mu
	acknowledged   map[string]wire.Receipt // guarded by mu
	next           uint64                  // guarded by mu
	seed           uint64
	events         int
	unacknowledged int
}

func newBook(seed uint64) *book {
	return &book{sent: map[string]string{}, acknowledged: map[string]wire.Receipt{}, seed: seed}
}

// record sends actions from many callers until the ledger is gone: new ones, and now and then one again that was sent before.
func (b *book) record(ctx context.Context, p *process, callers int) error {
	nc, err := nats.Connect(p.nats, nats.NoReconnect())
	if err != nil {
		return errors.Wrap(err, "connect")
	}
	defer nc.Close()
	var all errgroup.Group
	for caller := range callers {
		all.Go(func() error {
			random := rand.New(rand.NewPCG(b.seed, uint64(caller)+uint64(time.Now().UnixNano())))
			for ctx.Err() == nil {
				id, body := b.message(random)
				reply, err := nc.RequestWithContext(ctx, subject, []byte(body))
				if err != nil {
					return nil // killed: the outcome is not known
				}
				if code := reply.Header.Get(wire.HeaderErrorCode); code != "" {
					if code == "503" || code == "429" {
						continue
					}
					return errors.Newf("refused with %s: %s", code, reply.Data)
				}
				if err := b.acknowledge(id, reply.Data); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

func (b *book) message(random *rand.Rand) (id, body string) {
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
func (b *book) acknowledge(id string, reply []byte) error {
	var r wire.Receipt
	if err := json.Unmarshal(reply, &r); err != nil {
		return errors.Wrap(err, "receipt")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if first, again := b.acknowledged[id]; again {
		if first.Position != r.Position || string(first.Leaf) != string(r.Leaf) {
			return errors.Newf("%s has two receipts, at %d and %d", id, first.Position, r.Position)
		}
		return nil
	}
	b.acknowledged[id] = r
	return nil
}

// check reads the whole log and holds it against what was acknowledged.
func (b *book) check(ctx context.Context, p *process) error {
	seen := map[string]uint64{}
	var next uint64
	for {
		page, err := get(ctx, fmt.Sprintf("%s/api/v1/log?from=%d&limit=10000", p.http, next))
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(strings.NewReader(page))
		lines.Buffer(nil, 1<<20)
		before := next
		for lines.Scan() {
			var e struct {
				Position uint64 `json:"position"`
				Event    struct {
					ID     string `json:"id"`
					Source string `json:"source"`
				} `json:"event"`
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				return errors.Wrap(err, "log line")
			}
			if e.Position != next {
				return errors.Newf("position %d follows %d", e.Position, next)
			}
			next++
			if _, doubled := seen[e.Event.ID]; doubled {
				return errors.Newf("%s stands twice, at %d again", e.Event.ID, e.Position)
			}
			seen[e.Event.ID] = e.Position
		}
		if err := lines.Err(); err != nil {
			return errors.Wrap(err, "read log")
		}
		if next == before {
			break
		}
	}
	for id, r := range b.acknowledged {
		at, recorded := seen[id]
		if !recorded {
			return errors.Newf("%s was acknowledged at %d and is lost", id, r.Position)
		}
		if at != r.Position {
			return errors.Newf("%s was acknowledged at %d and stands at %d", id, r.Position, at)
		}
	}
	b.events, b.unacknowledged = int(next), 0
	for id := range seen {
		if _, acknowledged := b.acknowledged[id]; !acknowledged && !strings.Contains(id, "/") {
			b.unacknowledged++
		}
	}
	return nil
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
