package commands_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/vault/memvault"
)

// A simulation is many publishers that repeat, reorder and contradict themselves, over one log that two ledgers write at once,
// while log, vault and memory fail in pairs, clocks jump and ledgers are killed and opened again over what they left, or over an
// older copy of it. After each step everything is held against the log.
//
// DAYBOOK_SIMULATE=10m lets it run longer, DAYBOOK_SEED=1234 begins with a seed that failed. A seed decides what everybody tries;
// in which order they come is the scheduler's.
func TestSimulation(t *testing.T) {
	patience := 4 * time.Second
	if s := os.Getenv("DAYBOOK_SIMULATE"); s != "" {
		patience = must(time.ParseDuration(s))
	}
	seed := rand.Uint64() >> 32
	if s := os.Getenv("DAYBOOK_SEED"); s != "" {
		seed = must(strconv.ParseUint(s, 10, 64))
	}
	totals := &book{}
	for began := time.Now(); time.Since(began) < patience && !t.Failed(); seed++ {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed, totals) })
		})
	}
	t.Logf("%d worlds, %d acknowledged, %d of them again, %d contradictions refused, %d unavailable, %d crashes, %d events",
		totals.worlds, totals.fresh, totals.duplicates, totals.conflicts, totals.unavailable, totals.crashes, totals.events)
	if totals.fresh == 0 || totals.duplicates == 0 || totals.conflicts == 0 || totals.unavailable == 0 || totals.crashes == 0 {
		t.Error("the simulation did not try everything")
	}
}

const (
	simulatedSteps  = 6
	sharedMessages  = 30 // that all publishers of a step know
	maxTries        = 4  // of one message, before a publisher gives up for now
	simulatedPeople = 25
)

// simulation is one world with two ledgers over its log.
type simulation struct {
	*testing.T
	log   *memlog.Log
	vault *memvault.Vault
	clock *clock
	slots [2]*slot
	book  *book
}

// slot is a place where a ledger runs, with its memory.
type slot struct {
	mu      sync.Mutex // over starting and killing
	memory  *memory
	backups []*memory
	ledger  *commands.Ledger
	kill    func()
}

func simulate(t *testing.T, seed uint64, totals *book) {
	s := &simulation{T: t, log: memlog.New(memlog.Config{}), vault: memvault.New(), clock: &clock{}, book: newBook()}
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range s.slots {
		s.slots[i] = &slot{memory: &memory{}}
		s.start(s.slots[i], rng)
	}
	for step := range simulatedSteps {
		var publishers sync.WaitGroup
		for p := range 2 + rng.IntN(6) {
			own := rand.New(rand.NewPCG(seed, uint64(1+step*100+p)))
			publishers.Go(func() { s.publish(step, own) })
		}
		publishers.Wait()
		for _, at := range s.slots {
			at.mu.Lock()
			at.kill()
			at.mu.Unlock()
		}
		s.check()
		if t.Failed() {
			return
		}
		for _, at := range s.slots {
			s.start(at, rng)
		}
	}
	for _, at := range s.slots {
		at.kill()
	}
	s.book.addTo(totals)
}

// start opens a ledger over what the slot has.
func (s *simulation) start(at *slot, rng *rand.Rand) {
	life := &mortal{Log: s.log, Memory: at.memory}
	cfg := commands.Config{Log: life, Vault: s.vault, Memory: life, Now: s.clock.Now}
	if rng.IntN(2) == 0 {
		cfg.MaxFrameEvents = facts + rng.IntN(20)
	}
	var err error
	for range 20 {
		var l *commands.Ledger
		if l, err = commands.Open(context.Background(), cfg); err == nil {
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- l.Run(ctx) }()
			at.ledger, at.kill = l, func() {
				life.die()
				cancel()
				if err := <-ended; err != nil {
					s.Errorf("a ledger ended with %+v", err)
				}
			}
			return
		}
	}
	s.Errorf("a ledger does not open: %+v", err)
}

func (s *simulation) ledger(rng *rand.Rand) *commands.Ledger {
	at := s.slots[rng.IntN(len(s.slots))]
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.ledger
}

// publish is one publisher in one step.
func (s *simulation) publish(step int, rng *rand.Rand) {
	for range 5 + rng.IntN(10) {
		s.trouble(rng)
		switch rng.IntN(12) {
		case 0:
			d := organisation()
			d.Instructions[0] = orders("Orders "+strconv.Itoa(rng.IntN(9)), 5+rng.IntN(20))
			_, err := s.ledger(rng).Declare(context.Background(), d, rng.IntN(4) == 0)
			s.expects("declaring", err, domain.ErrConflict)
		case 1:
			_, err := s.ledger(rng).Link(context.Background(), commands.Link{Controller: "fenland", Known: someone(rng), Also: someone(rng)})
			s.expects("linking", err, domain.ErrNotFound)
		case 3, 4:
			_, err := s.ledger(rng).About(context.Background(), commands.Matter{Controller: "fenland", Person: someone(rng), What: matter(rng)})
			if !errors.IsAny(err, domain.ErrConflict, domain.ErrInvalid, domain.ErrForbidden) {
				s.expects("a matter", err, domain.ErrNotFound)
			}
		case 2:
			_, err := s.ledger(rng).Ask(context.Background(), action("asked").Action, nil)
			s.expects("asking", err, domain.ErrUnavailable)
		default:
			s.send(step, rng)
		}
	}
}

// expects takes an error that may succeed later for granted, and one other kind.
func (s *simulation) expects(what string, err, also error) {
	if err != nil && !errors.Is(err, domain.ErrUnavailable) && !errors.Is(err, also) {
		s.Errorf("%s is answered with %+v", what, err)
	}
}

// send sends a batch, and sends again what was unavailable.
func (s *simulation) send(step int, rng *rand.Rand) {
	var batch []message
	for range 1 + rng.IntN(6) {
		m := message{id: "m" + strconv.Itoa(max(0, step-rng.IntN(3))) + "." + strconv.Itoa(rng.IntN(sharedMessages))}
		if rng.IntN(8) == 0 {
			m.content = 1 + rng.IntN(2)
		}
		batch = append(batch, m)
		if rng.IntN(6) == 0 {
			batch = append(batch, m)
		}
	}
	for try := 0; try < maxTries && len(batch) > 0; try++ {
		actions, known := make([]commands.Action, len(batch)), make([]bool, len(batch))
		for i, m := range batch {
			actions[i], known[i] = m.action(), s.book.sends(m)
		}
		outcomes, err := s.ledger(rng).Record(context.Background(), actions)
		if err != nil {
			s.expects("recording", err, domain.ErrUnavailable)
			continue
		}
		var again []message
		for i, o := range outcomes {
			if s.book.answered(s.T, batch[i], known[i], o) {
				again = append(again, batch[i])
			}
		}
		batch = again
		rng.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	}
}

// trouble is what else happens.
func (s *simulation) trouble(rng *rand.Rand) {
	at := s.slots[rng.IntN(len(s.slots))]
	switch rng.IntN(16) {
	case 0:
		s.log.Inject(memlog.Fault(rng.IntN(4)))
	case 1:
		s.vault.Order(memvault.Fault(rng.IntN(3)))
	case 2:
		at.mu.Lock()
		at.memory.inject(memoryFault(rng.IntN(3)))
		at.mu.Unlock()
	case 3:
		at.mu.Lock()
		at.memory.failFinds(1)
		at.mu.Unlock()
	case 4:
		s.log.Disconnect()
	case 5:
		s.clock.add(time.Duration(rng.Int64N(int64(4*time.Hour))) - 2*time.Hour)
	case 6:
		at.mu.Lock()
		at.backups = append(at.backups, at.memory.copy())
		at.mu.Unlock()
	case 7:
		at.mu.Lock()
		at.kill()
		switch n := len(at.backups); {
		case n > 0 && rng.IntN(3) == 0:
			at.memory = at.backups[rng.IntN(n)].copy()
		case rng.IntN(8) == 0:
			at.memory = &memory{}
		}
		s.start(at, rng)
		at.mu.Unlock()
		s.book.crashed()
	}
}

// mortal is the log and the memory as one ledger sees them, until it dies: then nothing it does has any effect.
type mortal struct {
	commands.Log
	commands.Memory
	mu   sync.RWMutex
	dead bool
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

var errDead = errors.Wrap(domain.ErrUnavailable, "the process was killed")

func (m *mortal) Append(ctx context.Context, at domain.Position, events [][]byte) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.dead {
		return errors.WithStack(errDead)
	}
	return m.Log.Append(ctx, at, events)
}

func (m *mortal) Remember(end domain.Position, news commands.News) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.dead {
		return errors.WithStack(errDead)
	}
	return m.Memory.Remember(end, news)
}

func someone(rng *rand.Rand) domain.Identifier {
	return person("customer:" + strconv.Itoa(rng.IntN(simulatedPeople)))
}
