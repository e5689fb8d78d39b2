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
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server did not start")
	}
	return strings.TrimPrefix(s.ClientURL(), "nats://")
}

func TestAServerThatIsSetUpOtherwiseThanALedgerNeedsIsRefused(t *testing.T) {
	const all = `publish: ">", subscribe: ">"`
	isNil := func(_ []natslog.Examined, _ natslog.Account, err error) bool { return err == nil }
	isForbidden := func(_ []natslog.Examined, _ natslog.Account, err error) bool {
		return errors.Is(err, domain.ErrForbidden)
	}
	for _, c := range []struct {
		name, account, permissions string
		stream                     *jetstream.StreamConfig // that the operator made before
		want                       error
		hints                      string
		explained                  func([]natslog.Examined, natslog.Account, error) bool
	}{
		{"the ledger may not publish frames", "jetstream: enabled", `publish: { deny: "daybook.log" }`, nil, domain.ErrForbidden, "daybook.log", isNil},
		{"the ledger may not ask for its stream", "jetstream: enabled", `publish: { deny: ["$JS.API.STREAM.INFO.>", "$JS.API.STREAM.LIST"] }`, nil, domain.ErrForbidden, "$JS.API", isForbidden},
		{"the ledger may not make its stream", "jetstream: enabled", `publish: { deny: "$JS.API.STREAM.CREATE.>" }`, nil, domain.ErrForbidden, "$JS.API", isNil},
		{"the account has no JetStream", "jetstream: disabled", all, nil, domain.ErrConflict, "Enable JetStream",
			func(_ []natslog.Examined, _ natslog.Account, err error) bool {
				return errors.Is(err, domain.ErrConflict)
			}},
		{"the account may have no more streams", "jetstream: { max_streams: 1 }", all,
			&jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other"}}, domain.ErrConflict, "max_streams",
			func(_ []natslog.Examined, a natslog.Account, _ error) bool {
				return a.MaxStreams == 1 && a.Streams == 1
			}},
		{"the account wants a limit on every stream", "jetstream: { max_bytes_required: true }", all, nil, domain.ErrConflict, "max_bytes",
			func(_ []natslog.Examined, a natslog.Account, _ error) bool { return a.LimitsWanted }},
		{"another stream takes the subject", "jetstream: enabled", all,
			&jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"daybook.>"}}, domain.ErrConflict, "subject out of it",
			func(_ []natslog.Examined, a natslog.Account, _ error) bool { return a.Taker == "OTHER" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // some wait until no answer came
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
			_, err = natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: 5 * time.Second})
			if !errors.Is(err, c.want) {
				t.Fatalf("opened with %v, want %v", err, c.want)
			}
			if hints := errors.FlattenHints(err); !strings.Contains(hints, c.hints) {
				t.Errorf("the hint %q does not speak of %s", hints, c.hints)
			}
			if !c.explained(natslog.Examine(t.Context(), nc)) {
				t.Error("whoever examines the server is not told")
			}
		})
	}
}

// Who may not publish frames is told by somebody who looks, too; a stream that is there, and a user who may, are not.
func TestWhoMayNotPublishFramesIsTold(t *testing.T) {
	for permissions, want := range map[string]error{
		`publish: ">", subscribe: ">"`:           nil,
		`publish: { deny: "daybook.log" }`:       domain.ErrForbidden,
		`publish: { deny: "daybook.log.other" }`: nil,
	} {
		address := serveAs(t, "jetstream: enabled", permissions)
		operator, err := bus.Connect(t.Context(), "nats://operator:p@"+address, nil)
		must(t, err)
		defer operator.Close()
		open(t, operator)
		nc, err := bus.Connect(t.Context(), "nats://ledger:p@"+address, nil)
		must(t, err)
		defer nc.Close()
		if err := natslog.Publishable(t.Context(), nc, ""); !errors.Is(err, want) || err == nil != (want == nil) {
			t.Errorf("with %s: %v, want %v", permissions, err, want)
		}
	}
}
