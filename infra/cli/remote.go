package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/cockroachdb/errors"
	"github.com/schollz/progressbar/v3"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// remote is a running ledger behind its HTTP API.
type remote struct {
	base string
	http *http.Client
	as   http.Header // who asks, and why
	at   string      // as of when; empty for now
	on   string      // on which date; empty for none
	// pinned is the end of the ledger that the first answer on a date rested on, for those that follow.
	pinned *string
	bar    func(what string, total int64, more ...progressbar.Option) *progress
}

const (
	apiPath = "/api/v1"
	// maxAnswer bounds an answer that is read whole, and maxLine one line of a streamed answer.
	maxAnswer = 64 << 20
	maxLine   = 1 << 20
)

// call sends a request and reads the answer into a struct. A nil body sends none; []byte goes as it is, anything else as JSON.
func (r remote) call(ctx context.Context, method, path, contentType string, body, into any) error {
	res, err := r.patient(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return r.broken(err)
	}
	if into == nil {
		return nil
	}
	if raw, ok := into.(*json.RawMessage); ok {
		*raw = answer
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return &failure{errInternal, "The answer of " + r.base + " is not what a ledger says.", "Check that --server names a Daybook ledger of this version.", nil}
	}
	return nil
}

// lines sends a request and hands on each line of the answer until the function says false.
func (r remote) lines(ctx context.Context, method, path string, each func(line []byte) (bool, error)) error {
	return r.linesOf(ctx, method, path, nil, each)
}

// linesOf is lines for a request with a body, as call takes it.
func (r remote) linesOf(ctx context.Context, method, path string, body any, each func(line []byte) (bool, error)) error {
	res, err := r.send(ctx, method, path, "", body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	scanner := bufio.NewScanner(res.Body)
	scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	for scanner.Scan() {
		if len(scanner.Bytes()) == 0 {
			continue
		}
		if more, err := each(scanner.Bytes()); err != nil || !more {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return r.broken(err)
	}
	return nil
}

func (r remote) send(ctx context.Context, method, path, contentType string, body any) (*http.Response, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, errors.Wrap(err, "write the request")
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+apiPath+path, content)
	if err != nil {
		return nil, usage("The address of the ledger makes no sense.", "Write --server as http://127.0.0.1:8430.")
	}
	if contentType == "" {
		contentType = wire.ContentJSON
	}
	if content != nil {
		req.Header.Set("Content-Type", contentType)
	}
	for name, values := range r.as {
		req.Header[name] = values
	}
	res, err := r.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &failure{domain.ErrUnavailable, "No ledger answers at " + r.base + ".",
			"Start one with daybook serve, or name another with --server or DAYBOOK_SERVER.", nil}
	}
	if res.StatusCode < http.StatusMultipleChoices {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, r.problem(res)
}

// problem reads a refusal; what is no RFC 9457 problem was not said by a ledger.
func (r remote) problem(res *http.Response) error {
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxLine))
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	var p wire.Problem
	if err == nil && media == wire.ContentProblem && json.Unmarshal(answer, &p) == nil && p.Code != "" {
		return &refusal{refused(p), p, res.Header.Get(wire.HeaderBuilding)}
	}
	kind := errInternal
	if res.StatusCode == http.StatusNotFound {
		kind = domain.ErrNotFound
	}
	if res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout {
		kind = domain.ErrUnavailable
	}
	return &failure{kind, "What answers at " + r.base + " says " + res.Status + ".", "Check that --server names a Daybook ledger of this version.", nil}
}

func (r remote) broken(error) error {
	return &failure{domain.ErrUnavailable, "The connection to " + r.base + " broke before the answer was whole.", "Try again.", nil}
}

// refusal is a failure with the problem it came from, for commands that know more about it than the ledger does.
type refusal struct {
	*failure
	problem wire.Problem
	// building says how far the view is that has to be waited for, empty where there is none.
	building string
}

func (r *refusal) As(target any) bool {
	if f, ok := target.(**failure); ok {
		*f = r.failure
		return true
	}
	return false
}
