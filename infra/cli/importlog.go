package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/accesslog"
	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) importing() *cobra.Command {
	return group("import", "Take in what other programs wrote down", p.importAccessLog())
}

// importBatch is how many actions go in one request, and brokenShown how many broken lines are named one by one.
const (
	importBatch = 500
	brokenShown = 20
)

// logImport is one import of access logs.
type logImport struct {
	*program
	controller, service string
	cfg                 accesslog.Config
	still               bool

	waiting []wire.Event
	result  importResult
}

// importResult says what an import did.
type importResult struct {
	Lines      int `json:"lines"`
	Broken     int `json:"broken"`
	HeldBack   int `json:"heldBack"`
	Actions    int `json:"actions"`
	Recorded   int `json:"recorded"`
	Duplicates int `json:"duplicates"`
	Refused    int `json:"refused"`
	// Findings counts the newly recorded actions that have a finding, by its code.
	Findings map[string]int `json:"findings,omitempty"`
}

func (p *program) importAccessLog() *cobra.Command {
	m := &logImport{program: p}
	cmd := &cobra.Command{
		Use:   "accesslog -c CONTROLLER -s SERVICE --instruction NAME [FILE…]",
		Short: "Record what a web server's access log keeps of its visitors",
		Long: "Reads access logs in the common or the combined format, plain or gzip, from files or standard input. For every address it\n" +
			"records a Collect action a minute, with the number of requests, and a Store action a day. What was requested is left\n" +
			"out. The same log imported again records nothing new. Lines that cannot be read are reported by number; nothing of\n" +
			"them is shown. The minute that is still going on is left for the next import.",
		Example: "  daybook import accesslog -c fenland-cycles -s web --instruction server-logs --location GB access.log access.log.2.gz\n" +
			"  zcat access.log.*.gz | daybook import accesslog -c fenland-cycles -s web --instruction server-logs",
		RunE: func(cmd *cobra.Command, files []string) error { return m.run(cmd.Context(), files) },
	}
	f := cmd.Flags()
	f.StringVarP(&m.controller, "controller", "c", "", "the client whose web site it is")
	f.StringVarP(&m.service, "service", "s", "", "the service that keeps the log")
	f.StringVar(&m.cfg.Instruction, "instruction", "", "the client's instruction under which the log is kept")
	f.StringVar(&m.cfg.System, "system", "web-log", "where the log is kept")
	f.StringVar(&m.cfg.Location, "location", "", "in which country the log is kept: GB")
	f.StringVar(&m.cfg.Log, "log", "access", "the log's name, where a service keeps several; part of every id")
	f.BoolVar(&m.cfg.Uses, "uses", false, "also record a Use action a day: something reads the log to act on it")
	f.BoolVar(&m.still, "whole", false, "the log is finished: take its last minute too, whatever the clock says")
	return cmd
}

func (m *logImport) run(ctx context.Context, files []string) error {
	if err := (&actionFlags{controller: m.controller, service: m.service}).named(); err != nil {
		return err
	}
	if !wire.ValidName(m.cfg.Instruction) || !wire.ValidName(m.cfg.Log) {
		return usage("It is not said under which instruction the log is kept.", "Give --instruction with its name in the register; --log takes a name, too.")
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	m.cfg.Source = "/" + m.controller + "/" + m.service
	if !m.still {
		m.cfg.Until = m.now()
	}
	fold := accesslog.NewFold(m.cfg)
	for _, name := range files {
		if err := m.file(ctx, fold, name); err != nil {
			return err
		}
	}
	m.result.HeldBack = fold.HeldBack
	if err := m.add(ctx, fold.Flush()); err != nil {
		return err
	}
	if err := m.send(ctx); err != nil {
		return err
	}
	return m.report()
}

func (m *logImport) file(ctx context.Context, fold *accesslog.Fold, name string) error {
	in, size := m.in, int64(-1)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return unreadable(name, err)
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		in = f
	}
	counted := &counter{in: in}
	bar := m.progress("Importing "+filepath.Base(name), size, progressbar.OptionShowBytes(true))
	defer bar.finish()
	broken := 0
	for e, err := range accesslog.Read(counted, func(b accesslog.Broken) {
		m.result.Lines++
		m.result.Broken++
		if broken++; broken <= brokenShown {
			m.note(fmt.Sprintf("%s line %d: %s", filepath.Base(name), b.Line, b.Reason))
		}
	}) {
		if err != nil {
			return errors.CombineErrors(err, m.send(ctx))
		}
		m.result.Lines++
		if err := m.add(ctx, fold.Add(e)); err != nil {
			return err
		}
		bar.reach(counted.n, size)
	}
	if broken > brokenShown {
		m.note(fmt.Sprintf("%s: %d more lines cannot be read.", filepath.Base(name), broken-brokenShown))
	}
	return nil
}

// note tells people something on the side.
func (p *program) note(s string) { _, _ = io.WriteString(p.err, clean(s)+"\n") }

// counter counts what was read of a file.
type counter struct {
	in io.Reader
	n  int64
}

// Read reads on.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	c.n += int64(n)
	return n, err
}

func (m *logImport) add(ctx context.Context, events []wire.Event) error {
	m.waiting = append(m.waiting, events...)
	m.result.Actions += len(events)
	for len(m.waiting) >= importBatch {
		if err := m.send(ctx); err != nil {
			return err
		}
	}
	return nil
}

// send records a batch. An action whose id was recorded for another one is sent again under the id's next spelling.
func (m *logImport) send(ctx context.Context) error {
	n := min(len(m.waiting), importBatch)
	batch := m.waiting[:n]
	m.waiting = m.waiting[n:]
	ids := make([]string, len(batch))
	for i, e := range batch {
		ids[i] = e.ID
	}
	for again := 1; len(batch) > 0; again++ {
		items, err := m.post(ctx, batch)
		if err != nil {
			return err
		}
		var rest []wire.Event
		var restIDs []string
		for i, item := range items {
			if item.Problem != nil && item.Problem.Code == wire.Conflict && again <= accesslog.MaxAgain {
				e := batch[i]
				e.ID = accesslog.Again(ids[i], again)
				rest, restIDs = append(rest, e), append(restIDs, ids[i])
				continue
			}
			if err := m.count(item); err != nil {
				return err
			}
		}
		batch, ids = rest, restIDs
	}
	return nil
}

func (m *logImport) post(ctx context.Context, batch []wire.Event) ([]wire.Item, error) {
	body, err := json.Marshal(batch)
	if err != nil {
		return nil, errors.Wrap(err, "write the actions")
	}
	var items []wire.Item
	path := "/record/" + m.controller + "/" + m.service
	if err := m.ledger().call(ctx, http.MethodPost, path, wire.ContentBatch, body, &items); err != nil {
		return nil, err
	}
	if len(items) != len(batch) {
		return nil, errors.AssertionFailedf("%d answers to %d actions", len(items), len(batch))
	}
	return items, nil
}

// count takes an answer into the result. What may succeed later ends the import: repeated, it goes on where it stopped.
func (m *logImport) count(item wire.Item) error {
	switch {
	case item.Problem != nil && item.Problem.Code.Temporary():
		f := refused(*item.Problem)
		f.hint = "Import the same files again: what was recorded is not recorded twice."
		return f
	case item.Problem != nil:
		m.result.Refused++
		if m.result.Refused <= brokenShown {
			m.note("An action was refused: " + sentenceOf(*item.Problem))
		}
	case item.Receipt.Duplicate:
		m.result.Duplicates++
	default:
		m.result.Recorded++
		for _, f := range item.Receipt.Findings {
			if m.result.Findings == nil {
				m.result.Findings = map[string]int{}
			}
			m.result.Findings[f.Code]++
		}
	}
	return nil
}

// errRefusedActions says that some actions of an import were not taken.
var errRefusedActions = errors.Wrap(domain.ErrInvalid, "actions of the import were refused")

func (m *logImport) report() error {
	r := m.result
	if m.format != "table" {
		row := []string{fmt.Sprint(r.Lines), fmt.Sprint(r.Broken), fmt.Sprint(r.HeldBack), fmt.Sprint(r.Actions), fmt.Sprint(r.Recorded),
			fmt.Sprint(r.Duplicates), strings.Join(slices.Sorted(maps.Keys(r.Findings)), " "), fmt.Sprint(r.Refused)}
		if err := m.show(listing{whole: r, items: []any{r}, rows: [][]string{row},
			head: []string{"lines", "broken", "heldBack", "actions", "recorded", "duplicates", "findings", "refused"}}); err != nil {
			return err
		}
	}
	m.say(fmt.Sprintf("Read %s, which make %s.", count(r.Lines, "line"), count(r.Actions, "action")),
		fmt.Sprintf("Recorded %d; %d had been recorded before.", r.Recorded, r.Duplicates))
	for _, code := range slices.Sorted(maps.Keys(r.Findings)) {
		finding, err := domain.ParseFinding(code)
		if err != nil {
			continue // of a newer ledger, whose receipts tell
		}
		m.say(fmt.Sprintf("Finding of %s: %s (%s) %s", count(r.Findings[code], "action"), finding.Message(), finding.Article(), finding.Remedy()))
	}
	if r.HeldBack > 0 {
		m.say(fmt.Sprintf("%s of the minute that is still going on, left for the next import.", count(r.HeldBack, "line")))
	}
	if r.Broken > 0 {
		m.say(fmt.Sprintf("%s could not be read.", count(r.Broken, "line")))
	}
	if r.Refused > 0 {
		return &failure{errRefusedActions, count(r.Refused, "action") + " were refused.", "The reasons stand above; the others are recorded.", nil}
	}
	return nil
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
