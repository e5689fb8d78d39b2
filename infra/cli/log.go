package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) log() *cobra.Command {
	return group("log", "The entries themselves, in the order in which they were written", p.logRead(), p.logFollow())
}

// logFilter chooses entries of the log.
type logFilter struct {
	from, to   int64
	kind       string
	controller string
	person     string
	asOf       string
	secret     bool
}

func (f *logFilter) add(cmd *cobra.Command) {
	secretFlag(cmd, &f.secret)
	cmd.Flags().StringVar(&f.kind, "type", "", "only events of this type, or of the types that begin so: daybook.action")
	cmd.Flags().StringVarP(&f.controller, "controller", "c", "", "only what concerns this client")
}

// takes says whether the entry is wanted.
func (f *logFilter) takes(e loggedEvent) bool {
	if f.kind != "" && e.Type != f.kind && !strings.HasPrefix(e.Type, f.kind+".") {
		return false
	}
	return f.controller == "" || strings.HasPrefix(e.Source, "/"+f.controller+"/") || e.Data.Controller == f.controller
}

// loggedEvent is what a table shows of an event; everything else of it stays in the raw bytes.
type loggedEvent struct {
	Type     string    `json:"type"`
	Source   string    `json:"source"`
	Time     time.Time `json:"time"`
	Recorded time.Time `json:"recorded"`
	Data     struct {
		Controller  string   `json:"controller"`
		Operation   string   `json:"operation"`
		Instruction string   `json:"instruction"`
		Version     int      `json:"version"`
		Basis       string   `json:"basis"`
		Categories  []string `json:"categories"`
		System      string   `json:"system"`
		Recipient   string   `json:"recipient"`
		Service     string   `json:"service"`
		Contact     string   `json:"contact"`
		Name        string   `json:"name"`
		Findings    []string `json:"findings"`
		Terms       struct {
			Title string `json:"title"`
		} `json:"terms"`
	} `json:"data"`
}

func (p *program) logFollow() *cobra.Command {
	var f logFilter
	cmd := &cobra.Command{
		Use:     "follow",
		Short:   "Show entries as they are recorded, until interrupted",
		Example: "  daybook log follow\n  daybook log follow --from 0 -o jsonl",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := filter{}.set("secret", secretValue(f.secret))
			if f.from >= 0 {
				q.set("from", strconv.FormatInt(f.from, 10))
			}
			f.to = -1
			w := &logWriter{program: p, filter: f, live: true}
			err := p.ledger().lines(cmd.Context(), http.MethodGet, q.path("/log/stream"), func(line []byte) (bool, error) {
				entry, is, err := entryOf(line)
				if err != nil || !is {
					return true, err
				}
				return w.take(entry)
			})
			if errors.Is(err, context.Canceled) {
				return nil // that is how following ends
			}
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().Int64Var(&f.from, "from", -1, "the position to begin at; -1 for what comes from now on")
	return cmd
}

// tablePage is how many entries a table is laid out for.
const tablePage = 200

// entryOf reads one line of the log: an entry, a sign of life, or the problem for which reading ended.
func entryOf(line []byte) (entry wire.LogEntry, is bool, err error) {
	var l struct {
		Position *uint64         `json:"position"`
		Event    json.RawMessage `json:"event"`
		Withheld bool            `json:"withheld"`
		Leaf     []byte          `json:"leaf"`
		Problem  *wire.Problem   `json:"problem"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return entry, false, &failure{errInternal, "A line of the log is not JSON.", "Check that --server names a Daybook ledger of this version.", nil}
	}
	if l.Problem != nil {
		return entry, false, refused(*l.Problem)
	}
	if l.Position == nil || l.Event == nil && !l.Withheld {
		return entry, false, nil
	}
	return wire.LogEntry{Position: *l.Position, Event: l.Event, Withheld: l.Withheld, Leaf: l.Leaf}, true, nil
}

// logWriter shows entries in the chosen format, page by page, so that a log of any length needs little memory.
type logWriter struct {
	*program
	filter logFilter
	live   bool // each entry at once

	rows   [][]string
	shown  int
	opened bool
}

// take shows an entry, and says whether more are wanted.
func (w *logWriter) take(entry wire.LogEntry) (bool, error) {
	if w.filter.to >= 0 && entry.Position > uint64(w.filter.to) {
		return false, nil
	}
	if entry.Withheld {
		if w.filter.kind != "" || w.filter.controller != "" && w.filter.person == "" {
			return true, nil // Whose it is and what must not be told, either.
		}
		return true, w.show(entry, withheldRow(entry))
	}
	var e loggedEvent
	if err := json.Unmarshal(entry.Event, &e); err != nil {
		return false, errors.NewAssertionErrorWithWrappedErrf(err, "event %d is not JSON", errors.Safe(entry.Position))
	}
	if !w.filter.takes(e) {
		return true, nil
	}
	return true, w.show(entry, logRow(entry.Position, e))
}

// show shows an entry, of which a table has the row.
func (w *logWriter) show(entry wire.LogEntry, row []string) error {
	w.shown++
	switch w.format {
	case "json":
		opening := ",\n  "
		if !w.opened {
			opening, w.opened = "[\n  ", true
		}
		return w.write(opening + rawEntry(entry))
	case "jsonl":
		return w.write(rawEntry(entry) + "\n")
	}
	w.rows = append(w.rows, row)
	if w.live || len(w.rows) == tablePage {
		return w.page()
	}
	return nil
}

// withheldRow shows that there is an entry of which nothing may be told.
func withheldRow(entry wire.LogEntry) []string {
	return []string{strconv.FormatUint(entry.Position, 10), "", "", "Withheld: the law forbids telling of it now.\nLeaf " +
		base64.StdEncoding.EncodeToString(entry.Leaf)}
}

// rawEntry puts the stored bytes into a line as they are; encoding them again could change them.
func rawEntry(entry wire.LogEntry) string {
	if entry.Withheld {
		return `{"position":` + strconv.FormatUint(entry.Position, 10) + `,"withheld":true,"leaf":"` + base64.StdEncoding.EncodeToString(entry.Leaf) + `"}`
	}
	return `{"position":` + strconv.FormatUint(entry.Position, 10) + `,"event":` + string(entry.Event) + "}"
}

var logHead = []string{"Entry", "Recorded (UTC)", "From", "What"}

func (w *logWriter) page() error {
	rows := w.rows
	w.rows = nil
	if w.format == "csv" {
		head := logHead
		if w.opened {
			head, rows = rows[0], rows[1:]
		}
		w.opened = true
		return w.csv(head, rows)
	}
	width, _ := terminal(w.out)
	text := layoutFixed(logHead, []int{7, 18, 25, max(30, width-56)}, rows, !w.opened, w.bold)
	w.opened = true
	return w.write(text)
}

// end finishes what take began.
func (w *logWriter) end() error {
	if w.shown == 0 && w.filter.kind != "" {
		w.note("Types are written as in the entries, such as daybook.action.recorded.v1, or as their beginning up to a point, daybook.action.")
	}
	switch {
	case w.format == "json" && w.opened:
		return w.write("\n]\n")
	case w.format == "json":
		return w.write("[]\n")
	case len(w.rows) > 0:
		return w.page()
	case w.shown == 0:
		w.say("No entries match.")
	}
	return nil
}

func logRow(position uint64, e loggedEvent) []string {
	d := e.Data
	what := strings.TrimSuffix(strings.TrimPrefix(e.Type, "daybook."), ".v1")
	if d.Operation != "" {
		what = d.Operation + " " + categoriesWords(d.Categories)
		if d.Recipient != "" {
			what += " to " + d.Recipient
		}
		if d.System != "" {
			what += " in " + d.System
		}
		if d.Instruction != "" {
			what += ", instruction " + d.Instruction
			if d.Version > 0 {
				what += " v" + strconv.Itoa(d.Version) + " (" + d.Basis + ")"
			}
		}
		if len(d.Findings) > 0 {
			what += "\nFindings: " + strings.Join(d.Findings, ", ")
		}
		return []string{strconv.FormatUint(position, 10), brief(e.Recorded), e.Source, what}
	}
	for _, name := range []string{d.Instruction, d.Service, d.Recipient, d.Contact, d.Terms.Title, d.Name} {
		if name != "" {
			what += " " + name
		}
	}
	from := e.Source
	if d.Controller != "" {
		from += " for " + d.Controller
	}
	return []string{strconv.FormatUint(position, 10), brief(e.Recorded), from, what}
}
