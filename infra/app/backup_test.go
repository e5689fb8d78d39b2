package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// keeper is somebody who may restore.
type keeper struct{ recipient, file string }

func newKeeper(t *testing.T) keeper {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	k := keeper{identity.Recipient().String(), filepath.Join(t.TempDir(), "identity")}
	must(t, os.WriteFile(k.file, []byte(identity.String()+"\n"), 0o600))
	return k
}

// backup makes both backups of a running ledger, over HTTP.
func (r *running) backup(t *testing.T, to keeper) (log, keys string) {
	t.Helper()
	dir := t.TempDir()
	for _, request := range []wire.BackupRequest{{What: wire.BackupLog}, {What: wire.BackupKeys, Recipients: []string{to.recipient}, Keep: 30}} {
		body, err := json.Marshal(request)
		must(t, err)
		res, err := http.Post(r.at.HTTP+"/api/v1/backups", wire.ContentJSON, bytes.NewReader(body))
		must(t, err)
		content, err := io.ReadAll(res.Body)
		if err = errors.CombineErrors(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s: %v", res.StatusCode, content, err)
		}
		must(t, os.WriteFile(filepath.Join(dir, request.What), content, 0o600))
	}
	return filepath.Join(dir, wire.BackupLog), filepath.Join(dir, wire.BackupKeys)
}

func (r *running) forget(t *testing.T, who string) {
	t.Helper()
	if status, body := r.post(t, "/api/v1/controllers/fenland-cycles/people/forget", wire.ContentJSON, `{"person":"`+who+`"}`); status != http.StatusOK {
		t.Fatalf("forget: %d %s", status, body)
	}
}

func (r *running) knows(t *testing.T, who string) bool {
	t.Helper()
	var status int
	var body string
	eventually(t, "the views are built", func() bool {
		status, body = r.post(t, "/api/v1/controllers/fenland-cycles/people/show", wire.ContentJSON, `{"person":"`+who+`","details":true}`)
		return status != http.StatusServiceUnavailable
	})
	if status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("show: %d %s", status, body)
	}
	return status == http.StatusOK
}

func (r *running) forgottenList(t *testing.T) [][]domain.SubjectKey {
	t.Helper()
	list, err := app.ParseForgotten(r.get(t, "/api/v1/forgotten"))
	must(t, err)
	return list
}

// replays says whether every view is what the log says.
func (r *running) replays(t *testing.T) (views int) {
	t.Helper()
	res, err := http.Post(r.at.HTTP+"/api/v1/replay", "", nil)
	must(t, err)
	body, err := io.ReadAll(res.Body)
	if err = errors.CombineErrors(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("replay: %d %s: %v", res.StatusCode, body, err)
	}
	for line := range strings.Lines(string(body)) {
		var l wire.ReplayLine
		must(t, json.Unmarshal([]byte(line), &l))
		if l.Problem != nil || l.Verdict != nil && l.Verdict.Verdict != wire.ReplayEqual {
			t.Errorf("%s", line)
		}
		if l.Verdict != nil {
			views++
		}
	}
	return views
}

const adaHere, bobHere = "email:ada@example.org", "email:bob@example.org"

// The drill: a ledger is backed up, its directory is destroyed, and it is put back. Nothing is lost, a repetition is known again, and who
// was forgotten before or after the backup stays forgotten.
func TestALedgerIsPutBackFromItsBackups(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	k := newKeeper(t)
	r := start(t, data)
	r.recordMany(t, "many", 24)
	for i := range 40 {
		who := fmt.Sprintf("email:person-%d@example.org", i)
		status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event(fmt.Sprint("of-", i), who, ""))
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	for _, who := range []string{bobHere, "email:eve@example.org"} {
		if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, event("of-"+who[6:9], who, "")); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	repeated := event("repeated", adaHere, "")
	var first wire.Receipt
	if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, repeated); status != http.StatusOK || json.NewDecoder(strings.NewReader(body)).Decode(&first) != nil {
		t.Fatalf("%d %s", status, body)
	}
	r.forget(t, "email:eve@example.org") // before the backup
	log, keys := r.backup(t, k)
	r.forget(t, adaHere) // after it
	list := r.forgottenList(t)
	end := r.status(t).End
	must(t, r.stop())
	must(t, os.RemoveAll(data))

	checked, err := app.CheckBackup(t.Context(), app.Config{Data: data}, app.Restoring{Log: log, Keys: keys, Identity: k.file}, nil)
	if err != nil || checked.Missing != 0 || checked.Forgotten != 1 || checked.People != 42 {
		t.Fatalf("%+v: %+v", checked, err)
	}
	restored, err := app.Restore(t.Context(), app.Config{Data: data}, app.Restoring{Log: log, Keys: keys, Identity: k.file, Key: checked.Manifest.Key, Forgotten: list})
	must(t, err)
	r = start(t, data)
	if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, repeated); status != http.StatusOK ||
		!strings.Contains(body, `"duplicate":true`) || !strings.Contains(body, fmt.Sprintf(`"position":%d`, first.Position)) {
		t.Errorf("repeated: %d %s, first %d", status, body, first.Position)
	}
	for who, known := range map[string]bool{adaHere: false, "email:eve@example.org": false, bobHere: true, "email:person-7@example.org": true} {
		if r.knows(t, who) != known {
			t.Errorf("%s is known: %v", who, !known)
		}
	}
	views := r.replays(t)
	if got := r.forgottenList(t); len(got) != len(list) {
		t.Errorf("%d are listed as forgotten, want %d: the next backup must say it, too", len(got), len(list))
	}
	now := r.status(t).End
	must(t, r.stop())
	if _, err := verified(t, data); err != nil {
		t.Errorf("the restored history: %v", err)
	}
	t.Logf("%d events before, %d in the backup, %d afterwards; %d keys destroyed again, %d lost; %d views are what the log says",
		end, restored.Size, now, restored.Forgotten, restored.Lost, views)
}

// An older backup of the keys knows Ada. The newer log says that she was forgotten, so that she stays so: not a byte of her key is left.
func TestAnOlderBackupOfTheKeysBringsNobodyBack(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	k := newKeeper(t)
	r := start(t, data)
	r.event(t, "a", "")
	_, oldKeys := r.backup(t, k)
	before := vaultRow(t, data)
	r.forget(t, adaHere)
	log, _ := r.backup(t, k)
	must(t, r.stop())

	restored := filepath.Join(t.TempDir(), "restored")
	result, err := app.Restore(t.Context(), app.Config{Data: restored}, app.Restoring{Log: log, Keys: oldKeys, Identity: k.file})
	must(t, err)
	if result.Forgotten != 1 {
		t.Errorf("%+v", result)
	}
	swept(t, restored, before)
	r = start(t, restored)
	if r.knows(t, adaHere) {
		t.Error("Ada is back")
	}
	must(t, r.stop())
	swept(t, restored, before)
}

// vaultRow finds the 32 bytes in the middle of the one wrapped key that the vault has: its row begins at a place that is known.
func vaultRow(t *testing.T, data string) []byte {
	t.Helper()
	for _, name := range []string{"vault.db-wal", "vault.db"} {
		content, err := os.ReadFile(filepath.Join(data, "vault", name))
		must(t, err)
		if at := bytes.Index(content, append([]byte{1}, subjectOf1(t, data)...)); at >= 0 {
			return content[at+64 : at+96]
		}
	}
	t.Fatal("the vault has no dossier")
	return nil
}

// subjectOf1 gives the key of the person of the first action as a vault writes it.
func subjectOf1(t *testing.T, data string) []byte {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(data, "nats", "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	must(t, err)
	for _, path := range blocks {
		content, err := os.ReadFile(path)
		must(t, err)
		_, rest, found := bytes.Cut(content, []byte(`"subject":"`))
		if !found {
			continue
		}
		text, _, _ := bytes.Cut(rest, []byte(`"`))
		var key domain.SubjectKey
		must(t, key.UnmarshalText(text))
		raw := make([]byte, 8)
		for i := range raw {
			raw[i] = byte(key >> (8 * i))
		}
		return raw
	}
	t.Fatal("the log names nobody")
	return nil
}

// swept looks for bytes in every file of a directory.
func swept(t *testing.T, dir string, secret []byte) {
	t.Helper()
	files := 0
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if files++; bytes.Contains(content, secret) {
			t.Errorf("%s has the wrapped key of somebody who was forgotten", path)
		}
		return err
	}))
	t.Logf("%d files were swept", files)
}
