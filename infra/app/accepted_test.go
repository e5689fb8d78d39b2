package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/app"
	streamfiles "github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
)

// A file of the inbox or the quarantine that was cut off exactly between two messages is sound for the server, and shorter than what was
// acknowledged: at the next start it is said which numbers are gone, once.
func TestAcknowledgedMessagesThatAreCutOffAreMissed(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	nc, err := nats.Connect(r.at.NATS)
	must(t, err)
	const sent = 5
	for n := range sent {
		for _, body := range []string{event(fmt.Sprint("inbox-", n), adaHere, ""), "nobody understands this"} {
			_, err := nc.Request("daybook.v1.inbox.fenland-cycles.webshop", []byte(body), patience)
			must(t, err)
		}
	}
	nc.Close()
	eventually(t, "everything is recorded or set aside", func() bool {
		n, err := app.Waits(t.Context(), r.app)
		return err == nil && n == 0 && strings.Count(string(r.get(t, "/api/v1/quarantine")), `"received"`) == sent
	})
	must(t, r.stop())
	if note := noteAt(t, data); note != "" {
		t.Errorf("nothing was lost: %s", note)
	}

	// The first two of the quarantine are left.
	files, err := streamfiles.Files(streamfiles.Dir(filepath.Join(data, "nats"), "DAYBOOK_QUARANTINE"))
	must(t, err)
	last, at, kept := files[len(files)-1], 0, 0
	for record, err := range last.Records() {
		must(t, err)
		if at = record.Offset; kept == 2 {
			break
		}
		kept++
	}
	must(t, os.Truncate(last.Path, int64(at)))
	note := noteAt(t, data)
	if !strings.Contains(note, "At least 3 messages are gone from the quarantine, numbers 3 to 5 ") || strings.Contains(note, "from the inbox") {
		t.Errorf("it is said: %q", note)
	}
	if note := noteAt(t, data); note != "" {
		t.Errorf("it is said again: %s", note)
	}

	must(t, os.RemoveAll(streamfiles.Dir(filepath.Join(data, "nats"), "DAYBOOK_INBOX")))
	if note := noteAt(t, data); !strings.Contains(note, "At least 10 messages are gone from the inbox, numbers 1 to 10 ") {
		t.Errorf("it is said: %q", note)
	}
}

// noteAt gives what the operator is told at a start.
func noteAt(t *testing.T, data string) string {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
	must(t, err)
	note := a.Note
	must(t, a.Close())
	return note
}
