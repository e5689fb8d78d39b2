package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// Limits of reading the log.
const (
	defaultEntries = 1_000
	maxEntries     = 1_000_000
)

func (a *API) logRoutes() {
	entries := func(description string) map[string]*huma.Response {
		return map[string]*huma.Response{"200": {
			Description: description, Content: map[string]*huma.MediaType{wire.ContentLines: {Schema: schemaOf[wire.LogEntry](a)}},
		}}
	}
	logHasNoDates := map[string]any{noDates: "The log is in the order of its recording: ask as known at a time, with at. Views are as of a date."}
	a.route(huma.Operation{
		Method: http.MethodGet, Path: "/log", OperationID: "readLog", Tags: []string{"log"}, Summary: "Read the log",
		Description: "One entry a line, the event byte for byte as it is stored and hashed. A line with problem instead of an entry " +
			"ends the body where reading failed. What the law forbids telling of is withheld: its line has its position and leaf hash.",
		Parameters: []*huma.Param{
			query("from", "integer", "The position to begin at; 0."), query("limit", "integer", "The most entries to give; 1,000."),
			secret(), asOf(),
		},
		Metadata:  logHasNoDates,
		Responses: entries("Entries, at most limit, ending at the end of the log at the latest"),
	}, (*call).readLog)
	a.route(huma.Operation{
		Method: http.MethodGet, Path: "/log/stream", OperationID: "followLog", Tags: []string{"log"}, Summary: "Follow the log",
		Description: "As /log, and goes on with entries as they are recorded. While nothing is, a line {\"end\":n} says every few seconds " +
			"that the line is alive.",
		Parameters: []*huma.Param{query("from", "integer", "The position to begin at; the end of the log."), secret()},
		Responses:  entries("Entries without end"),
	}, (*call).followLog)
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/controllers/{controller}/people/log", OperationID: "personLog", Tags: []string{"log", "people"},
		Summary: "Read the entries that name one person", Parameters: append(looker(), secret(), asOf()), Metadata: logHasNoDates,
		Description: "As /log. The identifier travels in the body, so that no URL names a person, and is never repeated. The log is searched to " +
			"its end; lines with reached say how far.",
		RequestBody: &huma.RequestBody{
			Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[wire.LogQuery](a)}},
		},
		Responses: entries("Entries"),
	}, (*call).personLog)
}

// readLog gives entries up to the end that the log had when reading began.
func (c *call) readLog() error {
	from, err := c.position("from")
	if err != nil {
		return err
	}
	left, err := c.limit(defaultEntries, maxEntries)
	if err != nil {
		return err
	}
	if from == nil {
		from = new(domain.Position)
	}
	if err := c.within(*from); err != nil {
		return err
	}
	veil, err := c.veil()
	if err != nil {
		return err
	}
	if end := c.end(); c.as != nil {
		left = min(left, int(end-min(*from, end)))
	}
	var out *lines
	for batch, err := range c.api.cfg.Log.Read(c.ctx(), *from) {
		if err != nil && out == nil {
			return errors.Wrap(err, "read the log over HTTP")
		}
		if out == nil {
			c.w.Header().Set(wire.HeaderPosition, c.api.cfg.Ledger.State().End.String())
			begun := c.lines()
			defer begun.end()
			out = &begun
		}
		if err != nil {
			return out.problem(errors.Wrap(err, "read the log over HTTP"))
		}
		given := min(left, len(batch.Events))
		batch.Events = batch.Events[:given]
		if err := out.entries(batch, veil, everything); err != nil {
			return err
		}
		if left -= given; left == 0 || batch.CaughtUp {
			break
		}
	}
	return nil
}

// within refuses a position beyond the end of the log. The log may be ahead of the state by what is being answered, so that it is
// asked itself before anybody is refused.
func (c *call) within(from domain.Position) error {
	if from <= c.api.cfg.Ledger.State().End {
		return nil
	}
	for _, err := range c.api.cfg.Log.Read(c.ctx(), from) {
		if errors.Is(err, domain.ErrInvalid) {
			err = errors.WithHint(errors.Wrapf(domain.ErrInvalid, "position %s, beyond the end of the log", from),
				"Begin at the end of the log at the latest.")
		}
		return err
	}
	return c.ctx().Err()
}

// veil gives what withholds entries, nil where the caller asks for them, too.
func (c *call) veil() (*Veil, error) {
	shows, err := c.sees()
	if err != nil || shows {
		return nil, err
	}
	return NewVeil(c.api.cfg.Now), nil
}

// everything wants every entry.
func everything([]byte) bool { return true }

// entries writes what is wanted of a batch and flushes it. Orders on record by now hide entries, whenever those were recorded.
func (l lines) entries(batch domain.Batch, veil *Veil, wanted func(stored []byte) bool) error {
	if veil != nil {
		veil.Know(l.call.api.cfg.Ledger.State().CourtOrders.Orders)
		for _, event := range batch.Events { // The log may be ahead of the state.
			if err := veil.Learn(event); err != nil {
				return err
			}
		}
	}
	var line []byte
	for i, event := range batch.Events {
		if !wanted(event) {
			continue
		}
		at := batch.At + domain.Position(i)
		line = strconv.AppendUint(append(line[:0], `{"position":`...), uint64(at), 10)
		line = append(append(append(line, `,"event":`...), event...), '}')
		if veil != nil {
			hidden, err := veil.Hides(event)
			if err != nil {
				return err
			}
			if hidden {
				if line, err = json.Marshal(Withheld(at, event)); err != nil {
					return errors.Wrap(err, "encode a line of the log")
				}
			}
		}
		if err := l.raw(line); err != nil {
			return err
		}
	}
	return l.flush()
}

// read is one step of a reading that goes on beside the call.
type read struct {
	batch domain.Batch
	err   error
}

// followLog gives entries until the caller leaves or the program ends.
func (c *call) followLog() error {
	at := c.api.cfg.Ledger.State().End
	from, err := c.position("from")
	if err != nil {
		return err
	}
	if from == nil {
		from = &at
	}
	if err := c.within(*from); err != nil {
		return err
	}
	veil, err := c.veil()
	if err != nil {
		return err
	}
	if !c.api.streams.TryAcquire(1) {
		return errors.WithHint(errors.Wrap(domain.ErrBusy, "room for another follower"), "At most 64 follow the log at once; read it in pages instead.")
	}
	defer c.api.streams.Release(1)
	ctx, stop := context.WithCancel(c.ctx())
	steps := make(chan read)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	reading.Go(func() {
		defer close(steps)
		for batch, err := range c.api.cfg.Log.Read(ctx, *from) {
			select {
			case steps <- read{batch, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	c.w.Header().Set(wire.HeaderPosition, at.String())
	out := c.lines()
	defer out.end()
	return out.follow(ctx, steps, *from, veil)
}

// follow writes what comes, and a heartbeat where nothing does.
func (l lines) follow(ctx context.Context, steps <-chan read, at domain.Position, veil *Veil) error {
	cfg := l.call.api.cfg
	beat := time.NewTicker(cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case step, more := <-steps:
			switch {
			case !more:
				return nil
			case step.err != nil:
				return l.problem(errors.Wrap(step.err, "follow the log"))
			}
			if err := l.entries(step.batch, veil, everything); err != nil {
				return err
			}
			at = step.batch.End()
		case <-beat.C:
			if err := l.value(wire.Heard{End: uint64(max(at, cfg.Ledger.State().End))}); err != nil {
				return err
			}
		case <-cfg.Done:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}
