package cli_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jigowatt/daybook/infra/cli"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

// The test program is daybook itself where a script runs it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"daybook": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DAYBOOK_DATA", "data")
			env.Setenv("NO_COLOR", "1")
			for _, name := range []string{"KURRENTDB", "KURRENTDB_TOO"} {
				server, err := kurrenttest.Serve(kurrenttest.Config{})
				if err != nil {
					return err
				}
				env.Defer(server.Close)
				env.Setenv(name, server.URL())
			}
			env.Setenv("NOW", time.Now().UTC().Format(time.RFC3339))
			london, err := time.LoadLocation("Europe/London")
			if err != nil {
				return err
			}
			env.Setenv("TODAY", time.Now().In(london).Format(time.DateOnly)) // as cases of the United Kingdom count it
			env.Values[slot{}] = new(*ledger)
			env.Values[system{}] = new(*client)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": start, "halt": halted, "sample": writeSample, "pack": pack, "until": until, "code": code, "narrow": narrow,
			"beat": beat, "ledgerkey": ledgerKey, "keep": keep, "order": ordered, "tamper": tamper, "listen": listen, "called": called,
			"fetch": fetch, "witness": witness, "followed": followed,
		},
	})
}

// ledger is a daybook that runs beside a script.
type ledger struct {
	cmd  *exec.Cmd
	done chan error
}

// slot is the key under which a script keeps its running ledger.
type slot struct{}

func running(ts *testscript.TestScript) **ledger { return ts.Value(slot{}).(**ledger) }

// ledgerKey puts the verifier key of the ledger into KEY.
func ledgerKey(ts *testscript.TestScript, _ bool, _ []string) {
	res, err := http.Get(ts.Getenv("DAYBOOK_SERVER") + "/api/v1/proof/key")
	ts.Check(err)
	defer func() { _ = res.Body.Close() }()
	key, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Setenv("KEY", strings.TrimSpace(string(key)))
}

// start runs "daybook serve" on free ports, on the directory named or on data, with the flags after it, and names it in DAYBOOK_SERVER and NATS_URL.
func start(ts *testscript.TestScript, _ bool, args []string) {
	data := "data"
	if len(args) > 0 {
		data = args[0]
	}
	cmd := exec.Command(daybook(ts), "serve", "--data", ts.MkAbs(data), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0")
	cmd.Args = append(cmd.Args, args[min(1, len(args)):]...)
	cmd.Dir = ts.MkAbs(".")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	l := &ledger{cmd, make(chan error, 1)}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	timeout := time.After(patience)
	for found := 0; found < 2; {
		select {
		case line, more := <-lines:
			if !more {
				_ = cmd.Wait()
				ts.Fatalf("serve ended: %s", log.String())
			}
			if at, is := strings.CutPrefix(strings.TrimSpace(line), "HTTP  "); is {
				ts.Setenv("DAYBOOK_SERVER", at)
				found++
			}
			if at, is := strings.CutPrefix(strings.TrimSpace(line), "NATS  "); is {
				ts.Setenv("NATS_URL", at)
				found++
			}
		case <-timeout:
			_ = cmd.Process.Kill()
			ts.Fatalf("serve does not answer: %s", log.String())
		}
	}
	go func() {
		for range lines {
		}
		l.done <- cmd.Wait()
	}()
	*running(ts) = l
	ts.Defer(func() { _ = halt(ts) })
}

// halted interrupts the ledger and waits until it has ended. It is not called stop: that is testscript's own, which ends the script
// there, as if it had passed.
func halted(ts *testscript.TestScript, _ bool, _ []string) {
	if err := halt(ts); err != nil {
		ts.Fatalf("the ledger did not end well: %v", err)
	}
}

func halt(ts *testscript.TestScript) error {
	l := *running(ts)
	if l == nil {
		return nil
	}
	*running(ts) = nil
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-l.done:
		return err
	case <-time.After(patience):
		_ = l.cmd.Process.Kill()
		return <-l.done
	}
}

// writeSample writes the sample register.
func writeSample(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), sample.Register(), 0o600))
}

// pack compresses a file with gzip, and keeps only the first bytes of it where a third argument says how many to leave out.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		b.Truncate(b.Len() - n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// keep puts into a variable what the group of an expression found in the last output.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("the output does not hold %q once", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// until runs a command again and again until its output holds a text, because views follow the log a moment later.
func until(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(patience); ; {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); err == nil && strings.Contains(out, args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the output never holds %q; the last was:\n%s%s", args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// code runs a command and checks its exit code.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(*exec.ExitError); ok {
		got = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		got = err.Error()
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// narrow checks that no line of the last output is wider than so many places, as a terminal would break it.
func narrow(ts *testscript.TestScript, _ bool, args []string) {
	limit, err := strconv.Atoi(args[0])
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > limit {
			ts.Fatalf("a line has %d places: %s", n, line)
		}
	}
}

// ordered waits until a service's subject holds the message of a kind about an order.
func ordered(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := nats.Connect(ts.Getenv("NATS_URL"))
	ts.Check(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	subject := wire.Subject{Kind: wire.Orders, Controller: args[0], Service: args[1]}.String()
	consumer, err := js.OrderedConsumer(ctx, wire.OrdersStream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	ts.Check(err)
	for {
		m, err := consumer.Next(jetstream.FetchContext(ctx))
		if err != nil {
			ts.Fatalf("no such order came: %v", err)
		}
		var o wire.Order
		ts.Check(json.Unmarshal(m.Data(), &o))
		if o.Order == args[3] && string(o.Kind) == args[2] {
			return
		}
	}
}

// beat sends the heartbeat of a service over NATS: its client, its name, and how far it has counted.
func beat(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := nats.Connect(ts.Getenv("NATS_URL"))
	ts.Check(err)
	defer conn.Close()
	sequence, err := strconv.ParseUint(args[2], 10, 64)
	ts.Check(err)
	body, err := json.Marshal(wire.Heartbeat{Sequence: sequence, Time: time.Now()})
	ts.Check(err)
	subject := wire.Subject{Kind: wire.Beat, Controller: args[0], Service: args[1]}.String()
	ts.Check(conn.Publish(subject, body))
	ts.Check(conn.Flush())
}
