package domain_test

import (
	"bytes"
	"encoding/gob"
	stdjson "encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"

	"github.com/jigowatt/daybook/domain"
)

const canary = "canary-7f3@example.org"

// holders are the ways in which a personal value lies about in a program.
func holders() map[string]any {
	type open struct{ Mail domain.Personal }
	type hidden struct{ mail domain.Personal }
	type deep struct {
		Open   open
		hidden *hidden
		List   []hidden
		Map    map[string]hidden
		Any    any
	}
	p := domain.NewPersonal(canary)
	id := domain.Identifier{Kind: "email", Value: p}
	return map[string]any{
		"itself": p, "behind a pointer": &p, "in a struct": open{p}, "in a struct behind a pointer": &open{p},
		"in an unexported field": hidden{p}, "in an unexported field behind a pointer": &hidden{p},
		"in a slice": []domain.Personal{p}, "in a map": map[string]domain.Personal{"mail": p}, "as a map's key": map[domain.Personal]int{p: 1},
		"in an identifier": id, "in an identifier behind a pointer": &id, "in identifiers": []domain.Identifier{id},
		"deep down": deep{open{p}, &hidden{p}, []hidden{{p}}, map[string]hidden{"mail": {p}}, hidden{p}},
	}
}

func TestPersonalValuesNeverPrint(t *testing.T) {
	for where, v := range holders() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s", "%T"} {
			keeps(t, where+" by "+verb, fmt.Sprintf(verb, v))
		}
		keeps(t, where+" by Sprint", fmt.Sprint(v))
		keeps(t, where+" in an error", fmt.Sprintf("%v %+v", errors.Newf("person %v", v), errors.Newf("person %+v", v)))
		var b bytes.Buffer
		if err := template.Must(template.New("").Parse("{{.}}")).Execute(&b, v); err == nil {
			keeps(t, where+" by a template", b.String())
		}
	}
}

func TestPersonalValuesAreNeverLogged(t *testing.T) {
	var text, js bytes.Buffer
	for where, v := range holders() {
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&js, nil)} {
			slog.New(h).With(slog.Any("with", v)).InfoContext(t.Context(), "seen", slog.Any("value", v), slog.Group("group", slog.Any("value", v)))
		}
		keeps(t, where+" in text", text.String())
		keeps(t, where+" in JSON", js.String())
	}
	if !strings.Contains(text.String(), "personal") || !strings.Contains(js.String(), "personal") {
		t.Error("the logs say nowhere that something personal was left out")
	}
}

func TestPersonalValuesAreNeverMarshalled(t *testing.T) {
	type wire struct {
		Mail domain.Personal `json:"mail"`
	}
	for where, v := range map[string]any{
		"itself": domain.NewPersonal(canary), "in a struct": wire{domain.NewPersonal(canary)}, "behind a pointer": &wire{domain.NewPersonal(canary)},
		"in a list": []wire{{domain.NewPersonal(canary)}}, "as a map's key": map[domain.Personal]int{domain.NewPersonal(canary): 1},
		"empty": wire{},
	} {
		for by, marshal := range map[string]func() ([]byte, error){
			"encoding/json": func() ([]byte, error) { return stdjson.Marshal(v) },
			"json v2":       func() ([]byte, error) { return json.Marshal(v) },
			"encoding/xml":  func() ([]byte, error) { return xml.Marshal(v) },
			"encoding/gob": func() ([]byte, error) {
				var b bytes.Buffer
				err := gob.NewEncoder(&b).Encode(v)
				return b.Bytes(), err
			},
		} {
			b, err := marshal()
			if err == nil {
				t.Errorf("%s by %s: it was marshalled as %q", where, by, b)
			}
			keeps(t, where+" by "+by, string(b)+fmt.Sprint(err))
		}
	}
}

func TestOnlyRevealGivesTheContent(t *testing.T) {
	if got := domain.NewPersonal(canary).Reveal(); got != canary {
		t.Errorf("revealed %q", got)
	}
	if got := (domain.Personal{}).Reveal(); got != "" {
		t.Errorf("nothing reveals %q", got)
	}
	for p, want := range map[domain.Personal]bool{{}: true, domain.NewPersonal(""): true, domain.NewPersonal(" "): false} {
		if p.IsZero() != want {
			t.Errorf("%q: zero is %v", p.Reveal(), !want)
		}
	}
}

func TestASealedValueIsUnpaddedBase64URL(t *testing.T) {
	for _, s := range []domain.Sealed{nil, {0}, {251, 255, 254}, bytes.Repeat([]byte{7}, 100)} {
		text, err := s.MarshalText()
		if err != nil || strings.ContainsAny(string(text), "+/=") {
			t.Fatalf("%v is written %q: %v", []byte(s), text, err)
		}
		var back domain.Sealed
		if err := back.UnmarshalText(text); err != nil || !bytes.Equal(back, s) {
			t.Errorf("%v is read %v: %v", []byte(s), []byte(back), err)
		}
	}
	for _, bad := range []string{"A", "AA==", "+/+/", "ä"} {
		var s domain.Sealed
		if err := s.UnmarshalText([]byte(bad)); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q is answered with %v, want it invalid", bad, err)
		}
	}
}

// keeps checks that a text does not show the canary, in the clear or in hexadecimal.
func keeps(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%d", []byte(canary)[:4])} {
		if strings.Contains(text, strings.Trim(form, "[]")) {
			t.Errorf("%s: the value shows: %s", where, text)
		}
	}
}
