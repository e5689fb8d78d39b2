package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/export"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	// maxExports is how many files are made at once.
	maxExports = 4
	// heldBack is how much of a file is kept back until it is recorded that it was made: smaller files are recorded before anything
	// of them is sent, and of larger ones the end is, without which no workbook and no Parquet file can be read.
	heldBack = 64 << 10
)

func (a *API) exportRoutes() {
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/exports", OperationID: "export", Tags: []string{"looks"}, Summary: "Export what is recorded into a file",
		Description: "That the file was made is recorded: who, what, why, how many rows, and its SHA-256, which come as trailers, too. What rests " +
			"sealed is not in it, but for the particulars of contacts where they are asked for.",
		Parameters:  append(looker(), awaits()),
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[wire.ExportRequest](a)}}},
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}},
	}, (*call).export)
}

// exporting is what one export writes.
type exporting struct {
	made    oversight.ExportMade
	columns []export.Column
	// rows hands out the rows, and document writes a file that is no table and gives how many rows stand in it; one of them is nil.
	rows     func(each func(export.Row) error) error
	document func(w *exportSink) (rows int, err error)
}

func (c *call) export() error {
	var in wire.ExportRequest
	if err := c.read(&in); err != nil {
		return err
	}
	by, err := c.by()
	if err != nil {
		return err
	}
	if err := c.mayShow(in.Secret); err != nil {
		return err
	}
	e, err := c.exportOf(in)
	if err != nil {
		return err
	}
	e.made.By, e.made.What, e.made.Format, e.made.Controller = by, in.What, in.Format, domain.ControllerID(in.Controller)
	return c.give(e)
}

// give makes a file, sends it, and records that before it sends the end of it.
func (c *call) give(e *exporting) error {
	if !c.api.exports.TryAcquire(1) {
		return errors.WithHint(errors.Wrap(domain.ErrBusy, "room for another export"), "At most four files are made at once; try again in a moment.")
	}
	defer c.api.exports.Release(1)
	format := e.made.Format
	sink := &exportSink{call: c, sum: sha256.New(), name: e.made.What + "." + export.Extension(format), format: format, made: &e.made}
	err := e.write(sink)
	if err != nil && !c.began {
		return err // nothing left the ledger
	}
	settled, recordErr := c.exported(&e.made, sink, err != nil)
	if err := errors.CombineErrors(err, recordErr); err != nil {
		return err
	}
	return sink.last(settled)
}

// restsOn says on which end of the ledger the file rests: that of the first page, where there are several.
func (e *exporting) restsOn(end domain.Position) {
	if e.made.Until == 0 {
		e.made.Until = uint64(end)
	}
}

// write writes the file into the sink.
func (e *exporting) write(sink *exportSink) error {
	if e.document != nil {
		rows, err := e.document(sink)
		e.made.Rows = uint64(rows)
		return err
	}
	w, err := export.New(e.made.Format, sink, e.made.What, e.columns)
	if err != nil {
		return err
	}
	if err := e.rows(func(r export.Row) error {
		e.made.Rows++
		return w.Write(r)
	}); err != nil {
		return err
	}
	return w.Close()
}

// exported records that a file was made, or that so much of it was sent.
func (c *call) exported(made *oversight.ExportMade, sink *exportSink, broken bool) (domain.Position, error) {
	made.Bytes, made.Broken = sink.bytes, broken
	made.SHA256 = hex.EncodeToString(sink.sum.Sum(nil))
	// Whoever goes away in the middle has seen what they were sent.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx()), c.api.cfg.Patience)
	defer cancel()
	settled, err := c.api.cfg.Ledger.Exported(ctx, *made)
	return settled.Position, errors.Wrap(err, "record an export")
}

// exportSink counts and hashes a file, and sends all of it but the end.
type exportSink struct {
	call         *call
	name, format string
	made         *oversight.ExportMade
	held         []byte
	sum          hash.Hash
	bytes        uint64
}

// Write takes the next bytes of the file.
func (s *exportSink) Write(b []byte) (int, error) {
	s.sum.Write(b)
	s.bytes += uint64(len(b))
	s.held = append(s.held, b...)
	if len(s.held) <= 2*heldBack {
		return len(b), nil
	}
	n := len(s.held) - heldBack
	if err := s.send(s.held[:n]); err != nil {
		return 0, err
	}
	s.held = append(s.held[:0], s.held[n:]...)
	return len(b), nil
}

func (s *exportSink) send(b []byte) error {
	c := s.call
	if !c.began {
		h := c.w.Header()
		h.Set("Content-Type", export.MediaType(s.format))
		h.Set("Content-Disposition", `attachment; filename="`+s.name+`"`)
		h.Set("Trailer", wire.TrailerSHA256+", "+wire.TrailerRows+", "+wire.TrailerEntry)
		h.Set(wire.HeaderPosition, domain.Position(s.made.Until).String())
		c.w.WriteHeader(http.StatusOK)
		c.began = true
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(c.api.cfg.clock().Add(c.api.cfg.Stall))
	_, err := c.w.Write(b)
	return gone(err)
}

// last sends the end of the file, now that it is recorded.
func (s *exportSink) last(at domain.Position) error {
	if err := s.send(s.held); err != nil {
		return err
	}
	h := s.call.w.Header()
	h.Set(wire.TrailerSHA256, s.made.SHA256)
	h.Set(wire.TrailerRows, strconv.FormatUint(s.made.Rows, 10))
	h.Set(wire.TrailerEntry, at.String())
	_ = http.NewResponseController(s.call.w).SetWriteDeadline(noDeadline)
	return nil
}

// exportOf reads what is to be exported.
func (c *call) exportOf(in wire.ExportRequest) (*exporting, error) {
	var controller domain.ControllerID
	if in.Controller != "" {
		var err error
		if controller, err = domain.ParseName[domain.ControllerID](in.Controller); err != nil {
			return nil, errors.Wrap(err, "controller of an export")
		}
	}
	if in.At != nil {
		if err := c.travelTo(domain.Position(*in.At), time.Time{}); err != nil {
			return nil, err
		}
	}
	e := &exporting{}
	if err := formatOf(in); err != nil {
		return e, err
	}
	var err error
	switch in.What {
	case "log":
		e.restsOn(c.end())
		e.columns, e.rows = logColumns, c.logRows(in, controller, c.end())
	case "trail":
		err = c.trailExport(e, in)
	case "findings":
		e.columns, e.rows = findingColumns, e.findingRows(c, in)
	case "recipients":
		e.columns, e.rows = recipientColumns, e.recipientRows(c, in)
	case "disclosures":
		e.columns, e.rows = disclosureColumns, e.disclosureRows(c, in)
	case "retention":
		e.columns, e.rows = retentionColumns, e.retentionRows(c, in)
	case "article30":
		e.made.Revealed = in.Contacts
		err = c.article30Export(e, in, controller)
	}
	return e, err
}

// formatOf refuses formats that a thing does not come in.
func formatOf(in wire.ExportRequest) error {
	formats := []string{export.JSONLines, export.CSV, export.XLSX, export.Parquet}
	switch in.What {
	case "log":
		formats = append(formats, export.LDV, export.VNG)
	case "article30":
		formats = append(formats, export.ICO, export.CNIL, export.DPV)
	case "trail", "findings", "recipients", "disclosures", "retention":
	default:
		return problem.New(wire.InvalidField, "nothing of that name is exported",
			"Write log, trail, findings, disclosures, recipients, retention or article30.")
	}
	for _, f := range formats {
		if f == in.Format {
			return nil
		}
	}
	return problem.New(wire.InvalidField, "it is not exported in that format",
		"Write jsonl, csv, xlsx or parquet; ldv or vng for the log; ico, cnil or dpv for article30.")
}
