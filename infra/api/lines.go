package api

import (
	"encoding/json"
	"net/http"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// lines writes JSON values, one a line, each flushed.
type lines struct {
	call    *call
	control *http.ResponseController
}

// lines begins a body of lines.
func (c *call) lines() lines {
	c.w.Header().Set("Content-Type", wire.ContentLines)
	c.w.WriteHeader(http.StatusOK)
	c.began = true
	return lines{c, http.NewResponseController(c.w)}
}

// end takes the deadline away, so that the connection can serve its next request.
func (l lines) end() { _ = l.control.SetWriteDeadline(noDeadline) }

// raw writes one line without flushing it. Whoever takes longer than Stall to take it is let go.
func (l lines) raw(line []byte) error {
	_ = l.control.SetWriteDeadline(l.call.api.cfg.clock().Add(l.call.api.cfg.Stall))
	_, err := l.call.w.Write(append(line, '\n'))
	return gone(err)
}

func (l lines) flush() error { return gone(l.control.Flush()) }

// errGone says that whoever asked does not take the answer: they left, or take too long. It is nobody's fault.
var errGone = errors.Wrap(domain.ErrUnavailable, "the caller does not take the answer")

func gone(err error) error {
	if err == nil {
		return nil
	}
	return errors.WithSecondaryError(errGone, err)
}

// value writes and flushes one line.
func (l lines) value(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return errors.Wrap(err, "encode a line")
	}
	if err := l.raw(line); err != nil {
		return err
	}
	return l.flush()
}

// problem ends the lines with a problem, so that a body that was cut off cannot be taken for a whole one.
func (l lines) problem(err error) error {
	return l.value(struct {
		Problem wire.Problem `json:"problem"`
	}{l.call.api.problems.Problem(l.call.ctx(), err)})
}
