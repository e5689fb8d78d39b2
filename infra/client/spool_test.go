package client_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
)

// spooled leaves n actions in a spool of which the ledger has seen none, and gives the directory. The ledger is stopped.
func spooled(t *testing.T, l *clienttest.Ledger, n int) string {
	t.Helper()
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	l.Stop()
	for i := range n {
		if err := c.RecordAsync(stored("a:" + strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(deadline(t)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestTheSpoolOutlivesTheLedgersAbsenceAndTheProcess(t *testing.T) {
	l := clienttest.New(t)
	dir := spooled(t, l, 10)
	// The next client starts while the ledger is still away.
	c := connect(t, l, client.WithSpool(dir))
	if got := c.Status(); got.Waiting != 10 || got.SpoolBytes == 0 || got.Connected || got.Sequence != 10 {
		t.Errorf("%+v", got)
	}
	if err := c.RecordAsync(stored("a:10")); err != nil {
		t.Fatal(err)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, 11)
	for i, r := range l.Recorded() {
		if r.Event.Sequence != strconv.Itoa(i+1) {
			t.Errorf("action %d has sequence %q", i, r.Event.Sequence)
		}
	}
	if err := c.Close(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if left := segments(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestRecordFallsBackToTheSpool(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l, client.WithSpool(t.TempDir()))
	l.Stop()
	eventually(t, "the client notices", func() bool { return !c.Status().Connected })
	_, err := c.Record(deadline(t), stored("a:0"))
	var e *client.Error
	if !errors.Is(err, client.ErrUnavailable) || !errors.As(err, &e) || !e.Spooled {
		t.Fatal(err)
	}
	results, err := c.RecordBatch(deadline(t), []client.Action{stored("a:1"), stored("a:2")})
	if !errors.Is(err, client.ErrUnavailable) || !errors.As(results[1].Err, &e) || !e.Spooled {
		t.Fatal(err)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, 3)
}

func TestNothingInTheSpoolIsInTheClear(t *testing.T) {
	l := clienttest.New(t)
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	l.Stop()
	if err := c.RecordAsync(stored("email:" + canary)); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("canary")) || bytes.Contains(b, []byte("example.org")) || bytes.Contains(b, []byte("orders")) {
			t.Errorf("%s holds the action in the clear", path)
		}
		if info, infoErr := d.Info(); infoErr != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil || files < 4 || len(segments(t, dir)) != 1 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestWithoutTheLedgersKeyNothingIsSpooled(t *testing.T) {
	l := clienttest.New(t)
	l.Stop()
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	err := c.RecordAsync(stored("a:0"))
	if !errors.Is(err, client.ErrNoKey) || len(segments(t, dir)) != 0 {
		t.Fatal(err)
	}
	if _, err := c.Record(deadline(t), stored("a:0")); !errors.Is(err, client.ErrUnavailable) || !errors.Is(err, client.ErrNoKey) {
		t.Error(err)
	}
	l.Start()
	eventually(t, "the key is fetched", func() bool { return c.RecordAsync(stored("a:0")) == nil })
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, 1)
}

func TestTheSpoolHasALimit(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l, client.WithSpool(t.TempDir()), client.WithSpoolLimit(8<<10))
	l.Stop()
	taken := 0
	var err error
	for taken < 100 && err == nil {
		if err = c.RecordAsync(stored("a:" + strconv.Itoa(taken))); err == nil {
			taken++
		}
	}
	if !errors.Is(err, client.ErrSpoolFull) || taken == 0 || c.Status().SpoolBytes > 8<<10 {
		t.Fatal(taken, err)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantInOrder(t, l, taken)
	if err := c.RecordAsync(stored("a:" + strconv.Itoa(taken))); err != nil {
		t.Error("there is no room after all was sent", err)
	}
}

func TestOneClientUsesASpool(t *testing.T) {
	l := clienttest.New(t)
	dir := t.TempDir()
	first := connect(t, l, client.WithSpool(dir))
	open := func(service string) error {
		c, err := client.Connect(deadline(t), l.URL(), client.WithController("acme"), client.WithService(service), client.WithSpool(dir))
		if err == nil {
			err = c.Close(deadline(t))
		}
		return err
	}
	if err := open("billing"); !errors.Is(err, client.ErrSpool) {
		t.Error("two clients in one spool", err)
	}
	if err := first.Close(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := open("webshop"); !errors.Is(err, client.ErrSpool) {
		t.Error("another service in the spool", err)
	}
	if err := open("billing"); err != nil {
		t.Error(err)
	}
}

func TestAMessageThatTheLedgerRefusesWholeIsKeptAside(t *testing.T) {
	l := clienttest.New(t)
	dir := spooled(t, l, 1)
	other := clienttest.New(t) // with another key
	c := connect(t, other, client.WithSpool(dir))
	if err := c.Flush(deadline(t)); !errors.Is(err, client.ErrRejected) {
		t.Error(err)
	}
	var e *client.Error
	if err := c.RecordAsync(stored("a:1")); err != nil || errors.As(err, &e) {
		t.Fatal(err)
	}
	if err := c.Flush(deadline(t)); err != nil {
		t.Error("the next is held up", err)
	}
	aside, err := filepath.Glob(filepath.Join(dir, "*.refused"))
	if err != nil || len(aside) != 1 {
		t.Fatal(aside, err)
	}
	b, err := os.ReadFile(aside[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, ids, _, err := client.ParseFrame(b); err != nil || len(ids) != 1 {
		t.Error(ids, err)
	}
}

func TestManySegmentsComeAndGo(t *testing.T) {
	l := clienttest.New(t)
	dir := t.TempDir()
	c := connect(t, l, client.WithSpool(dir))
	l.Stop()
	a := stored("a:b")
	a.Details = map[string]any{"x": strings.Repeat("x", 16_000)}
	const batches, each = 24, 30
	for range batches {
		actions := make([]client.Action, each)
		for i := range actions {
			actions[i] = a
		}
		if err := c.RecordAsync(actions...); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(segments(t, dir)); got < 3 {
		t.Fatalf("%d segments", got)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if len(l.Recorded()) != batches*each || len(segments(t, dir)) > 1 || c.Status().SpoolBytes != 0 {
		t.Errorf("%d recorded, %d segments, %d bytes", len(l.Recorded()), len(segments(t, dir)), c.Status().SpoolBytes)
	}
}
