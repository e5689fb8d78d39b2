package client

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/jigowatt/daybook/infra/wire"
)

// setKey keeps the ledger's sealing key, in memory and beside the spool. It is public.
func (s *spool) setKey(key wire.Key) error {
	if err := key.Check(); err != nil {
		return spoolError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key != nil && s.key.ID == key.ID {
		return nil
	}
	b, err := json.Marshal(key)
	if err != nil {
		return spoolError(err)
	}
	if err := writeFile(s.path("key.json"), b); err != nil {
		return spoolError(err)
	}
	s.key = &key
	return nil
}

func (s *spool) loadKey(ctx context.Context) *wire.Key {
	b, err := os.ReadFile(s.path("key.json"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.log.WarnContext(ctx, "the kept sealing key cannot be read", slog.Any("error", err))
		}
		return nil
	}
	var key wire.Key
	if err := json.Unmarshal(b, &key); err != nil || key.Check() != nil {
		s.log.WarnContext(ctx, "the kept sealing key is not one; it will be fetched again")
		return nil
	}
	return &key
}

// writeFile replaces a file, all or nothing, durably.
func writeFile(path string, b []byte) error {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// nextSequence gives the next count of the publisher's events. It is written through to the operating system but not fsynced:
// it survives the end of the process, and after a loss of power the frames of the spool tell what was given out.
func (s *spool) nextSequence() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.counter.WriteAt(binary.LittleEndian.AppendUint64(nil, s.seq+1), 0); err != nil {
		return 0, spoolError(err)
	}
	s.seq++
	return s.seq, nil
}

func (s *spool) lastSequence() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq
}

func readCounter(f *os.File) uint64 {
	b := make([]byte, 8)
	if _, err := f.ReadAt(b, 0); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}
