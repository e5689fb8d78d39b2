package client_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestATornTailIsCutBackToTheLastWholeRecord(t *testing.T) {
	l := clienttest.New(t)
	dir := spooled(t, l, 3)
	path := segments(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second, ok := client.CutFrame(whole)
	if !ok {
		t.Fatal("no frame")
	}
	next, _ := client.CutFrame(whole[second:])
	last := second + next
	for _, size := range []int{last + 1, last + 7, last + 8, (last + len(whole)) / 2, len(whole) - 1} {
		for name, tail := range map[string][]byte{"cut": nil, "zeros": make([]byte, 4096)} {
			if err := os.WriteFile(path, append(bytes.Clone(whole[:size]), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			c := connect(t, l, client.WithSpool(dir))
			got := c.Status()
			if got.Waiting != 2 || got.TornBytes != int64(size-last+len(tail)) || got.DamagedBytes != 0 {
				t.Errorf("%s at %d of %d: %+v", name, size, len(whole), got)
			}
			if err := c.Close(deadline(t)); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, whole[:last]) {
				t.Errorf("%s at %d: %d bytes are left, want %d", name, size, len(b), last)
			}
		}
	}
	l.Start()
	c := connect(t, l, client.WithSpool(dir))
	if err := c.RecordAsync(stored("a:2")); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, 3)
}

func TestAFlippedBitCostsOneRecordAndIsReported(t *testing.T) {
	l := clienttest.New(t)
	dir := spooled(t, l, 3)
	path := segments(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := client.CutFrame(whole)
	second, _ := client.CutFrame(whole[first:])
	for _, at := range []int{first, first + 3, first + 5, first + 9, first + second/2, first + second - 1} {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c := connect(t, l, client.WithSpool(dir))
		if got := c.Status(); got.Waiting != 2 || got.DamagedBytes != int64(second) || got.TornBytes != 0 {
			t.Errorf("bit at %d: %+v", at, got)
		}
		if err := c.Close(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	c := connect(t, l, client.WithSpool(dir))
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	l.AssertRecorded(t, client.Action{Subjects: []string{"a:0"}})
	l.AssertNotRecorded(t, client.Action{Subjects: []string{"a:1"}})
	l.AssertRecorded(t, client.Action{Subjects: []string{"a:2"}})
}

func TestWhatRotsWhileTheClientRunsIsReportedToo(t *testing.T) {
	l := clienttest.New(t)
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	l.Stop()
	for i := range 2 {
		if err := c.RecordAsync(stored("a:" + strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(segments(t, dir)[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("xxxx"), 40); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	l.Start()
	eventually(t, "the other one is recorded", func() bool { return len(l.Recorded()) == 1 && c.Status().Waiting == 0 })
	if c.Status().DamagedBytes == 0 {
		t.Error("not reported")
	}
}

func TestALostOrBrokenCursorRepeatsAndDoublesNothing(t *testing.T) {
	l := clienttest.New(t)
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	for i := range 5 {
		if err := c.RecordAsync(stored("a:" + strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	sent, err := os.ReadFile(segments(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(deadline(t)); err != nil {
		t.Fatal(err)
	}
	// As after a loss of power: the segment is back and the cursor is not.
	if err := errors.Join(os.WriteFile(filepath.Join(dir, strings.Repeat("0", 19)+"1.spool"), sent, 0o600),
		os.WriteFile(filepath.Join(dir, "cursor"), []byte("nonsense that is no cursor"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c = connect(t, l, client.WithSpool(dir))
	if err := c.RecordAsync(stored("a:5")); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, 6)
}

func TestTheCountGoesOnAfterItsFileIsLost(t *testing.T) {
	l := clienttest.New(t)
	dir := spooled(t, l, 4)
	if err := os.Remove(filepath.Join(dir, "sequence")); err != nil {
		t.Fatal(err)
	}
	if got := connect(t, l, client.WithSpool(dir)).Status().Sequence; got != 4 {
		t.Errorf("the count is %d", got)
	}
}

func FuzzFrames(f *testing.F) {
	one := client.AppendFrame(nil, 7, []string{"a", "b"}, []byte("sealed"))
	f.Add(one)
	f.Add(append(bytes.Clone(one), one...))
	f.Add(append(bytes.Clone(one), one[:9]...))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, damaged, tail := client.Scan(b)
		if whole+damaged+tail != len(b) {
			t.Fatalf("%d whole, %d damaged, %d tail of %d bytes", whole, damaged, tail, len(b))
		}
		if n, ok := client.CutFrame(b); ok {
			if sequence, ids, sealed, err := client.ParseFrame(b[:n]); err == nil {
				if !bytes.Equal(client.AppendFrame(nil, sequence, ids, sealed), b[:n]) {
					t.Fatal("a frame is not written as it was read")
				}
				for _, id := range ids {
					if !wire.ValidID(id) {
						t.Fatal("an id is none")
					}
				}
			}
		}
	})
}
