package api

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
)

// pathNames gives the names in braces of a path.
func pathNames(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(inner, "}"), "..."))
		}
	}
	return names
}

// body reads the whole body within the contract's limit. A compressed body is refused: a small one could open up to anything.
func (c *call) body() ([]byte, error) {
	if encoding := c.r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, problem.New(wire.UnsupportedMediaType, "the body is compressed", "Send the body without Content-Encoding.")
	}
	if c.r.ContentLength > wire.MaxBodyBytes {
		return nil, tooLarge()
	}
	if err := c.reserve(); err != nil {
		return nil, err
	}
	control := http.NewResponseController(c.w)
	// A body that trickles in holds a connection only so long. Recorders in tests know no deadlines.
	_ = control.SetReadDeadline(c.api.cfg.clock().Add(c.api.cfg.Stall))
	var b bytes.Buffer
	if c.r.ContentLength > 0 {
		b.Grow(int(c.r.ContentLength) + bytes.MinRead)
	}
	_, err := b.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, wire.MaxBodyBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge()
	case err != nil:
		return nil, problem.New(wire.Malformed, "the body did not arrive whole", "Send it again; bodies have 30 seconds to arrive.")
	}
	_ = control.SetReadDeadline(noDeadline)
	return b.Bytes(), nil
}

// reserve takes room for the body, to be given back when the call ends. A body of unknown length may be of any.
func (c *call) reserve() error {
	n := c.r.ContentLength
	if n < 0 {
		n = wire.MaxBodyBytes
	}
	if !c.api.bodies.TryAcquire(n) {
		return errors.WithHint(errors.Wrap(domain.ErrBusy, "room for bodies"), "Nothing was taken on. Try again after a pause, under the same id.")
	}
	c.room = n
	return nil
}

func tooLarge() error {
	return problem.New(wire.TooLarge, "the body is longer than the ledger takes", "Send less at once: a body has at most 8 MiB less 16 KiB.")
}

// read reads a JSON body into a message of the contract.
func (c *call) read(into any) error {
	_, err := c.readRaw(into)
	return err
}

// readRaw is read for one who needs the body as it came, too.
func (c *call) readRaw(into any) ([]byte, error) {
	base, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err != nil || base != wire.ContentJSON || charset != "" && charset != "utf-8" {
		return nil, problem.New(wire.UnsupportedMediaType, "the body is not announced as JSON", "Send Content-Type: application/json, in UTF-8.")
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return body, wire.Decode(body, into)
}

// bodiless makes sure that the request has no body.
func (c *call) bodiless() error {
	if n, _ := io.CopyN(io.Discard, c.r.Body, 1); n > 0 {
		return problem.New(wire.InvalidField, "a body came where none is taken", "Send the request without a body.")
	}
	return nil
}

// name reads a name of the register from the path.
func name[T ~string](c *call, in string) (T, error) {
	n, err := domain.ParseName[T](c.r.PathValue(in))
	return n, errors.Wrapf(err, "%s in the address", errors.Safe(in))
}

// position reads a position from the query string, nil where it is not there.
func (c *call) position(parameter string) (*domain.Position, error) {
	text := c.query(parameter)
	if text == "" {
		return nil, nil
	}
	at, err := domain.ParsePosition(text)
	if err != nil {
		return nil, errors.Wrapf(err, "parameter %s", errors.Safe(parameter))
	}
	return &at, nil
}

// limit reads how many things to give at most.
func (c *call) limit(initial, most int) (int, error) {
	text := c.query("limit")
	if text == "" {
		return initial, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, problem.New(wire.InvalidField, "the limit is not a number that can be", "Give a limit from 1 to "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// await waits for each view to answer with what the caller says it has seen, in Daybook-Min-Position. It returns
// domain.ErrUnavailable when that takes too long.
func (c *call) await(views ...*projections.View) error {
	least, err := c.least()
	if err != nil || least == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	for _, view := range views {
		if err := view.Await(ctx, least-1); err != nil {
			return err
		}
	}
	return nil
}

// least gives the end of the ledger that the answer is to rest on at least, 0 for any.
func (c *call) least() (domain.Position, error) {
	text := c.r.Header.Get(wire.HeaderMinPosition)
	if text == "" {
		return 0, nil
	}
	least, err := domain.ParsePosition(text)
	if err != nil {
		return 0, errors.Wrapf(err, "header %s", errors.Safe(wire.HeaderMinPosition))
	}
	if end := c.api.cfg.Ledger.State().End; least > end {
		return 0, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "position %s beyond the end %s", least, end),
			"Send a receipt's position and events added, from this ledger.")
	}
	return least, nil
}
