package commands_test

import (
	"bytes"
	"maps"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// A memoryFault is what goes wrong with one call of Remember.
type memoryFault uint8

const (
	remembers memoryFault = iota
	forgets               // nothing is kept, and the call fails
	keepsButFails
)

var errMemory = errors.Wrap(domain.ErrUnavailable, "the memory was told to fail")

// memory is the twin of the memory that can be copied, held and made to fail. Its zero value is empty.
type memory struct {
	mu       sync.Mutex
	end      domain.Position
	snapshot []byte
	kept     map[string][]byte
	seen     map[commands.MessageKey]commands.Seen
	twice    []commands.MessageKey // remembered again with other content
	faults   []memoryFault         // for the next calls of Remember
	finds    int                   // calls of Find that fail
	held     chan struct{}         // Remember waits until it is closed
}

var _ commands.Memory = (*memory)(nil)

func (m *memory) Find(keys []commands.MessageKey) ([]commands.Seen, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.finds > 0 {
		m.finds--
		return nil, errors.WithStack(errMemory)
	}
	found := make([]commands.Seen, len(keys))
	for i, key := range keys {
		s, known := m.seen[key]
		if !known {
			s.Position = commands.Nowhere
		}
		found[i] = s
	}
	return found, nil
}

func (m *memory) Remember(end domain.Position, news commands.News) error {
	m.mu.Lock()
	held := m.held
	m.mu.Unlock()
	if held != nil {
		<-held
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fault := remembers
	if len(m.faults) > 0 {
		fault, m.faults = m.faults[0], m.faults[1:]
	}
	if fault == forgets {
		return errors.WithStack(errMemory)
	}
	if m.seen == nil {
		m.seen = map[commands.MessageKey]commands.Seen{}
	}
	for _, message := range news.Messages {
		if old, known := m.seen[message.Key]; known && old != message.Seen {
			m.twice = append(m.twice, message.Key)
		}
		m.seen[message.Key] = message.Seen
	}
	m.end = end
	if news.Snapshot != nil {
		m.snapshot = bytes.Clone(news.Snapshot)
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	for _, k := range news.Kept {
		if k.Value == nil {
			delete(m.kept, k.Key)
		} else {
			m.kept[k.Key] = bytes.Clone(k.Value)
		}
	}
	if fault == keepsButFails {
		return errors.WithStack(errMemory)
	}
	return nil
}

func (m *memory) Kept(each func(commands.Kept) error) error {
	m.mu.Lock()
	kept := maps.Clone(m.kept)
	m.mu.Unlock()
	for key, value := range kept {
		if err := each(commands.Kept{Key: key, Value: value}); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Load() (domain.Position, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.end, bytes.Clone(m.snapshot), nil
}

// copy gives the memory as a backup would have it.
func (m *memory) copy() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{end: m.end, snapshot: bytes.Clone(m.snapshot), seen: maps.Clone(m.seen), kept: maps.Clone(m.kept)}
}

func (m *memory) inject(faults ...memoryFault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, faults...)
}

func (m *memory) failFinds(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finds += n
}

// hold makes Remember wait until release is called.
func (m *memory) hold() (release func()) {
	held := make(chan struct{})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = held
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.held = nil
		close(held)
	}
}
