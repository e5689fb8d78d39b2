package bundle

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/bundle/derive"
)

// summaryVersion is that of the page for people: another look of it is another version. Who checks a bundle with the same version
// makes the page again and compares; a test holds each version to its bytes.
const summaryVersion = 1

// shownLines is how many entries the page shows; all are in the trail.
const shownLines = 500

//go:embed summary.html
var summaryText string

var summaryTemplate = template.Must(template.New("summary").Parse(summaryText))

// page gathers what the page for people says.
type page struct {
	record  derive.Record
	lines   []pageLine
	people  int // entries that are about people
	actions int
	found   int // actions with findings
}

type pageLine struct {
	Position       uint64
	When, Sentence string
	Findings       string
}

func (p *page) add(e derive.Event) {
	p.record.Add(e)
	if e.Type() == "daybook.action.recorded.v1" {
		p.actions++
		if len(e.Texts("findings")) > 0 {
			p.found++
		}
	}
	if !e.OfPeople() {
		return
	}
	if p.people++; len(p.lines) < shownLines {
		p.lines = append(p.lines, pageLine{e.Position, minute(e.Recorded()), sentenceOf(e), strings.Join(e.Texts("findings"), ", ")})
	}
}

func minute(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04")
}

// sentenceOf says what an entry is of, in the words of its members.
func sentenceOf(e derive.Event) string {
	operation := e.Text("operation")
	if operation == "" {
		text := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(e.Type(), "daybook."), ".v1"), ".", " ")
		for _, name := range []string{"case", "instruction", "order", "outcome", "view", "actor"} {
			if v := e.Text(name); v != "" {
				text += ", " + name + " " + v
			}
		}
		return text
	}
	text := operation
	for _, part := range []struct{ before, value string }{
		{" of ", strings.Join(e.Texts("categories"), ", ")}, {" to ", e.Text("recipient")}, {" in ", e.Text("system")}, {" at ", e.Text("location")},
		{", on the instruction ", e.Text("instruction")}, {", on the basis ", e.Text("basis")},
	} {
		if part.value != "" {
			text += part.before + part.value
		}
	}
	if e.Data["details"] != nil {
		text += "; with details that are sealed"
	}
	return text
}

// write writes the page.
func (p *page) write(w io.Writer, m Manifest) error {
	v := view{Manifest: m, Created: m.Created.Format("2 January 2006, 15:04"), Lines: p.lines, People: p.people, Actions: p.actions, Found: p.found}
	if err := json.Unmarshal(p.record.JSON(), &v.Record); err != nil {
		return errors.NewAssertionErrorWithWrappedErrf(err, "record of a bundle")
	}
	if v.Record.Controller.Name == "" {
		v.Record.Controller.Name = string(m.Scope.Controller)
	}
	for _, from := range []struct {
		words string
		is    bool
		value string
	}{
		{"from position ", m.Scope.From != nil, position(m.Scope.From)}, {"before position ", m.Scope.To != nil, position(m.Scope.To)},
		{"recorded since ", m.Scope.Since != nil, moment(m.Scope.Since)}, {"recorded before ", m.Scope.Before != nil, moment(m.Scope.Before)},
	} {
		if from.is {
			v.Period = append(v.Period, from.words+from.value)
		}
	}
	return errors.Wrap(summaryTemplate.Execute(w, v), "write the summary of a bundle")
}

func position[P ~uint64](p *P) string {
	if p == nil {
		return ""
	}
	return strconv.FormatUint(uint64(*p), 10)
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// view is what the page shows.
type view struct {
	Manifest
	Created                string
	Period                 []string
	Lines                  []pageLine
	People, Actions, Found int
	Record                 struct {
		Processor struct {
			Name     string   `json:"name"`
			Measures []string `json:"measures"`
		} `json:"processor"`
		Controller struct {
			Name string `json:"name"`
		} `json:"controller"`
		Recipients []struct {
			Recipient string `json:"recipient"`
			Name      string `json:"name"`
			Kind      string `json:"kind"`
			Country   string `json:"country"`
			Safeguard string `json:"safeguard"`
		} `json:"recipients"`
		Instructions []struct {
			Instruction string `json:"instruction"`
			Version     int    `json:"version"`
			Terms       struct {
				Title      string   `json:"title"`
				Purpose    string   `json:"purpose"`
				Basis      string   `json:"basis"`
				Operations []string `json:"operations"`
				Categories []string `json:"categories"`
				Recipients []string `json:"recipients"`
				Territory  []string `json:"territory"`
				Retention  []struct {
					After string `json:"after"`
					Keep  string `json:"keep"`
				} `json:"retention"`
			} `json:"terms"`
		} `json:"instructions"`
		Observed []struct {
			Instruction *string  `json:"instruction"`
			Entries     uint64   `json:"entries"`
			Operations  []string `json:"operations"`
			Categories  []string `json:"categories"`
			Recipients  []string `json:"recipients"`
			Locations   []string `json:"locations"`
		} `json:"observed"`
	}
}
