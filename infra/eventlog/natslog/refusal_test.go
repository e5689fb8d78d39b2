package natslog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// serveAs starts a server with one account, and gives its address. What is said of the account and of its user ledger is given as in
// a server's configuration file; the user operator may do everything.
func serveAs(t *testing.T, account, permissions string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(file, fmt.Appendf(nil, `listen: "127.0.0.1:-1"
max_payload: 8MB
jetstream { store_dir: %q, sync_interval: always }
accounts { A { %s, users: [
  { user: operator, password: p }
  { user: ledger, password: p, permissions { %s } } ] } }`, t.TempDir(), account, permissions), 0o600))
	opts, err := server.ProcessConfigFile(file)
	must(t, err)
	opts.NoSigs, opts.NoLog = true, true
	s, err := server.NewServer(opts)
	must(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	return strings.TrimPrefix(s.ClientURL(), "nats://")
}

func TestAServerThatIsSetUpOtherwiseThanALedgerNeedsIsRefused(t *testing.T) {
	const all = `publish: ">", subscribe: ">"`
	for _, c := range []struct {
		name, account, permissions string
		stream                     *jetstream.StreamConfig // that the operator made before
		want                       error
		hints                      string
	}{
		{"the ledger may not publish frames", "jetstream: enabled", `publish: { deny: "daybook.log" }`, nil, domain.ErrForbidden, "daybook.log"},
		{"the ledger may not ask for its stream", "jetstream: enabled", `publish: { deny: "$JS.API.STREAM.INFO.>" }`, nil, domain.ErrForbidden, "$JS.API"},
		{"the ledger may not make its stream", "jetstream: enabled", `publish: { deny: "$JS.API.STREAM.CREATE.>" }`, nil, domain.ErrForbidden, "$JS.API"},
		{"the account has no JetStream", "jetstream: disabled", all, nil, domain.ErrConflict, "Enable JetStream"},
		{"the account may have no more streams", "jetstream: { max_streams: 1 }", all,
			&jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other"}}, domain.ErrConflict, "max_streams"},
		{"the account wants a limit on every stream", "jetstream: { max_bytes_required: true }", all, nil, domain.ErrConflict, "max_bytes"},
		{"another stream takes the subject", "jetstream: enabled", all,
			&jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"daybook.>"}}, domain.ErrConflict, "subject out of it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := serveAs(t, c.account, c.permissions)
			if c.stream != nil {
				nc, err := bus.Connect(t.Context(), "nats://operator:p@"+address, nil)
				must(t, err)
				defer nc.Close()
				js, err := jetstream.New(nc)
				must(t, err)
				_, err = js.CreateStream(t.Context(), *c.stream)
				must(t, err)
			}
			nc, err := bus.Connect(t.Context(), "nats://ledger:p@"+address, nil)
			must(t, err)
			defer nc.Close()
			_, err = natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: time.Second})
			if !errors.Is(err, c.want) {
				t.Fatalf("opened with %v, want %v", err, c.want)
			}
			if hints := errors.FlattenHints(err); !strings.Contains(hints, c.hints) {
				t.Errorf("the hint %q does not speak of %s", hints, c.hints)
			}
		})
	}
}
