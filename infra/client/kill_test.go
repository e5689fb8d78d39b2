package client_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
)

// The variables that make the test binary the victim: a publisher that records without end and says what it was promised.
const (
	victimURL   = "DAYBOOK_CLIENT_VICTIM_URL"
	victimSpool = "DAYBOOK_CLIENT_VICTIM_SPOOL"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimURL) != "" {
		victim()
		return
	}
	os.Exit(m.Run())
}

func victim() {
	c, err := client.Connect(context.Background(), os.Getenv(victimURL), client.WithController("acme"), client.WithService("billing"),
		client.WithSpool(os.Getenv(victimSpool)), quick)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for {
		a := stored("a:b")
		a.ID = client.NewID()
		if err := c.RecordAsync(a); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("promised", a.ID)
	}
}

// Kill −9, again and again, with the ledger there, away, and coming back: what was promised is recorded, once.
func TestAKilledPublisherKeepsItsPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	l := clienttest.New(t)
	dir := t.TempDir()
	var promised []string
	for round := range 6 {
		promised = append(promised, killAfter(t, l, dir, 20+7*round)...)
		if round%2 == 0 {
			l.Stop()
		} else {
			l.Start()
		}
	}
	l.Start()
	c := connect(t, l, client.WithSpool(dir))
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if got := c.Status(); got.DamagedBytes != 0 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
	times := map[string]int{}
	for _, r := range l.Recorded() {
		times[r.Event.ID]++
	}
	for _, id := range promised {
		if times[id] != 1 {
			t.Errorf("%s was promised and recorded %d times", id, times[id])
		}
	}
	sequences := map[string]bool{}
	for _, r := range l.Recorded() {
		if sequences[r.Event.Sequence] {
			t.Errorf("sequence %s was given out twice", r.Event.Sequence)
		}
		sequences[r.Event.Sequence] = true
	}
}

func killAfter(t *testing.T, l *clienttest.Ledger, dir string, promises int) (promised []string) {
	t.Helper()
	cmd := exec.CommandContext(deadline(t), os.Args[0])
	cmd.Env = append(os.Environ(), victimURL+"="+l.URL(), victimSpool+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var word, id string
		if _, err := fmt.Sscan(lines.Text(), &word, &id); err != nil || word != "promised" {
			t.Errorf("the victim says: %s", lines.Text())
			continue
		}
		if promised = append(promised, id); len(promised) == promises {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim was not killed")
	}
	if len(promised) < promises {
		t.Fatalf("the victim promised %d", len(promised))
	}
	return promised
}
