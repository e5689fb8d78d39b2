package app_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/cockroachdb/errors"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/tlog"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// tool gives a program of somebody else, which scripts/test builds from scripts/elsewhere.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DAYBOOK_ELSEWHERE")
	if dir == "" {
		t.Skip("DAYBOOK_ELSEWHERE names no directory with " + name + " in it; scripts/test builds it from scripts/elsewhere")
	}
	return filepath.Join(dir, name)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

// litewitness is the witness of the torchwood project in a process of its own.
type litewitness struct {
	program, dir, agent, address, fingerprint string
	key                                       string // its verifier key
	stop                                      func()
}

// newWitness makes what litewitness needs: its key in an ssh-agent, and its database with the log that it is to know, as its own
// witnessctl would write it there.
func newWitness(t *testing.T, logKey string) *litewitness {
	t.Helper()
	w := &litewitness{program: tool(t, "litewitness"), dir: t.TempDir()}
	public, private, err := ed25519.GenerateKey(nil)
	ok(t, err)
	sum := sha256.Sum256(public)
	w.fingerprint = hex.EncodeToString(sum[:])
	signer, err := torchwood.NewCosignatureSigner("example.org/witness", private)
	ok(t, err)
	w.key = signer.Verifier().String()

	keyring := agent.NewKeyring()
	ok(t, keyring.Add(agent.AddedKey{PrivateKey: private}))
	sockets, err := os.MkdirTemp("", "w") // a short name: sockets have no long ones
	ok(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	w.agent = filepath.Join(sockets, "a")
	listener, err := net.Listen("unix", w.agent)
	ok(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn); _ = conn.Close() }()
		}
	}()

	db, err := sqlite.OpenConn(filepath.Join(w.dir, "witness.db"))
	ok(t, err)
	empty := sha256.Sum256(nil)
	ok(t, sqlitex.ExecuteScript(db, `
		CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);
		CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));`, nil))
	origin, _, _ := strings.Cut(logKey, "+")
	ok(t, sqlitex.Execute(db, "INSERT INTO log VALUES (?, 0, ?)", &sqlitex.ExecOptions{Args: []any{origin, base64.StdEncoding.EncodeToString(empty[:])}}))
	ok(t, sqlitex.Execute(db, "INSERT INTO key VALUES (?, ?)", &sqlitex.ExecOptions{Args: []any{origin, logKey}}))
	ok(t, db.Close())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	w.address = free.Addr().String()
	ok(t, free.Close())
	return w
}

// run starts the witness.
func (w *litewitness) run(t *testing.T) {
	t.Helper()
	cmd := exec.Command(w.program, "-name=example.org/witness", "-key="+w.fingerprint, "-listen="+w.address, "-ssh-agent="+w.agent,
		"-db="+filepath.Join(w.dir, "witness.db"))
	said := &locked{}
	cmd.Stdout, cmd.Stderr = said, said
	ok(t, cmd.Start())
	w.stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		w.stop = func() {}
	}
	t.Cleanup(func() { w.stop() })
	eventually(t, "the witness answers", func() bool {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// witnessed starts a ledger that asks witnesses.
func witnessed(t *testing.T, data, policy string) *running {
	t.Helper()
	return startWith(t, app.Config{Data: data, WitnessPolicy: policy})
}

func (r *running) status(t *testing.T) wire.Status {
	t.Helper()
	var s wire.Status
	ok(t, json.Unmarshal(r.get(t, "/api/v1/status"), &s))
	return s
}

func (r *running) get(t *testing.T, path string) []byte {
	t.Helper()
	res, err := http.Get(r.at.HTTP + path)
	ok(t, err)
	defer func() { _ = res.Body.Close() }()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	ok(t, err)
	return body.Bytes()
}

// event records one more, and gives its receipt.
func (r *running) event(t *testing.T, id, query string) wire.Receipt {
	t.Helper()
	res, err := http.Post(r.at.HTTP+"/api/v1/record/fenland-cycles/webshop"+query, wire.ContentEvent,
		strings.NewReader(event(id, "email:ada@example.org", "")))
	ok(t, err)
	defer func() { _ = res.Body.Close() }()
	var receipt wire.Receipt
	if err := json.NewDecoder(res.Body).Decode(&receipt); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	return receipt
}

func (r *running) cosigned(t *testing.T) {
	t.Helper()
	eventually(t, "everything is cosigned", func() bool {
		s := r.status(t)
		return s.Witnessing != nil && s.Witnessing.Witnessed == s.End
	})
}

// The checkpoints are cosigned by a witness that nobody here wrote, in a process of its own. It refuses a history that was put back
// and went on differently, and the ledger says so; without it the ledger records on.
func TestAWitnessOfSomebodyElseCosignsAndRefusesARollback(t *testing.T) {
	tool(t, "litewitness")
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	r.event(t, "before", "")
	logKey := strings.TrimSpace(string(r.get(t, "/api/v1/proof/key")))
	ok(t, r.stop())
	older := copied(t, data)

	w := newWitness(t, logKey)
	w.run(t)
	text := "log " + logKey + "\nwitness w " + w.key + " http://" + w.address + "/\nquorum w\n"
	policy := filepath.Join(t.TempDir(), "policy")
	ok(t, os.WriteFile(policy, []byte(text), 0o600))
	demanded, err := torchwood.ParsePolicy([]byte(text))
	ok(t, err)

	r = witnessed(t, data, policy)
	for i := range 5 {
		receipt := r.event(t, fmt.Sprint("proved-", i), "?proof=witnessed")
		if err := torchwood.VerifyProof(demanded, tlog.Hash(receipt.Leaf), []byte(receipt.Proof)); err != nil {
			t.Errorf("the proof of entry %d: %v", receipt.Position, err)
		}
	}
	r.cosigned(t)
	if _, _, err := torchwood.VerifyCheckpoint(r.get(t, "/api/v1/proof/checkpoint"), demanded); err != nil {
		t.Errorf("the checkpoint: %v", err)
	}
	ok(t, r.stop())

	// A witness that is gone holds nobody up, and is missed.
	w.stop()
	r = witnessed(t, data, policy)
	r.event(t, "alone", "")
	eventually(t, "the witness is missed", func() bool {
		return strings.Contains(string(r.get(t, "/readyz")), "witness w: it does not answer")
	})
	if s := r.status(t); !s.Ready {
		t.Errorf("not ready for want of a witness: %v", s.Reasons)
	}
	w.run(t)
	r.cosigned(t)
	ok(t, r.stop())
	refusesOlder(t, copied(t, older), filepath.Join(data, "tiles", "witnessed"), policy)
	goesOnDifferently(t, older, policy)
}

// refusesOlder: with the checkpoint that witnesses saw beside it, an older copy does not even start.
func refusesOlder(t *testing.T, older, witnessed, policy string) {
	t.Helper()
	note, err := os.ReadFile(witnessed)
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(older, "tiles", "witnessed"), note, 0o600))
	_, err = app.Open(t.Context(), app.Config{Data: older, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", WitnessPolicy: policy})
	if !errors.Is(err, app.ErrDamaged) {
		t.Errorf("an older copy starts: %v", err)
	}
}

// goesOnDifferently: the witness refuses a copy that was put back, before and after it is longer than what the witness saw.
func goesOnDifferently(t *testing.T, older, policy string) {
	t.Helper()
	r := witnessed(t, older, policy)
	refused := func(what string) func() bool {
		return func() bool {
			s := r.status(t).Witnessing
			return s != nil && len(s.Witnesses) == 1 && s.Witnesses[0].Refused && strings.Contains(s.Witnesses[0].Problem, what)
		}
	}
	r.event(t, "other-0", "")
	eventually(t, "the shorter copy is refused", refused("more than"))
	for i := range 20 {
		r.event(t, fmt.Sprint("other-", i+1), "")
	}
	eventually(t, "the other history is refused", refused("not the beginning"))
	if log := r.log.String(); !strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "saw another history") {
		t.Error("the log does not say so")
	}
	if s := r.status(t); s.Witnessing.Witnessed != 0 {
		t.Errorf("%d entries count as cosigned", s.Witnessing.Witnessed)
	}
	receipt := r.event(t, "unproved", "?proof=witnessed")
	if receipt.Proof != "" {
		t.Error("a receipt is proved by a witness that refuses")
	}
	ok(t, r.stop())
}

// The log as the running ledger serves it is sound to a checker that nobody here wrote.
func TestWhatIsServedIsSoundToACheckerOfSomebodyElse(t *testing.T) {
	program := tool(t, "fsck")
	r := start(t, filepath.Join(t.TempDir(), "data"))
	for i := range 12 {
		var batch []string
		for n := range 50 {
			batch = append(batch, event(fmt.Sprintf("fsck-%d-%d", i, n), "email:ada@example.org", ""))
		}
		if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentBatch, "["+strings.Join(batch, ",")+"]"); status >= 300 {
			t.Fatalf("%d %s", status, body)
		}
	}
	key := filepath.Join(t.TempDir(), "key")
	ok(t, os.WriteFile(key, r.get(t, "/api/v1/proof/key"), 0o600))
	end := fmt.Sprintf("\n%d\n", r.status(t).End)
	eventually(t, "everything is signed", func() bool { return strings.Contains(string(r.get(t, "/api/v1/proof/checkpoint")), end) })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, program, "--N=4", "--ui=false", "--storage_url="+r.at.HTTP+"/api/v1/proof/", "--public_key="+key).CombinedOutput()
	if !bytes.Contains(out, []byte("Successfully fsck'd")) { // it exits with 0 whatever it finds
		t.Errorf("it says %s", out)
	}
	t.Logf("a log of%sentries was found sound", strings.ReplaceAll(end, "\n", " "))
}
