// Package memory remembers, for ever, which messages were recorded, and keeps the newest snapshot of the write side's state:
// commands.Memory on Pebble. All of it can be made again from the log, so nothing waits for the disk; what a loss of power takes
// back is folded again at the next start.
//
// It deliberately holds nothing personal beyond subject keys, and decides nothing.
package memory

import (
	"context"
	"encoding/binary"
	"log/slog"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// Config says how a memory is kept. The zero value is useful.
type Config struct {
	// Logger takes what the store reports as going wrong; nil discards it.
	Logger *slog.Logger
	// Cache is how many bytes of blocks are kept in memory; 0 means 32 MiB.
	Cache int64
	// FS is the file system; nil means that of the machine. Tests use vfs.NewMem.
	FS vfs.FS
}

// Memory is an open memory. Its methods may be called concurrently.
type Memory struct {
	db    *pebble.DB
	cache *pebble.Cache
}

var _ commands.Memory = (*Memory)(nil)

// Keys of messages begin with messagePrefix, so that what else is kept stands apart from them.
const (
	messagePrefix = 'm'
	keyLen        = 1 + 16
)

var (
	formatKey   = []byte("format")
	endKey      = []byte("end")
	snapshotKey = []byte("snapshot")
)

// format is the version of everything that is written here.
const format = 1

// memTable bounds what waits to be sorted; two of them are in memory at most.
const memTable = 16 << 20

// Open opens the memory in a directory, and makes it where there is none. It returns domain.ErrConflict where a later program
// made it, and domain.ErrUnavailable where another process has it open or its files cannot be used.
func Open(dir string, cfg Config) (*Memory, error) {
	if cfg.Cache == 0 {
		cfg.Cache = 32 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cache := pebble.NewCache(cfg.Cache)
	options := &pebble.Options{
		FS: cfg.FS, Cache: cache, Logger: quiet{cfg.Logger}, MemTableSize: memTable, FormatMajorVersion: pebble.FormatNewest,
		L0CompactionThreshold: 4, L0StopWritesThreshold: 24, MaxOpenFiles: 512,
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, options)
	if err != nil {
		cache.Unref()
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "open the memory of messages"), err),
			"Check that no other daybook uses the data directory and that its disk has room. The folder memory can be deleted while daybook is stopped; it is made again from the log.")
	}
	m := &Memory{db: db, cache: cache}
	if err := m.checkFormat(); err != nil {
		return nil, errors.CombineErrors(err, m.Close())
	}
	return m, nil
}

func (m *Memory) checkFormat() error {
	value, found, err := m.get(formatKey)
	switch {
	case err != nil:
		return err
	case !found:
		return storing(m.db.Set(formatKey, []byte{format}, pebble.Sync))
	case len(value) != 1 || value[0] != format:
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the memory of messages has a later format"),
			"Run the newer daybook that made it, or delete the folder memory while daybook is stopped; it is made again from the log.")
	}
	return nil
}

// Close writes what waits and closes the files.
func (m *Memory) Close() error {
	err := m.db.Close()
	m.cache.Unref()
	return storing(err)
}

// Find answers each key as commands.Memory says. Keys that were never recorded, the normal case, mostly stop at a Bloom filter.
func (m *Memory) Find(keys []commands.MessageKey) ([]commands.Seen, error) {
	found := make([]commands.Seen, len(keys))
	var key [keyLen]byte
	key[0] = messagePrefix
	for i, k := range keys {
		copy(key[1:], k[:])
		value, closer, err := m.db.Get(key[:])
		if errors.Is(err, pebble.ErrNotFound) {
			found[i].Position = commands.Nowhere
			continue
		}
		if err != nil {
			return nil, storing(err)
		}
		found[i], err = decode(value)
		if err := errors.CombineErrors(err, closer.Close()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Remember adds messages, the end and a snapshot in one batch.
func (m *Memory) Remember(end domain.Position, messages []commands.Remembered, snapshot []byte) error {
	b := m.db.NewBatchWithSize(64 + len(messages)*(keyLen+seenLen+8) + len(snapshot))
	defer b.Close()
	var key [keyLen]byte
	var value [seenLen]byte
	key[0] = messagePrefix
	for _, r := range messages {
		copy(key[1:], r.Key[:])
		encode(&value, r.Seen)
		if err := b.Set(key[:], value[:], nil); err != nil {
			return storing(err)
		}
	}
	if err := b.Set(endKey, binary.BigEndian.AppendUint64(nil, uint64(end)), nil); err != nil {
		return storing(err)
	}
	if snapshot != nil {
		if err := b.Set(snapshotKey, snapshot, nil); err != nil {
			return storing(err)
		}
	}
	return storing(b.Commit(pebble.NoSync))
}

// Load gives the end and the newest snapshot.
func (m *Memory) Load() (domain.Position, []byte, error) {
	end, found, err := m.get(endKey)
	if err != nil || !found {
		return 0, nil, err
	}
	if len(end) != 8 {
		return 0, nil, errors.AssertionFailedf("the end in the memory of messages is damaged")
	}
	snapshot, _, err := m.get(snapshotKey)
	return domain.Position(binary.BigEndian.Uint64(end)), snapshot, err
}

func (m *Memory) get(key []byte) (value []byte, found bool, err error) {
	stored, closer, err := m.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, storing(err)
	}
	value = slices.Clone(stored)
	return value, true, storing(closer.Close())
}

// storing names what failed. The store's own words may name files of the machine and stay out of the message.
func storing(err error) error {
	if err == nil {
		return nil
	}
	return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the memory of messages"), err)
}

// A remembered message: version, position, events, recorded in Unix milliseconds, findings, leaf, subject, two digests.
const seenLen = 1 + 8 + 4 + 8 + 4 + 32 + 8 + 8 + 8

func encode(b *[seenLen]byte, s commands.Seen) {
	b[0] = format
	binary.BigEndian.PutUint64(b[1:], uint64(s.Position))
	binary.BigEndian.PutUint32(b[9:], s.Events)
	binary.BigEndian.PutUint64(b[13:], uint64(s.Recorded.UnixMilli()))
	binary.BigEndian.PutUint32(b[21:], uint32(s.Findings))
	copy(b[25:57], s.Leaf[:])
	binary.BigEndian.PutUint64(b[57:], uint64(s.Subject))
	copy(b[65:73], s.Plain[:])
	copy(b[73:81], s.Personal[:])
}

func decode(b []byte) (commands.Seen, error) {
	if len(b) != seenLen || b[0] != format {
		return commands.Seen{}, errors.AssertionFailedf("a message in the memory is damaged")
	}
	return commands.Seen{
		Position: domain.Position(binary.BigEndian.Uint64(b[1:])), Events: binary.BigEndian.Uint32(b[9:]),
		Recorded: time.UnixMilli(int64(binary.BigEndian.Uint64(b[13:]))).UTC(), Findings: domain.FindingSet(binary.BigEndian.Uint32(b[21:])),
		Leaf: [32]byte(b[25:57]), Subject: domain.SubjectKey(binary.BigEndian.Uint64(b[57:])),
		Plain: [8]byte(b[65:73]), Personal: [8]byte(b[73:81]),
	}, nil
}

// quiet passes on only what goes wrong, without the store's own words: they name files, and that is all there is to them.
type quiet struct{ log *slog.Logger }

// Infof drops what is not about a failure.
func (quiet) Infof(string, ...any) {}

// Errorf says that something failed.
func (q quiet) Errorf(string, ...any) {
	q.log.ErrorContext(context.Background(), "the memory of messages reported a failure in the background")
}

// Fatalf ends the process, as the store demands where going on would damage its files.
func (q quiet) Fatalf(string, ...any) {
	q.log.ErrorContext(context.Background(), "the memory of messages cannot go on")
	panic(errors.AssertionFailedf("the memory of messages cannot go on"))
}
