package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/export"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/article30"
)

var trailColumns = columns("entry#", "time@", "recorded@", "type", "service", "identifier", "operation", "instruction", "version#", "basis", "stated",
	"categories", "system", "from", "location", "recipient", "order", "findings", "sealed", "sentence")

// trailExport exports one person's trail, the oldest entry first. Sealed details stay sealed.
func (c *call) trailExport(e *exporting, in wire.ExportRequest) error {
	if in.Controller == "" || in.Person == "" {
		return problem.New(wire.InvalidField, "whose trail is not said", "Name a controller, and a person as kind:value.")
	}
	c.r.SetPathValue("controller", in.Controller)
	p, err := c.find(in.Person)
	if err != nil {
		return err
	}
	e.made.Subjects = p.keys[:min(len(p.keys), domain.MaxListed)]
	e.columns = trailColumns
	e.rows = func(each func(export.Row) error) error {
		q := wire.TrailQuery{Order: wire.OldestFirst, Limit: wire.MaxPage, Secret: in.Secret}
		for {
			page, err := c.trail(p, q)
			if err != nil {
				return err
			}
			e.restsOn(domain.Position(page.Position))
			for _, t := range page.Entries {
				if err := each(trailRow(t)); err != nil {
					return err
				}
			}
			if page.Next == nil {
				return nil
			}
			q.After = page.Next
		}
	}
	return nil
}

func trailRow(t wire.TrailEntry) export.Row {
	return export.Row{Value: t, Cells: []export.Cell{
		number(t.Position), moment(t.Time), moment(t.Recorded), word(t.Type), word(t.Service), word(t.Identifier), word(t.Operation), word(t.Instruction),
		optional(t.Version), word(t.Basis), word(t.Stated), words(t.Categories), word(t.System), word(t.From), word(t.Location), word(t.Recipient), word(t.Order),
		foundCodes(t.Findings), word(strconv.FormatBool(t.Sealed)), word(t.Sentence),
	}}
}

var logColumns = columns("position#", "id", "source", "type", "time@", "recorded@", "sequence#", "subject", "data")

// logged is an event of the log as exports read it.
type logged struct {
	ID       string          `json:"id"`
	Source   string          `json:"source"`
	Type     string          `json:"type"`
	Time     time.Time       `json:"time"`
	Recorded time.Time       `json:"recorded"`
	Sequence uint64          `json:"sequence,string"`
	Data     json.RawMessage `json:"data"`
}

// logRows gives the events of the log. Of one controller only those are given that are the controller's, without what the law forbids
// telling it of.
func (c *call) logRows(in wire.ExportRequest, controller domain.ControllerID, until domain.Position) func(func(export.Row) error) error {
	actions := in.Format == export.LDV || in.Format == export.VNG
	return func(each func(export.Row) error) error {
		secret := c.secretOrders()
		for batch, err := range c.api.cfg.Log.Read(c.ctx(), 0) {
			if err != nil {
				return errors.Wrap(err, "read the log for an export")
			}
			for i, stored := range batch.Events {
				at := batch.At + domain.Position(i)
				if at >= until {
					return nil
				}
				var row export.Row
				var of bool
				if actions {
					row, of, err = c.processed(stored, in, controller, secret)
				} else {
					row, of, err = logRow(at, stored, in, controller, secret)
				}
				if err == nil && of {
					err = each(row)
				}
				if err != nil {
					return err
				}
			}
			if batch.CaughtUp {
				return nil
			}
		}
		return c.ctx().Err()
	}
}

func logRow(at domain.Position, stored []byte, in wire.ExportRequest, controller domain.ControllerID, secret map[string]bool) (export.Row, bool, error) {
	var e logged
	var data struct {
		Controller domain.ControllerID `json:"controller"`
		Subject    string              `json:"subject"`
		Order      string              `json:"order"`
	}
	if err := errors.CombineErrors(json.Unmarshal(stored, &e), json.Unmarshal(e.Data, &data)); err != nil {
		return export.Row{}, false, errors.AssertionFailedf("event %s cannot be read for an export", at)
	}
	if controller != "" {
		if data.Controller != controller && !strings.HasPrefix(e.Source, "/"+string(controller)+"/") || secret[data.Order] && !in.Secret {
			return export.Row{}, false, nil
		}
	}
	line := append(strconv.AppendUint([]byte(`{"position":`), uint64(at), 10), `,"event":`...)
	line = append(append(line, stored...), '}')
	return export.Row{Value: json.RawMessage(line), Cells: []export.Cell{
		number(uint64(at)), word(e.ID), word(e.Source), word(e.Type), moment(e.Time), moment(e.Recorded), {Number: e.Sequence, Empty: e.Sequence == 0},
		word(data.Subject), word(string(e.Data)),
	}}, true, nil
}

// processed gives an action as a log of processing names it; false for any other event.
func (c *call) processed(stored []byte, in wire.ExportRequest, controller domain.ControllerID, secret map[string]bool) (export.Row, bool, error) {
	e, err := catalog.Decode(stored)
	if err != nil {
		return export.Row{}, false, errors.Wrap(err, "event for a log of processing")
	}
	a, is := e.Fact.(dossier.ActionRecorded)
	if !is || controller != "" && a.Controller != controller || secret[a.Order] && !in.Secret {
		return export.Row{}, false, nil
	}
	p := export.Processed{
		EventID: e.ID, Action: a.Action, Controller: string(a.Controller), Service: string(a.Service), Operation: string(a.Operation),
		Instruction: string(a.Instruction), Version: a.Version, Subject: a.Subject.String(), Categories: texts(a.Categories), System: a.System,
		Recipient: string(a.Recipient), Time: e.Time, Recorded: e.Recorded, Confidential: secret[a.Order],
	}
	if in.Format == export.LDV {
		return export.Row{Value: p.InLDV()}, true, nil
	}
	return export.Row{Value: p.InVNG()}, true, nil
}

var articleColumns = columns("controller", "name", "country", "instruction", "version#", "title", "purpose", "basis", "condition", "dimension", "value",
	"words", "declared", "first@", "last@")

// article30Export exports the record of Article 30(2): as a table with a row for each operation, category, recipient and country of each
// activity, or in the manner that is asked for.
func (c *call) article30Export(e *exporting, in wire.ExportRequest, controller domain.ControllerID) error {
	v := scopeOf(in)
	v.Del("controller")
	if in.Contacts {
		v.Set("reveal", "contacts")
	}
	record, end, err := asked(c, v, func(c *call) (record wire.Article30, end domain.Position, err error) {
		c.r.SetPathValue("controller", string(controller))
		q, err := c.article30Query()
		if err != nil {
			return record, 0, err
		}
		view, err := c.view(article30.Name)
		if err != nil {
			return record, 0, err
		}
		book, err := article30.New(view).Book(c.ctx(), q)
		if err != nil {
			return record, 0, errors.Wrap(err, "record of Article 30 for an export")
		}
		record, err = c.record30(book, book.Position)
		return record, book.Position, err
	})
	if err != nil {
		return err
	}
	e.restsOn(end)
	switch {
	case slices.Contains([]string{export.ICO, export.CNIL}, in.Format):
		e.document = func(w *exportSink) (int, error) { return export.WriteBook(w, in.Format, record) }
	case in.Format == export.DPV:
		e.document = func(w *exportSink) (int, error) { return export.WriteDPV(w, record) }
	default:
		e.columns, e.rows = articleColumns, article30Rows(record)
	}
	return nil
}

func article30Rows(record wire.Article30) func(func(export.Row) error) error {
	return func(each func(export.Row) error) error {
		for _, r := range record.Records {
			for _, a := range r.Activities {
				for _, l := range a.Lines {
					type line struct {
						Controller  string `json:"controller"`
						Instruction string `json:"instruction"`
						Version     int    `json:"version"`
						Basis       string `json:"basis,omitempty"`
						wire.Article30Line
					}
					if err := each(export.Row{Value: line{r.Controller, a.Instruction, a.Version, a.Basis, l}, Cells: []export.Cell{
						word(r.Controller), word(r.Name), word(r.Country), word(a.Instruction), optional(a.Version), word(a.Title), word(a.Purpose), word(a.Basis),
						word(a.Condition), word(l.Dimension), word(l.Value), word(l.Words), word(strconv.FormatBool(l.Declared)), momentOrNone(l.First),
						momentOrNone(l.Last),
					}}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
}
