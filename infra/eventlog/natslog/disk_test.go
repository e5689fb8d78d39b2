package natslog_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// onDisk is a stopped log of some thousand events in frames of several sizes, with what was written.
func onDisk(t *testing.T) (store string, events [][]byte) {
	t.Helper()
	store = t.TempDir()
	s, err := bus.Embedded(t.Context(), bus.Config{StoreDir: store, DontListen: true})
	must(t, err)
	log := open(t, s.Conn())
	for size := 1; len(events) < 3000; size = size%97 + 1 {
		var frame [][]byte
		for range size {
			frame = append(frame, fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, len(events)+len(frame), bytes.Repeat([]byte{'x'}, len(events)%300)))
		}
		must(t, log.Append(t.Context(), domain.Position(len(events)), frame))
		events = append(events, frame...)
	}
	log.Close()
	must(t, s.Close())
	return store, events
}

func disk(t *testing.T, store string) *natslog.Disk {
	t.Helper()
	d, err := natslog.OpenDisk(store, natslog.Config{})
	must(t, err)
	return d
}

func TestAStoppedLogIsReadFromItsFiles(t *testing.T) {
	store, events := onDisk(t)
	d := disk(t, store)
	if !d.Known() {
		t.Error("its settings are said to be damaged")
	}
	for _, from := range []int{0, 1, 2, 57, 1500, len(events) - 1, len(events)} {
		at := from
		for batch, err := range d.Read(t.Context(), domain.Position(from)) {
			must(t, err)
			for _, event := range batch.Events {
				if !bytes.Equal(event, events[at]) {
					t.Fatalf("from %d: position %d is another event", from, at)
				}
				at++
			}
			if batch.CaughtUp {
				break
			}
		}
		if at != len(events) {
			t.Errorf("from %d: it ended at %d", from, at)
		}
	}
	for _, err := range d.Read(t.Context(), domain.Position(len(events)+1)) {
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("beyond the end: %v", err)
		}
	}
	if _, err := natslog.OpenDisk(t.TempDir(), natslog.Config{}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("an empty directory: %v", err)
	}
}

// Whatever bit is changed, what is called sound is what was written, the rest is found behind it, and reading names the place.
func TestNoChangedBitOfTheFilesIsTakenForSound(t *testing.T) {
	store, events := onDisk(t)
	files, err := filepath.Glob(filepath.Join(store, "jetstream", "*", "streams", "DAYBOOK", "msgs", "*.blk"))
	must(t, err)
	sound, err := os.ReadFile(files[0])
	must(t, err)
	changed, lostMost := 0, 0
	for at := 11; at < len(sound); at += len(sound)/150 + 1 {
		content := bytes.Clone(sound)
		content[at] ^= 1 << (at % 8)
		must(t, os.WriteFile(files[0], content, 0o600))
		d := disk(t, store)
		good := 0
		for p, err := range d.Pieces(t.Context(), 0) {
			must(t, err)
			for i, event := range p.Events {
				if !p.Sound {
					break
				}
				good++
				if !bytes.Equal(event, events[int(p.At)+i]) {
					t.Fatalf("byte %d: position %d is called sound and is another event", at, int(p.At)+i)
				}
			}
		}
		changed++
		if lostMost = max(lostMost, len(events)-good); good == len(events) {
			t.Errorf("byte %d: nothing is wrong", at)
		}
		if end := endOf(t, d); end == len(events) {
			t.Errorf("byte %d: it is read to its end", at)
		}
	}
	if lostMost > 2*97 {
		t.Errorf("%d events were not found behind a changed bit: more than two frames", lostMost)
	}
	t.Logf("%d changed bits, at most %d of %d events not sound", changed, lostMost, len(events))
}

// endOf reads until something is wrong.
func endOf(t *testing.T, d *natslog.Disk) int {
	t.Helper()
	end := 0
	for batch, err := range d.Read(t.Context(), 0) {
		if err != nil {
			if !errors.HasAssertionFailure(err) {
				t.Errorf("reading says %v", err)
			}
			break
		}
		if end = int(batch.End()); batch.CaughtUp {
			break
		}
	}
	return end
}
