package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/cockroachdb/errors"
	"github.com/klauspost/compress/zstd"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/tiles"
)

var made = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

func event(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"more":"%s"}`, n, bytes.Repeat([]byte{'x'}, n%97))
}

// ledger gives the tiles of a log of n events, and a checkpoint in its middle.
func ledger(t testing.TB, n int) (log backup.Log, middle []byte) {
	t.Helper()
	dir := t.TempDir()
	kept := memlog.New(memlog.Config{})
	cfg := tiles.Config{Dir: dir + "/tiles", Last: dir + "/checkpoint", Seed: bytes.Repeat([]byte{7}, tiles.SeedSize), Every: time.Millisecond}
	proof, err := tiles.Open(t.Context(), kept, cfg)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); proof.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for at := 0; at < n; {
		var frame [][]byte
		for begin := at; at < min(begin+n/2+1, n); at++ {
			frame = append(frame, event(at))
		}
		must(t, kept.Append(t.Context(), domain.Position(at-len(frame)), frame))
		must(t, proof.Await(t.Context(), domain.Position(at-1), false))
		if middle == nil {
			middle = proof.Checkpoint()
		}
	}
	return backup.Log{Files: tiles.Directory(cfg.Dir), Checkpoint: proof.Checkpoint(), Key: proof.Key(), Program: "1.2.3", Made: made}, middle
}

func written(t testing.TB, log backup.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := backup.Write(t.Context(), &b, log)
	must(t, err)
	return b.Bytes()
}

func TestABackupOfTheLogHoldsEveryEvent(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 1000, 256*256 + 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			log, middle := ledger(t, n)
			log.Fork = []byte("{}")
			events, files := 0, 0
			r := backup.Reading{Key: log.Key, Event: func(at domain.Position, e []byte) error {
				if int(at) != events || !bytes.Equal(e, event(events)) {
					t.Fatalf("event %d at %d is another", events, at)
				}
				events++
				return nil
			}, File: func(string, []byte) error { files++; return nil }}
			if middle != nil {
				r.Checkpoints = [][]byte{middle}
			}
			read, err := backup.ReadLog(t.Context(), bytes.NewReader(written(t, log)), r)
			must(t, err)
			if events != n || read.Manifest.Size != uint64(n) || read.Head.Size != domain.Position(n) || !bytes.Equal(read.Signed, log.Checkpoint) ||
				string(read.Fork) != "{}" || len(read.Manifest.Files) != files+3 || read.Newer != nil {
				t.Errorf("%d events and %d files: %+v", events, files, read.Head)
			}
		})
	}
}

func TestAnOlderBackupTellsOfANewerCheckpoint(t *testing.T) {
	log, middle := ledger(t, 600)
	newest := log.Checkpoint
	log.Checkpoint = middle
	read, err := backup.ReadLog(t.Context(), bytes.NewReader(written(t, log)), backup.Reading{Checkpoints: [][]byte{newest}})
	must(t, err)
	if !bytes.Equal(read.Newer, newest) || read.NewerHead.Size != 600 || read.Head.Size != 301 {
		t.Errorf("%+v, newer %+v", read.Head, read.NewerHead)
	}
}

// Each bit of what is compressed is held against hashes and the tree: no flipped bit and no torn tail passes.
func TestNoDamageToABackupIsSilent(t *testing.T) {
	log, _ := ledger(t, 700)
	whole := written(t, log)
	raw, err := io.ReadAll(must2(zstd.NewReader(bytes.NewReader(whole))))
	must(t, err)
	again := func(content []byte) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b)
		must(t, err)
		_, err = w.Write(content)
		must(t, errors.CombineErrors(err, w.Close()))
		return b.Bytes()
	}
	read := func(content []byte) error {
		_, err := backup.ReadLog(t.Context(), bytes.NewReader(content), backup.Reading{Key: log.Key})
		return err
	}
	must(t, read(again(raw)))
	silent, named, tried := 0, 0, 0
	for at := 0; at < len(raw); at += 211 {
		changed := bytes.Clone(raw)
		changed[at] ^= 1 << (at % 8)
		// Padding and the times of files are nobody's content.
		same := bytes.Equal(content(raw), content(changed))
		err := read(again(changed))
		tried++
		var damage *tiles.Damage
		if err == nil && !same {
			silent++
			t.Errorf("a flipped bit at %d of %d passes", at, len(raw))
		}
		if errors.As(err, &damage) {
			named++
		}
	}
	for at := 0; at < len(whole); at += 97 {
		changed := bytes.Clone(whole)
		changed[at] ^= 1 << (at % 8)
		tried++
		if read(changed) == nil {
			silent++
			t.Errorf("a flipped bit of the file at %d of %d passes", at, len(whole))
		}
	}
	for at := 1; at < len(whole); at += len(whole) / 40 {
		tried++
		if read(whole[:at]) == nil {
			silent++
			t.Errorf("torn at %d it passes", at)
		}
	}
	t.Logf("%d damaged backups, %d of them silent, %d with a position or a file", tried, silent, named)
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAnEventThatWasChangedIsNamed(t *testing.T) {
	log, _ := ledger(t, 700)
	raw := must2(io.ReadAll(must2(zstd.NewReader(bytes.NewReader(written(t, log))))))
	at := bytes.Index(raw, event(411))
	raw[at+6] ^= 1
	var b bytes.Buffer
	w := must2(zstd.NewWriter(&b))
	must2(w.Write(raw))
	must(t, w.Close())
	_, err := backup.ReadLog(t.Context(), &b, backup.Reading{})
	var damage *tiles.Damage
	if !errors.As(err, &damage) || damage.From != 411 {
		t.Errorf("%v", err)
	}
}

func TestKeysAreReadByThoseForWhomTheyAreAlone(t *testing.T) {
	mine, other := must2(age.GenerateX25519Identity()), must2(age.GenerateX25519Identity())
	recipients, err := backup.Recipients([]string{"# me", mine.Recipient().String()})
	must(t, err)
	copied := bytes.Repeat([]byte("a wrapped key, "), 200_000)
	var b bytes.Buffer
	must(t, backup.WriteKeys(&b, recipients, backup.Keys{Ledger: "daybook/ledger", Made: made, Expires: made.AddDate(0, 0, 30)}, []byte("kek\n"), func(w io.Writer) error {
		for rest := copied; len(rest) > 0; rest = rest[min(len(rest), 70_000):] {
			if _, err := w.Write(rest[:min(len(rest), 70_000)]); err != nil {
				return err
			}
		}
		return nil
	}))
	if bytes.Contains(b.Bytes(), []byte("a wrapped key")) || bytes.Contains(b.Bytes(), []byte("daybook/ledger")) {
		t.Error("it is not encrypted")
	}
	must(t, backup.ReadKeys(bytes.NewReader(b.Bytes()), []age.Identity{other, mine}, func(m backup.Keys, kek []byte, vault io.Reader) error {
		got, err := io.ReadAll(vault)
		if err != nil || !bytes.Equal(got, copied) || string(kek) != "kek\n" || !m.KEK {
			t.Errorf("%d bytes of %d, %+v: %v", len(got), len(copied), m, err)
		}
		if m.Expired(made.AddDate(0, 0, 29)) != nil || !errors.Is(m.Expired(made.AddDate(0, 0, 30)), backup.ErrExpired) {
			t.Errorf("it expires at %v", m.Expires)
		}
		return nil
	}))
	nothing := func(backup.Keys, []byte, io.Reader) error { return nil }
	if err := backup.ReadKeys(bytes.NewReader(b.Bytes()), []age.Identity{other}, nothing); !errors.Is(err, backup.ErrIdentity) {
		t.Errorf("somebody else reads it: %v", err)
	}
	for at := 0; at < b.Len(); at += b.Len() / 50 {
		changed := bytes.Clone(b.Bytes())
		changed[at] ^= 1
		if err := backup.ReadKeys(bytes.NewReader(changed), []age.Identity{mine}, nothing); err == nil {
			t.Errorf("a flipped bit at %d passes", at)
		}
		if err := backup.ReadKeys(bytes.NewReader(b.Bytes()[:at]), []age.Identity{mine}, nothing); err == nil {
			t.Errorf("torn at %d it passes", at)
		}
	}
	if _, err := backup.Recipients([]string{mine.String()}); !errors.Is(err, domain.ErrInvalid) || bytes.Contains([]byte(err.Error()), []byte("SECRET")) {
		t.Errorf("an identity is a recipient: %v", err)
	}
}
