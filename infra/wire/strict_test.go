package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestARegisterIsReadStrictly(t *testing.T) {
	deep := strings.Repeat(`{"details":`, 40) + "1" + strings.Repeat("}", 40)
	table := []struct {
		rule, document string
		code           wire.Code
		pointer, hint  string
	}{
		{"an unknown name is refused with the nearest", `{"controlers":[]}`, wire.UnknownField, "/controlers", "Did you mean controllers?"},
		{"deep inside, too", `{"controllers":[{},{"instructions":[{"bases":"A6-1-a"}]}]}`, wire.UnknownField, "/controllers/1/instructions/0/bases", "basis"},
		{"names are case-sensitive", `{"Processor":{}}`, wire.UnknownField, "/Processor", "processor"},
		{"a name like a value is not repeated", `{"ada@example.org":1}`, wire.UnknownField, "", "processor"},
		{"a name twice is refused", `{"recipients":[],"recipients":[]}`, wire.Malformed, "/recipients", ""},
		{"text where a list belongs", `{"recipients":"x"}`, wire.InvalidField, "/recipients", ""},
		{"a number where text belongs", `{"processor":{"name":1}}`, wire.InvalidField, "/processor/name", ""},
		{"a list where an object belongs", `{"processor":[]}`, wire.InvalidField, "/processor", ""},
		{"two documents are refused", `{} {}`, wire.Malformed, "", ""},
		{"half a document is refused", `{"processor":{"name":`, wire.Malformed, "/processor/name", ""},
		{"an unclosed list is refused", `{"recipients":[{}`, wire.Malformed, "", ""},
		{"not UTF-8", "{\"processor\":{\"name\":\"\xff\"}}", wire.Malformed, "", ""},
		{"nothing at all", ``, wire.Malformed, "", ""},
		{"a comma too many", `{"recipients":[],}`, wire.Malformed, "", ""},
	}
	for _, row := range table {
		_, err := wire.ParseRegisterJSON([]byte(row.document))
		var f *wire.Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", row.rule, err)
			continue
		}
		if f.Code != row.code || row.pointer != "" && f.Pointer != row.pointer || !strings.Contains(f.Hint, row.hint) {
			t.Errorf("%s: %+v", row.rule, f)
		}
		if strings.Contains(fmt.Sprint(f.Problem()), "ada@") {
			t.Errorf("%s: the problem repeats a value", row.rule)
		}
	}
	if _, err := wire.ParseRegisterJSON([]byte(deep)); err == nil {
		t.Error("deep nesting is taken")
	}
}

func TestNullIsAsGoodAsAbsent(t *testing.T) {
	r, err := wire.ParseRegisterJSON([]byte(`{"processor":null,"recipients":null,"controllers":[{"id":"a","contacts":null,"instructions":[{"withdrawn":null}]}]}`))
	if err != nil || r.Processor != nil || len(r.Controllers) != 1 || r.Controllers[0].Instructions[0].Withdrawn != nil {
		t.Fatalf("%+v %v", r, err)
	}
	var q wire.TrailQuery
	if err := wire.Decode([]byte(`{"person":"email:a@example.org","after":null,"at":0,"limit":5}`), &q); err != nil || q.After != nil || q.At == nil || *q.At != 0 || q.Limit != 5 {
		t.Fatalf("%+v %v", q, err)
	}
}

func TestPersonalTextIsNotPrinted(t *testing.T) {
	c := wire.Contact{ID: "anna", Role: "Director", Name: "Canary", Email: "canary@example.org", Phone: "1"}
	d := wire.TrailEntry{Details: wire.Details(`{"note":"Canary"}`)}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(format, c) + fmt.Sprintf(format, d); strings.Contains(strings.ToLower(s), "canary") {
			t.Errorf("%s prints %s", format, s)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"controllers":[{"id":"a"}]}`, `{"processor":{"name":"x","territory":["GB"]}}`, `[`, `{"a":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r wire.Register
		err := wire.Decode(b, &r)
		var fault *wire.Fault
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("another kind of error: %v", err)
		}
	})
}
