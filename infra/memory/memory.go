package memory

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
	countKey    = []byte{4}
)

// Things that are kept have this and their own key, made not to have 16 bytes, so that they are never taken for a message either.
var keptPrefix = []byte("\x03kept\x00")

// maxKept bounds the key of a thing that is kept: a case's has its controller's name of 32 bytes and its own of 64.
const maxKept = 128

const format = 2 // since 2 with the number of messages

var (
	// ErrNewer says that a later version of the program wrote the memory. Nothing was changed.
	ErrNewer = errors.Wrap(domain.ErrConflict, "the memory has a newer format")

	errClosed = errors.Wrap(domain.ErrUnavailable, "the memory is closed")
)

// Memory is an open memory. All methods may be called concurrently.
type Memory struct {
	mu     sync.RWMutex // Close and Reset wait for everybody else: Pebble must not be used afterwards
	db     *pebble.DB   // nil when closed
	cache  *pebble.Cache
	filter *filter
	// filling reads the store into the filter; Close and Reset stop it and wait.
	stop    chan struct{}
	filling sync.WaitGroup

	dir      string
	config   Config
	lock     *pebble.Lock
	room     room
	counting sync.Mutex // guards count, and keeps writes in its order
	count    uint64     // of the messages that are remembered

	damaged atomic.Bool // something that is stored is not what was written
}

var _ commands.Memory = (*Memory)(nil)

// Open opens the memory in a folder and makes it (mode 0700) where there is none. It returns ErrNewer, and
// domain.ErrUnavailable where another process has it open or the files cannot be used. A memory that is damaged is emptied.
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
	m := &Memory{dir: dir, config: config, lock: lock, room: room{fs: config.FS, dir: dir, least: config.LeastFree}}
	if err = m.open(); errors.Is(err, commands.ErrMemoryDamaged) {
		config.Log.WarnContext(context.Background(), "the memory is damaged and is made again from the log", slog.Any("error", err))
		err = m.Reset()
	}
	if err != nil {
		return nil, errors.CombineErrors(err, lock.Close())
	}
	return m, nil
}

// open opens the store. The caller holds mu, or is alone.
func (m *Memory) open() error {
	m.stop = make(chan struct{})
	stop, config := m.stop, m.config
	config.FS = vfs.OnDiskFull(config.FS, func() { m.room.await(stop, config.Log) })
	options := config.options()
	options.Lock = m.lock
	options.EventListener = &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) { m.damaged.Store(true) }}
	db, err := pebble.Open(m.dir, options)
	if err != nil {
		options.Cache.Unref()
		return m.broken(err, "open the memory")
	}
	m.db, m.cache, m.filter = db, options.Cache, newFilter()
	if err := m.checkFormat(); err != nil {
		return errors.CombineErrors(err, m.shut())
	}
	text, err := m.get(countKey)
	if err != nil {
		return errors.CombineErrors(err, m.shut())
	}
	if m.count = 0; len(text) == 8 {
		m.count = binary.BigEndian.Uint64(text)
	}
	snapshot, count := m.db.NewSnapshot(), m.count
	m.filling.Go(func() { m.fill(snapshot, count) })
	return nil
}

// shut closes the store. The caller holds mu, or is alone.
func (m *Memory) shut() error {
	if m.db == nil {
		return nil
	}
	close(m.stop)
	m.filling.Wait()
	err := m.db.Close()
	m.db = nil
	m.cache.Unref()
	return errors.Wrap(err, "close the memory's store")
}

// Reset forgets everything, damaged or not, so that it can be made again from the log. It returns domain.ErrUnavailable.
func (m *Memory) Reset() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.shut() // what it held is deleted
	names, err := m.config.FS.List(m.dir)
	for _, name := range names {
		if name != lockFile {
			err = errors.CombineErrors(err, m.config.FS.RemoveAll(m.config.FS.PathJoin(m.dir, name)))
		}
	}
	if err != nil {
		return errors.Mark(errors.Wrap(err, "empty the memory's folder"), domain.ErrUnavailable)
	}
	m.damaged.Store(false)
	return m.open()
}

// lockFile is the one that pebble.LockDirectory makes.
const lockFile = "LOCK"

// fill brings the filter up to what the store holds, beside everything else: until it is whole, the store itself is asked. Where
// the store cannot be read, the store's next answer says so. Pebble takes a damaged list of its files for a shorter one, and does
// not miss those that are not in it: so the messages are counted.
func (m *Memory) fill(db *pebble.Snapshot, count uint64) {
	defer func() { _ = db.Close() }()
	iter, err := db.NewIter(&pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly})
	if err != nil {
		return
	}
	n, messages := 0, uint64(0)
	for ok := iter.First(); ok; ok = iter.Next() {
		if key := iter.Key(); len(key) == len(commands.MessageKey{}) {
			m.filter.add(commands.MessageKey(key))
			messages++
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
	if err := errors.CombineErrors(iter.Error(), iter.Close()); err != nil {
		return
	}
	if messages != count {
		m.config.Log.WarnContext(context.Background(), "the memory has lost messages",
			slog.Uint64("remembered", count), slog.Uint64("found", messages))
		m.damaged.Store(true)
		return
	}
	m.filter.whole.Store(true)
}

// Close waits for what is going on and closes the memory. Calls that come later return domain.ErrUnavailable. Closing twice is
// not an error.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.db == nil {
		return nil
	}
	return errors.Wrap(errors.CombineErrors(m.shut(), m.lock.Close()), "close the memory")
}

func (m *Memory) checkFormat() error {
	found, err := m.get(formatKey)
	switch {
	case err != nil:
		return err
	case found == nil:
		return m.broken(m.db.Set(formatKey, []byte{format}, pebble.NoSync), "write the memory's format")
	case len(found) == 1 && found[0] < format:
		return errors.WithStack(commands.ErrMemoryDamaged) // it is made again, in this format
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
		return nil, m.broken(err, "read the memory")
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
		return nil, m.broken(err, "open a reading of the memory")
	}
	defer func() { err = errors.CombineErrors(err, m.broken(iter.Close(), "close a reading of the memory")) }()
	for _, i := range order {
		if !iter.SeekPrefixGE(keys[i][:]) {
			if err := iter.Error(); err != nil {
				return nil, m.broken(err, "find messages")
			}
			continue
		}
		value, err := iter.ValueAndErr()
		if err != nil {
			return nil, m.broken(err, "find messages")
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
	if m.damaged.Load() { // so that the writer makes it again
		return errors.WithStack(commands.ErrMemoryDamaged)
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
	for _, i := range order(messages) {
		m.filter.add(messages[i].Key) // before anybody can find it
		op := batch.SetDeferred(len(commands.MessageKey{}), valueSize)
		copy(op.Key, messages[i].Key[:])
		appendSeen(op.Value[:0], &messages[i].Seen)
		if err := op.Finish(); err != nil {
			return m.broken(err, "remember messages")
		}
	}
	for _, k := range news.Kept {
		if err := m.keep(batch, k); err != nil {
			return err
		}
	}
	if news.Snapshot != nil {
		if err := batch.Set(snapshotKey, news.Snapshot, nil); err != nil {
			return m.broken(err, "remember a snapshot")
		}
	}
	if err := batch.Set(endKey, binary.BigEndian.AppendUint64(nil, uint64(end)), nil); err != nil {
		return m.broken(err, "remember the end")
	}
	m.counting.Lock()
	defer m.counting.Unlock()
	count := m.count + uint64(len(messages))
	if err := batch.Set(countKey, binary.BigEndian.AppendUint64(nil, count), nil); err != nil {
		return m.broken(err, "remember how many there are")
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return m.broken(err, "write the memory")
	}
	m.count = count
	return nil
}

// keep adds what is kept, or drops it.
func (m *Memory) keep(batch *pebble.Batch, k commands.Kept) error {
	if k.Key == "" || len(k.Key) > maxKept {
		return errors.AssertionFailedf("the key of what is kept has %d bytes", len(k.Key))
	}
	key := append(append([]byte(nil), keptPrefix...), k.Key...)
	if len(key) == len(commands.MessageKey{}) {
		key = append(key, 0) // messages alone have 16 bytes
	}
	if k.Value == nil {
		return m.broken(batch.Delete(key, nil), "drop what was kept")
	}
	return m.broken(batch.Set(key, k.Value, nil), "keep something")
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
		return m.broken(err, "open a reading of what is kept")
	}
	defer func() { err = errors.CombineErrors(err, m.broken(iter.Close(), "close a reading of what is kept")) }()
	for iter.First(); iter.Valid(); iter.Next() {
		key := iter.Key()
		if len(key) == len(commands.MessageKey{}) {
			continue // a message that begins alike
		}
		value, err := iter.ValueAndErr()
		if err != nil {
			return m.broken(err, "read what is kept")
		}
		name := strings.TrimSuffix(string(key[len(keptPrefix):]), "\x00")
		if err := each(commands.Kept{Key: name, Value: slices.Clone(value)}); err != nil {
			return err
		}
	}
	return m.broken(iter.Error(), "read what is kept")
}

// Load implements commands.Memory. It returns commands.ErrMemoryDamaged where anything was found to be damaged before.
func (m *Memory) Load() (end domain.Position, snapshot []byte, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return 0, nil, errors.WithStack(errClosed)
	}
	if m.damaged.Load() { // perhaps where nobody asked
		return 0, nil, errors.WithStack(commands.ErrMemoryDamaged)
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

// broken gives errors of the store their kind: what the disk refused may work later, everything else is damage.
func (m *Memory) broken(err error, doing string) error {
	var path *os.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &path) && !errors.Is(err, fs.ErrNotExist): // a file that is gone does not come back
		return errors.Mark(errors.WithMessage(err, doing), domain.ErrUnavailable)
	default:
		m.damaged.Store(true)
		return errors.WithSecondaryError(errors.WithMessage(commands.ErrMemoryDamaged, doing), err)
	}
}
