package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/telemetry"
)

func TestNothingPersonalPasses(t *testing.T) {
	const canary = "canary-7f3@example.org"
	type inner struct{ Name string }
	for rule, attr := range map[string]slog.Attr{
		"an error's arguments are not written":      slog.Any("error", errors.Newf("person %s is unknown", canary)),
		"a foreign error is not written":            slog.Any("error", errors.Wrap(foreign(canary), "append")),
		"a struct is not written":                   slog.Any("value", inner{canary}),
		"a pointer is not written":                  slog.Any("value", &inner{canary}),
		"a personal value is not written":           slog.Any("value", domain.NewPersonal(canary)),
		"an error within a group is not written":    slog.Group("group", slog.Any("error", foreign(canary))),
		"bytes are not written":                     slog.Any("value", []byte(canary)),
		"a value behind a LogValuer is not written": slog.Any("value", valuer{inner{canary}}),
	} {
		for _, json := range []bool{true, false} {
			var out bytes.Buffer
			log := telemetry.NewLogger(&out, json, slog.LevelDebug)
			log.With(attr).WithGroup("g").LogAttrs(context.Background(), slog.LevelError, "message", attr)
			if strings.Contains(out.String(), canary) {
				t.Errorf("%s: %s", rule, out.String())
			}
			if !strings.Contains(out.String(), "message") {
				t.Errorf("%s: the message itself is missing", rule)
			}
		}
	}
}

func TestWhatIsSafeIsWritten(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, true, slog.LevelDebug)
	log.LogAttrs(context.Background(), slog.LevelError, "append failed", slog.Any("error", errors.Wrapf(domain.ErrFenced, "position %d", domain.Position(7))))
	if got := out.String(); !strings.Contains(got, "position 7") || !strings.Contains(got, "the log ends elsewhere") {
		t.Error(got)
	}
}

type foreign string

func (f foreign) Error() string { return string(f) }

type valuer struct{ v any }

func (v valuer) LogValue() slog.Value { return slog.AnyValue(v.v) }
