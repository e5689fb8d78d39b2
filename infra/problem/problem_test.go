package problem_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

const canary = "canary-7f3@example.org"

func decodeFault(t *testing.T) error {
	t.Helper()
	_, _, err := cloudevents.NewDecoder().DecodeAs(wire.ContentEvent, []byte(`{"specversion":"1.0","idd":"`+canary+`"}`))
	if err == nil {
		t.Fatal("the event should be refused")
	}
	return errors.Wrap(err, "read the event")
}

func TestTheKindOfAnErrorIsTheCodeOfItsProblem(t *testing.T) {
	table := []struct {
		rule   string
		err    error
		code   wire.Code
		status int
		again  bool
	}{
		{"invalid is the sender's to change", errors.Wrap(domain.ErrInvalid, "basis"), wire.InvalidField, 422, false},
		{"what was never recorded is not found", domain.ErrNotFound, wire.NotFound, 404, false},
		{"a destroyed key is not found", domain.ErrForgotten, wire.NotFound, 404, false},
		{"a contradiction is a conflict", domain.ErrConflict, wire.Conflict, 409, false},
		{"the forbidden is forbidden", domain.ErrForbidden, wire.Forbidden, 403, false},
		{"a full queue is busy", errors.Wrap(domain.ErrBusy, "submit"), wire.Busy, 429, true},
		{"an unknown outcome is unavailable", domain.ErrOutcomeUnknown, wire.Unavailable, 503, true},
		{"an answer not awaited is unavailable", errors.Wrap(context.DeadlineExceeded, "await"), wire.Unavailable, 503, true},
		{"a caller that left is unavailable", context.Canceled, wire.Unavailable, 503, true},
		{"an unknown error is ours", io.ErrUnexpectedEOF, wire.Internal, 500, false},
		{"a failed assertion is ours whatever it wraps",
			errors.NewAssertionErrorWithWrappedErrf(domain.ErrInvalid, "impossible"), wire.Internal, 500, false},
		{"a refused event has its own code", decodeFault(t), wire.UnknownField, 422, false},
		{"a refused document has its own code", errors.Wrap(wire.Decode([]byte(`{`), &wire.Register{}), "read"), wire.Malformed, 400, false},
		{"a problem stays what it is", errors.Wrap(problem.New(wire.TooLarge, "too long", "Send less."), "read"), wire.TooLarge, 413, false},
	}
	for _, row := range table {
		p := problem.Of(row.err)
		if p.Code != row.code || p.Status != row.status || p.Title == "" || !strings.HasSuffix(p.Type, string(row.code)) {
			t.Errorf("%s: %+v", row.rule, p)
		}
		if _, again := problem.RetryAfter(p); again != row.again {
			t.Errorf("%s: retry %v", row.rule, again)
		}
	}
}

func TestAProblemShowsHintsAndSafeWordsOnly(t *testing.T) {
	err := errors.WithHint(errors.Wrapf(domain.ErrInvalid, "instruction %s for %s", domain.InstructionID("orders"), canary),
		"Article 6(1): name a basis.")
	p := problem.Of(errors.Wrap(err, "declare"))
	if p.Hint != "Article 6(1): name a basis." {
		t.Errorf("hint %q", p.Hint)
	}
	if !strings.Contains(p.Detail, "instruction orders for") || strings.Contains(p.Detail, "canary") || strings.Contains(p.Detail, "\n") {
		t.Errorf("detail %q", p.Detail)
	}
	if p := problem.Of(errors.Wrapf(domain.ErrUnavailable, "engine %s", errors.Safe("at 10.0.0.1"))); p.Detail != "" || p.Hint == "" {
		t.Errorf("an engine's words are shown: %+v", p)
	}
	if p := problem.Of(errors.Wrap(io.ErrUnexpectedEOF, "read /var/lib/secret")); p.Detail != "internal error" {
		t.Errorf("internal words are shown: %+v", p)
	}
}

func TestFieldsNamesEachPlace(t *testing.T) {
	p := problem.Of(problem.Fields([]wire.FieldError{{Pointer: "/controllers/1/instructions/0/basis", Detail: "not a basis"}}, "Name one."))
	if p.Detail != "controllers[1].instructions[0].basis: not a basis" || len(p.Errors) != 1 || p.Hint != "Name one." || p.Status != 422 {
		t.Errorf("%+v", p)
	}
}

func TestAFaultOfOursIsLoggedUnderTheInstanceThatIsShown(t *testing.T) {
	var log bytes.Buffer
	r := problem.Reporter{Logger: slog.New(slog.NewJSONHandler(&log, nil)), NewID: func() string { return "0000" }}
	p := r.Problem(t.Context(), errors.Wrapf(io.ErrUnexpectedEOF, "person %s", canary))
	if p.Instance != "urn:uuid:0000" || !strings.Contains(log.String(), "urn:uuid:0000") {
		t.Errorf("instance %q, log %s", p.Instance, log.String())
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("personal data in the log: %s", log.String())
	}
	log.Reset()
	if p := r.Problem(t.Context(), domain.ErrNotFound); p.Instance != "" || log.Len() != 0 {
		t.Errorf("a refusal is logged: %s", log.String())
	}
}
