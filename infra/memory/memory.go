package memory

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// A message has a key of 16 bytes; these have one, so that they are never taken for a message.
var (
	formatKey   = []byte{0}
	endKey      = []byte{1}
	snapshotKey = []byte{2}
)

// Things that are kept have this and their own key, made not to have 16 bytes, so that they are never taken for a message either.
var keptPrefix = []byte("\x03kept\x00")

// maxKept bounds the key of a thing that is kept: a case's has its controller's name of 32 bytes and its own of 64.
const maxKept = 128

const format = 1

var (
	// ErrNewer says that a later version of the program wrote the memory. Nothing was changed.
	ErrNewer = errors.Wrap(domain.ErrConflict, "the memory has a newer format")

	errClosed = errors.Wrap(domain.ErrUnavailable, "the memory is closed")
)

// Memory is an open memory. All methods may be called concurrently.
type Memory struct {
	mu     sync.RWMutex // Close waits for everybody else: Pebble must not be used afterwards
	db     *pebble.DB   // nil when closed
	cache  *pebble.Cache
	unlock func() error
	filter *filter
	// filling reads the store into the filter; Close stops it and waits.
	stop    chan struct{}
	once    sync.Once
	filling sync.WaitGroup
	room    room
}

var _ commands.Memory = (*Memory)(nil)

// Open opens the memory in a folder and makes it (mode 0700) where there is none. It returns ErrNewer, and
// domain.ErrUnavailable where another process has it open or the files cannot be used; any other error means that the memory
// is damaged, and that the folder may be deleted: the log has everything that was in it.
func Open(dir string, config Config) (*Memory, error) {
	config = config.withDefaults()
	if err := config.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.Mark(errors.Wrap(err, "make the memory's folder"), domain.ErrUnavailable)
	}
	lock, err := pebble.LockDirectory(dir, config.FS)
	if err != nil {
		return nil, errors.WithHint(errors.Mark(errors.Wrap(err, "lock the memory"), domain.ErrUnavailable),
			"Another daybook uses this data directory. Stop it, or use another directory with --data.")
	}
	m := &Memory{unlock: lock.Close, room: room{fs: config.FS, dir: dir, least: config.LeastFree}, stop: make(chan struct{})}
	config.FS = vfs.OnDiskFull(config.FS, func() { m.room.await(m.stop, config.Log) })
	options := config.options()
	options.Lock = lock
	db, err := pebble.Open(dir, options)
	if err != nil {
		options.Cache.Unref()
		return nil, errors.CombineErrors(broken(err, "open the memory"), lock.Close())
	}
	m.db, m.cache, m.filter = db, options.Cache, newFilter()
	if err := m.checkFormat(); err != nil {
		return nil, errors.CombineErrors(err, m.Close())
	}
	m.filling.Go(m.fill)
	return m, nil
}

// fill brings the filter up to what the store holds, beside everything else: until it is whole, the store itself is asked. Where
// the store cannot be read, the store's next answer says so.
func (m *Memory) fill() {
	iter, err := m.db.NewIter(&pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly})
	if err != nil {
		return
	}
	n := 0
	for ok := iter.First(); ok; ok = iter.Next() {
		if key := iter.Key(); len(key) == len(commands.MessageKey{}) {
			m.filter.add(commands.MessageKey(key))
		}
		if n++; n%4096 == 0 {
			select {
			case <-m.stop:
				_ = iter.Close()
				return
			default:
			}
		}
	}
	if err := errors.CombineErrors(iter.Error(), iter.Close()); err == nil {
		m.filter.whole.Store(true)
	}
}

// Close waits for what is going on and closes the memory. Calls that come later return domain.ErrUnavailable. Closing twice is
// not an error.
func (m *Memory) Close() error {
	m.once.Do(func() { close(m.stop) })
	m.filling.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.db == nil {
		return nil
	}
	err := m.db.Close()
	m.db = nil
	m.cache.Unref()
	return errors.Wrap(errors.CombineErrors(err, m.unlock()), "close the memory")
}

func (m *Memory) checkFormat() error {
	found, err := m.get(formatKey)
	switch {
	case err != nil:
		return err
	case found == nil:
		return broken(m.db.Set(formatKey, []byte{format}, pebble.NoSync), "write the memory's format")
	case len(found) != 1 || found[0] > format:
		return errors.WithHint(errors.WithStack(ErrNewer),
			"The data directory was used by a newer daybook. Run that version, or delete the memory's folder: it is made again from the log.")
	default:
		return nil
	}
}

// get gives nil where there is no such key.
func (m *Memory) get(key []byte) ([]byte, error) {
	value, closer, err := m.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, broken(err, "read the memory")
	}
	return append([]byte{}, value...), closer.Close()
}

// Find implements commands.Memory.
func (m *Memory) Find(keys []commands.MessageKey) (found []commands.Seen, err error) {
	found = make([]commands.Seen, len(keys))
	order := make([]int, 0, len(keys))
	for i := range keys {
		found[i].Position = commands.Nowhere
		if !m.filter.unknown(keys[i]) {
			order = append(order, i)
		}
	}
	// In order, each file and each block is visited once.
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(keys[a][:], keys[b][:]) })
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return nil, errors.WithStack(errClosed)
	}
	if len(order) == 0 {
		return found, nil
	}
	// An iterator and not Get, which would not ask the Bloom filters of the lowest level, where nearly everything is.
	iter, err := m.db.NewIter(&pebble.IterOptions{UseL6Filters: true, KeyTypes: pebble.IterKeyTypePointsOnly})
	if err != nil {
		return nil, broken(err, "open a reading of the memory")
	}
	defer func() { err = errors.CombineErrors(err, broken(iter.Close(), "close a reading of the memory")) }()
	for _, i := range order {
		if !iter.SeekPrefixGE(keys[i][:]) {
			if err := iter.Error(); err != nil {
				return nil, broken(err, "find messages")
			}
			continue
		}
		value, err := iter.ValueAndErr()
		if err != nil {
			return nil, broken(err, "find messages")
		}
		if found[i], err = decodeSeen(value); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Remember implements commands.Memory. It waits neither for fsync nor for the write itself: a crash may lose what was
// remembered last, some hundreds of messages, in whole calls, and the end then says so. It returns domain.ErrUnavailable where the disk is nearly full.
func (m *Memory) Remember(end domain.Position, news commands.News) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return errors.WithStack(errClosed)
	}
	messages := news.Messages
	size := 64 + len(messages)*(valueSize+24) + len(news.Snapshot)
	for _, k := range news.Kept {
		size += 2*maxKept + len(k.Value)
	}
	if err := m.room.take(uint64(size)); err != nil {
		return err
	}
	batch := m.db.NewBatchWithSize(size)
	defer func() { _ = batch.Close() }()
	for i := range messages {
		m.filter.add(messages[i].Key) // before anybody can find it
		op := batch.SetDeferred(len(commands.MessageKey{}), valueSize)
		copy(op.Key, messages[i].Key[:])
		appendSeen(op.Value[:0], &messages[i].Seen)
		if err := op.Finish(); err != nil {
			return broken(err, "remember messages")
		}
	}
	for _, k := range news.Kept {
		if err := keep(batch, k); err != nil {
			return err
		}
	}
	if news.Snapshot != nil {
		if err := batch.Set(snapshotKey, news.Snapshot, nil); err != nil {
			return broken(err, "remember a snapshot")
		}
	}
	if err := batch.Set(endKey, binary.BigEndian.AppendUint64(nil, uint64(end)), nil); err != nil {
		return broken(err, "remember the end")
	}
	return broken(batch.Commit(pebble.NoSync), "write the memory")
}

// keep adds what is kept, or drops it.
func keep(batch *pebble.Batch, k commands.Kept) error {
	if k.Key == "" || len(k.Key) > maxKept {
		return errors.AssertionFailedf("the key of what is kept has %d bytes", len(k.Key))
	}
	key := append(append([]byte(nil), keptPrefix...), k.Key...)
	if len(key) == len(commands.MessageKey{}) {
		key = append(key, 0) // messages alone have 16 bytes
	}
	if k.Value == nil {
		return broken(batch.Delete(key, nil), "drop what was kept")
	}
	return broken(batch.Set(key, k.Value, nil), "keep something")
}

// Kept implements commands.Memory.
func (m *Memory) Kept(each func(commands.Kept) error) (err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return errors.WithStack(errClosed)
	}
	last := slices.Clone(keptPrefix)
	last[len(last)-1]++
	iter, err := m.db.NewIter(&pebble.IterOptions{LowerBound: keptPrefix, UpperBound: last})
	if err != nil {
		return broken(err, "open a reading of what is kept")
	}
	defer func() { err = errors.CombineErrors(err, broken(iter.Close(), "close a reading of what is kept")) }()
	for iter.First(); iter.Valid(); iter.Next() {
		key := iter.Key()
		if len(key) == len(commands.MessageKey{}) {
			continue // a message that begins alike
		}
		value, err := iter.ValueAndErr()
		if err != nil {
			return broken(err, "read what is kept")
		}
		name := strings.TrimSuffix(string(key[len(keptPrefix):]), "\x00")
		if err := each(commands.Kept{Key: name, Value: slices.Clone(value)}); err != nil {
			return err
		}
	}
	return broken(iter.Error(), "read what is kept")
}

// Load implements commands.Memory.
func (m *Memory) Load() (end domain.Position, snapshot []byte, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return 0, nil, errors.WithStack(errClosed)
	}
	text, err := m.get(endKey)
	if err != nil {
		return 0, nil, err
	}
	if text != nil && len(text) != 8 {
		return 0, nil, errors.AssertionFailedf("the end of the memory has %d bytes", len(text))
	}
	if text != nil {
		end = domain.Position(binary.BigEndian.Uint64(text))
	}
	snapshot, err = m.get(snapshotKey)
	return end, snapshot, err
}

// broken gives errors of the store their kind: what the disk refused may work later, everything else is internal.
func broken(err error, doing string) error {
	var path *os.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &path):
		return errors.Mark(errors.WithMessage(err, doing), domain.ErrUnavailable)
	default:
		return errors.WithMessage(err, doing)
	}
}
