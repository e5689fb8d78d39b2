package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/bus"
	files "github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/wire"
)

// accept puts messages into the inbox of a ledger that is stopped, as if it had been killed after it acknowledged them.
func accept(t *testing.T, data string, bodies ...string) {
	t.Helper()
	kek, err := keys.Load(keys.Config{Dir: filepath.Join(data, "keys"), NoCreate: true})
	must(t, err)
	v, err := vault.Open(filepath.Join(data, "vault"), kek.Key, vault.Config{Now: time.Now})
	must(t, err)
	secret, err := v.Secret(t.Context(), "intake-inbox", 32)
	must(t, errors.CombineErrors(err, v.Close()))
	box, err := intake.NewBox(secret)
	must(t, err)
	server, err := bus.Embedded(t.Context(), bus.Config{StoreDir: filepath.Join(data, "nats"), DontListen: true})
	must(t, err)
	inbox, err := intake.OpenInbox(t.Context(), server.Conn(), box, intake.Streams{})
	must(t, err)
	for _, body := range bodies {
		done := make(chan error, 1)
		inbox.Put("daybook.v1.inbox.fenland-cycles.webshop", nats.Header{"Content-Type": {wire.ContentEvent}}, []byte(body), func(_ uint64, err error) { done <- err })
		must(t, <-done)
	}
	inbox.Close()
	must(t, server.Close())
}

// trailOf gives the answer about a person once the views follow.
func (r *running) trailOf(t *testing.T, who string) (body string) {
	t.Helper()
	eventually(t, "the trail is told", func() bool {
		var status int
		status, body = r.post(t, "/api/v1/controllers/fenland-cycles/people/trail", wire.ContentJSON, `{"person":"`+who+`"}`)
		return status == http.StatusOK || status == http.StatusNotFound
	})
	return body
}

// What was accepted into the inbox and not recorded, and what was set aside, is in a backup, and back after it was restored: recorded once,
// whether the log had it already or not.
func TestWhatWaitsIsBackedUpAndRecordedOnce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	k := newKeeper(t)
	r := start(t, data)
	recorded := event("recorded", bobHere, "")
	if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, recorded); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	nc, err := nats.Connect(r.at.NATS)
	must(t, err)
	must(t, nc.Publish("daybook.v1.inbox.fenland-cycles.webshop", []byte("nobody understands this")))
	must(t, nc.Flush())
	nc.Close()
	aside := func(r *running) int { return strings.Count(string(r.get(t, "/api/v1/quarantine")), `"received"`) }
	eventually(t, "the message is set aside", func() bool { return aside(r) == 1 })
	must(t, r.stop())
	accept(t, data, event("waits", adaHere, ""), recorded)

	recipient, identity, err := app.NewWaiting()
	must(t, err)
	dir := t.TempDir()
	log, keyFile := filepath.Join(dir, "log"), filepath.Join(dir, "keys")
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
	must(t, err)
	made := into(t, log, func(f *os.File) (app.StoppedBackup, error) { return s.BackupLog(t.Context(), f, recipient, nil) })
	into(t, keyFile, func(f *os.File) (any, error) {
		return nil, s.BackupKeys(t.Context(), f, []string{k.recipient}, identity, time.Hour)
	})
	otherKeys := filepath.Join(dir, "other")
	into(t, otherKeys, func(f *os.File) (any, error) {
		return nil, s.BackupKeys(t.Context(), f, []string{k.recipient}, "", time.Hour)
	})
	must(t, s.Close())
	want := app.BackupWaiting{Inbox: 2, Quarantine: 1}
	if made.Waiting == nil || *made.Waiting != want || made.Damaged != 0 {
		t.Fatalf("%+v", made.Waiting)
	}
	content, err := os.ReadFile(log)
	must(t, err)
	if strings.Contains(string(content), identity) {
		t.Error("the backup of the log holds what opens it")
	}

	from := app.Restoring{Log: log, Keys: keyFile, Identity: k.file}
	if c, err := app.CheckBackup(t.Context(), app.Config{Data: data}, from, nil); err != nil || c.Waited != want || c.Closed != (app.BackupWaiting{}) {
		t.Errorf("%+v: %v", c, err)
	}
	// With other keys, nothing that waited opens, and it is not lost without a word.
	other := app.Restoring{Log: log, Keys: otherKeys, Identity: k.file}
	if c, err := app.CheckBackup(t.Context(), app.Config{Data: data}, other, nil); err != nil || c.Closed != want {
		t.Errorf("%+v: %v", c, err)
	}
	lost := app.Config{Data: filepath.Join(t.TempDir(), "lost")}
	if _, err := app.Restore(t.Context(), lost, other); !errors.Is(err, app.ErrWaiting) {
		t.Errorf("restored without what waited: %v", err)
	}
	other.Lost = true
	if got, err := app.Restore(t.Context(), lost, other); err != nil || got.Closed != want || got.Waited != (app.BackupWaiting{}) {
		t.Errorf("%+v: %v", got, err)
	}

	restored := app.Config{Data: filepath.Join(t.TempDir(), "restored")}
	got, err := app.Restore(t.Context(), restored, from)
	if err != nil || got.Waited != want {
		t.Fatalf("%+v: %+v", got, err)
	}
	r = startWith(t, restored)
	eventually(t, "the message that waited is recorded", func() bool { return strings.Contains(r.trailOf(t, adaHere), `"Store"`) })
	if n := strings.Count(r.trailOf(t, adaHere), `"operation":"Store"`); n != 1 {
		t.Errorf("what waited was recorded %d times", n)
	}
	eventually(t, "the inbox is empty", func() bool { n, err := app.Waits(t.Context(), r.app); return err == nil && n == 0 })
	if n := strings.Count(r.trailOf(t, bobHere), `"operation":"Store"`); n != 1 {
		t.Errorf("what the log had was recorded %d times", n)
	}
	if aside(r) != 1 {
		t.Errorf("%d messages are in quarantine", aside(r))
	}
}

// into writes a file.
func into[T any](t *testing.T, path string, write func(*os.File) (T, error)) T {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	made, err := write(f)
	must(t, errors.CombineErrors(err, f.Close()))
	return made
}

// A folder that cannot be listed is no folder in which nothing rested: a backup without what waits must not look whole.
func TestWhatWaitsAndCannotBeReadFailsTheBackup(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event("recorded", bobHere, "")); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	must(t, r.stop())
	messages := filepath.Join(files.Dir(filepath.Join(data, "nats"), intake.Streams{}.Resting()[0].Name), "msgs")
	must(t, os.RemoveAll(messages))
	must(t, os.WriteFile(messages, nil, 0o600))
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	recipient, _, err := app.NewWaiting()
	must(t, err)
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	must(t, err)
	_, err = s.BackupLog(t.Context(), f, recipient, nil)
	if must(t, f.Close()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("the backup ends with %v, want that it is unavailable", err)
	}
}
