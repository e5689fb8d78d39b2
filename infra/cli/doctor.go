package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// The states of a check.
const (
	checkGood    = "good"
	checkWarning = "warning"
	checkBad     = "bad"
	checkSkipped = "not checked"
)

// check is one thing that the doctor looked at.
type check struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Words string `json:"words"`
	// Fix says what to do where the state is not good.
	Fix string `json:"fix,omitempty"`
}

// What the doctor calls too little or too much.
const (
	leastSpace   = 1 << 30 // bytes free, below which nothing may be left for the log soon
	warnSpace    = 5 << 30
	slowSync     = 20 * time.Millisecond
	verySlowSync = 100 * time.Millisecond
	clockApart   = 2 * time.Second
	viewLag      = 10_000
)

func (p *program) doctor() *cobra.Command {
	var data, name, natsURL string
	var monitors []string
	var engine engineFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check data directory, stream, views, key and clock, and say what to do",
		Long: "Looks at the data directory, at the ledger over HTTP and at its stream over NATS or in KurrentDB. Ends with exit code 3 where\n" +
			"something is bad. What cannot be reached is not checked, and that is said.",
		Example: "  daybook doctor\n  daybook doctor --data /var/lib/daybook -o json\n" +
			"  daybook doctor --nats-url nats://nats-1.internal:4222 --nats-monitor http://nats-1.internal:8222,http://nats-2.internal:8222",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cfg := cmd.Context(), app.Config{Data: data, Name: name, Logger: p.logger(false, slog.LevelError)}
			engine.set(p, &cfg)
			elsewhere := checksOf(app.ExamineEngine(ctx, cfg))
			if len(elsewhere) == 0 || cmd.Flags().Changed("nats-url") {
				elsewhere = append(elsewhere, checksOf(app.ExamineNATS(ctx, natsURL, monitors))...)
			}
			return p.diagnosis(slices.Concat(p.checkDirectory(data), p.checkHistory(ctx, data), p.checkLedger(ctx), elsewhere))
		},
	}
	cmd.Flags().StringVar(&data, "data", orText(p.env("DAYBOOK_DATA"), "daybook-data"), "the ledger's data directory (or DAYBOOK_DATA)")
	cmd.Flags().StringVar(&name, "name", "", "the name that daybook serve was given, where KurrentDB keeps the log")
	engine.add(cmd)
	cmd.Flags().StringVar(&natsURL, "nats-url", "nats://"+app.DefaultNATS, "the NATS server of the ledger")
	cmd.Flags().StringSliceVar(&monitors, "nats-monitor", nil, "the monitoring addresses of the NATS servers, to see whether they sync")
	return cmd
}

func (p *program) diagnosis(checks []check) error {
	l := listing{whole: checks, head: []string{"Check", "State", "What was found"}}
	bad := 0
	for _, c := range checks {
		words := c.Words
		if c.Fix != "" {
			words += "\n→ " + c.Fix
		}
		if c.State == checkBad {
			bad++
		}
		l.items = append(l.items, c)
		l.rows = append(l.rows, []string{c.Name, c.State, words})
	}
	if err := p.show(l); err != nil {
		return err
	}
	if bad > 0 {
		return &failure{errVerification, count(bad, "check") + " found something bad.", "Do what stands beside the arrows, and run daybook doctor again.", nil}
	}
	return nil
}

// checkDirectory looks at the data directory, whether a ledger runs on it or not.
func (p *program) checkDirectory(dir string) []check {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return []check{{"data directory", checkSkipped, "There is no directory " + filepath.Base(dir) + " here.", "Name the ledger's directory with --data."}}
	}
	checks := []check{checkMode("data directory", info, 0o077, "chmod 700 "+dir)}
	key, err := os.Stat(filepath.Join(dir, "keys", "kek"))
	if err == nil {
		checks = append(checks, checkMode("key file", key, 0o077, "chmod 600 "+filepath.Join(dir, "keys", "kek")))
	} else {
		checks = append(checks, check{"key file", checkSkipped, "There is no key file: the key comes from the environment or a credential.", ""})
	}
	return append(checks, checkSpace(dir), p.checkSync(dir))
}

func checkMode(name string, info os.FileInfo, forbidden os.FileMode, fix string) check {
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return check{name, checkBad, fmt.Sprintf("Others on this machine can reach it (mode %04o).", mode), fix}
	}
	return check{name, checkGood, fmt.Sprintf("Only its owner can reach it (mode %04o).", info.Mode().Perm()), ""}
}

func checkSpace(dir string) check {
	free, ok := freeSpace(dir)
	if !ok {
		return check{"disk space", checkSkipped, "This system does not say how much is free.", ""}
	}
	words := fmt.Sprintf("%.1f GiB are free.", float64(free)/(1<<30))
	const fix = "Make room. When the disk is full the ledger takes nothing more until it is restarted with room."
	switch {
	case free < leastSpace:
		return check{"disk space", checkBad, words, fix}
	case free < warnSpace:
		return check{"disk space", checkWarning, words, fix}
	}
	return check{"disk space", checkGood, words, ""}
}

// checkSync measures what every receipt waits for: how long the disk takes to keep 4 KiB.
func (p *program) checkSync(dir string) check {
	const name, tries = "disk sync", 11
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return check{name, checkBad, "Nothing can be written in the directory.", "Check that it belongs to the user that runs daybook."}
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	block := make([]byte, 4<<10)
	_, _ = rand.Read(block) // never fails
	times := make([]time.Duration, tries)
	for i := range times {
		began := p.now()
		if _, err := f.Write(block); err != nil {
			return check{name, checkBad, "The disk does not take 4 KiB.", "Make room, or look for a fault of the disk."}
		}
		if err := f.Sync(); err != nil {
			return check{name, checkBad, "The disk does not say that it kept what was written.", "Look for a fault of the disk; do not run a ledger on it."}
		}
		times[i] = p.now().Sub(began)
	}
	slices.Sort(times)
	middle := times[tries/2]
	words := fmt.Sprintf("The disk takes %s to keep a write.", middle.Round(10*time.Microsecond))
	const fix = "Use a disk that syncs faster, such as an SSD with its own power: every receipt waits for this."
	switch {
	case middle > verySlowSync:
		return check{name, checkBad, words, fix}
	case middle > slowSync:
		return check{name, checkWarning, words, fix}
	}
	return check{name, checkGood, words, ""}
}

// checkLedger asks the running ledger about itself, and compares clocks.
func (p *program) checkLedger(ctx context.Context) []check {
	var s wire.Status
	sent := p.now()
	res, err := p.ledger().send(ctx, http.MethodGet, "/status", "", nil)
	if err != nil {
		return []check{{"ledger", checkSkipped, "No ledger answers at " + p.ledger().base + ".", "Start it with daybook serve, or name it with --server."}}
	}
	heard := p.now()
	_ = res.Body.Close()
	if err := p.ledger().call(ctx, http.MethodGet, "/status", "", nil, &s); err != nil {
		return []check{{"ledger", checkBad, stopped(upperFirst(err.Error())), "Look at what the ledger logs."}}
	}
	checks := []check{{"ledger", checkGood, fmt.Sprintf("It answers, with %d entries, version %s.", s.End, s.Version), ""}}
	if !s.Ready {
		checks[0] = check{"ledger", checkBad, stopped("It is not ready: " + strings.Join(s.Reasons, "; ")), "Look at what the ledger logs; restart it where its disk was full."}
	}
	checks = append(checks, checkProof(s)...)
	for _, v := range s.Views {
		checks = append(checks, checkView(v))
	}
	return append(checks, checkClock(res.Header.Get("Date"), sent, heard))
}

func checkView(v wire.ViewStatus) check {
	name := "view " + v.Name
	switch {
	case v.Damaged != "":
		return check{name, checkBad, "Its file is damaged and it is being built anew: " + v.Damaged, "Check the disk. Nothing is answered from the place that is damaged."}
	case v.Stopped != "":
		return check{name, checkBad, "It has stopped: " + stopped(v.Stopped), "Look at what the ledger logs, then run daybook rebuild " + v.Name + "."}
	case v.Lag > viewLag:
		return check{name, checkWarning, fmt.Sprintf("It is %d entries behind.", v.Lag), "Wait and look again; where it does not catch up, restart the ledger."}
	}
	return check{name, checkGood, fmt.Sprintf("It is %d entries behind.", v.Lag), ""}
}

func checkClock(date string, sent, heard time.Time) check {
	at, err := http.ParseTime(date)
	if err != nil {
		return check{"clock", checkSkipped, "The ledger does not say what time it has.", ""}
	}
	// HTTP tells whole seconds only, so up to one of the difference is rounding.
	apart := max(sent.Sub(at.Add(time.Second)), at.Sub(heard), 0)
	if apart > clockApart {
		return check{"clock", checkWarning, fmt.Sprintf("The ledger's clock and this one are %s apart.", apart.Round(time.Second)), "Synchronise both with a time server."}
	}
	return check{"clock", checkGood, "The ledger's clock and this one agree.", ""}
}

// checksOf puts what was found of an engine beside the other checks.
func checksOf(found []app.Found) []check {
	states := map[app.FoundState]string{
		app.FoundGood: checkGood, app.FoundDoubtful: checkWarning, app.FoundBad: checkBad, app.FoundUnseen: checkSkipped,
	}
	var checks []check
	for _, f := range found {
		checks = append(checks, check{f.Name, states[f.State], f.Words, f.Fix})
	}
	return checks
}
