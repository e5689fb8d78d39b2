package bundle_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bundle"
)

var golden = flag.Bool("golden", false, "write the bundle of a version that has none yet")

var ofAda = bundle.Scope{Kind: bundle.OfPerson, Controller: "fenland", Subjects: []domain.SubjectKey{ada, adaToo}}

// ids gives the ids of the entries in a bundle.
func ids(t *testing.T, b []byte) (list []string) {
	t.Helper()
	for line := range strings.Lines(string(unpacked(t, b)[0].content)) {
		_, rest, _ := strings.Cut(line, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		list = append(list, id)
	}
	return list
}

func TestABundleHoldsWhatIsOfItsScope(t *testing.T) {
	l := newLedger(t)
	register := "p-0 fenland-0 fenland-1 fenland-2 p-1 r-northprint r-hmrc fenland-orders1 fenland-orders2"
	secret := "s-order s-action s-hold s-released s-settled s-looked"
	since, before := began.Add(20*time.Minute), began.Add(22*time.Minute)
	from, to := domain.Position(20), domain.Position(22)
	for rule, row := range map[string]struct {
		scope bundle.Scope
		want  string
	}{
		"a controller": {bundle.Scope{Kind: bundle.OfController, Controller: "fenland"}, register + " fenland-mailing1 f-withdrawn a-1 b-1 a-linked a-2 " +
			"a-case b-case a-found a-looked b-looked a-routine o-order b-open a-last"},
		"a controller, for the regulator": {bundle.Scope{Kind: bundle.OfController, Controller: "fenland", Regulator: true}, register +
			" fenland-mailing1 f-withdrawn a-1 b-1 a-linked a-2 a-case b-case a-found a-looked b-looked a-routine o-order b-open a-last " + secret},
		"a person":                    {ofAda, register + " a-1 a-linked a-2 a-case a-found a-looked a-routine a-last"},
		"a person, for the regulator": {func() bundle.Scope { s := ofAda; s.Regulator = true; return s }(), register + " a-1 a-linked a-2 a-case a-found a-looked a-routine a-last " + secret},
		"a case": {bundle.Scope{Kind: bundle.OfCase, Controller: "fenland", Case: "case-1", Cases: []string{"case-1"}, Subjects: []domain.SubjectKey{ada}},
			register + " a-1 a-linked a-case a-found a-looked a-routine a-last"},
		"somebody under an order that may be told of": {bundle.Scope{Kind: bundle.OfPerson, Controller: "fenland", Subjects: []domain.SubjectKey{ben}},
			register + " b-1 b-case b-looked o-order b-open"},
		"positions": {bundle.Scope{Kind: bundle.OfController, Controller: "fenland", From: &from, To: &to}, register + " fenland-mailing1 f-withdrawn a-linked a-2"},
		"times":     {bundle.Scope{Kind: bundle.OfController, Controller: "fenland", Since: &since, Before: &before}, register + " fenland-mailing1 f-withdrawn a-linked a-2"},
	} {
		b := l.bundled(t, row.scope)
		got, want := ids(t, b), strings.Fields(row.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", rule, got, want)
		}
		v, err := verify(b, l.from.Key)
		if err != nil || !v.Page || v.Manifest.Entries != len(want) || (v.Manifest.Secret != nil) != row.scope.Regulator {
			t.Errorf("%s: %v, %+v", rule, err, v)
		}
		if s := v.Manifest.Secret; s != nil && *s != len(strings.Fields(secret)) {
			t.Errorf("%s: %d are secret", rule, *s)
		}
		sweep(t, rule, b, row.scope.Regulator)
	}
}

// sweep finds what is another controller's in any file of a bundle, or secret.
func sweep(t *testing.T, rule string, b []byte, regulator bool) {
	t.Helper()
	foreign := []string{"wharf", "w-printer", "w-more", "w-1", "w-case", carl.String()}
	if !regulator {
		foreign = append(foreign, "co-secret", "HMRC 7", "h-1", `"s-`)
	}
	for _, f := range unpacked(t, b) {
		for _, text := range foreign {
			if f.name != "FORMAT.txt" && bytes.Contains(f.content, []byte(text)) {
				t.Errorf("%s: %s is in %s", rule, text, f.name)
			}
		}
	}
}

func TestTheSameIsBundledInTheSameBytes(t *testing.T) {
	l := newLedger(t)
	if !bytes.Equal(l.bundled(t, ofAda), l.bundled(t, ofAda)) {
		t.Error("two bundles of the same differ")
	}
}

func TestABundleOfNothingIsNone(t *testing.T) {
	l := newLedger(t)
	to := domain.Position(0)
	_, err := bundle.Create(t.Context(), l.from, bundle.Scope{Kind: bundle.OfController, Controller: "fenland", To: &to}, &bytes.Buffer{})
	if !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(l.from.Dir, "bundle-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// The bundle of a version is frozen: whoever holds one must be able to check it for ever.
func TestBundlesOfEveryVersionHoldForEver(t *testing.T) {
	l, alone := newLedger(t), standAlone(t)
	path := filepath.Join("testdata", "1.zip")
	made := l.bundled(t, bundle.Scope{Kind: bundle.OfController, Controller: "fenland"})
	if _, err := os.Stat(path); *golden && os.IsNotExist(err) {
		must(t, os.WriteFile(path, made, 0o600))
	}
	old, err := os.ReadFile(path)
	must(t, err)
	v, err := verify(old, l.from.Key)
	if code, says := alone(old, l.from.Key); err != nil || !v.Page || code != 0 {
		t.Errorf("%v, %+v, %d %s", err, v, code, says)
	}
	for i, f := range unpacked(t, made) {
		if f.name == "FORMAT.txt" || f.name == "manifest.json" { // which may say it better
			continue
		}
		if was := unpacked(t, old)[i]; was.name != f.name || !bytes.Equal(was.content, f.content) {
			t.Errorf("%s is another than it was in this version: make a new version of the format, of the rules or of the page", f.name)
		}
	}
}

func TestWhatIsSealedStaysSealedAndNobodyIsNamed(t *testing.T) {
	l := newLedger(t)
	files := unpacked(t, l.bundled(t, ofAda))
	if n := bytes.Count(files[2].content, []byte(`"sealed":true`)); n != 1 {
		t.Errorf("%d entries are told to have details", n)
	}
	for _, f := range files[1:] {
		if bytes.Contains(f.content, []byte("AQID-g")) || bytes.Contains(f.content, []byte("fenland-sealed")) {
			t.Errorf("%s repeats what is sealed", f.name)
		}
	}
	if !bytes.Contains(files[7].content, []byte("Encryption &lt;at rest&gt;")) || bytes.Contains(files[7].content, []byte("<script")) {
		t.Error("the page is not what it must be")
	}
}

func TestTheTrailAndTheRecordFollowTheRules(t *testing.T) {
	l := newLedger(t)
	files := unpacked(t, l.bundled(t, ofAda))
	trail, record := string(files[2].content), string(files[3].content)
	at := slices.IndexFunc(l.events, func(e string) bool { return strings.Contains(e, `"id":"a-2"`) })
	when := began.Add(time.Duration(at) * time.Minute).Format(time.RFC3339)
	if want := fmt.Sprintf(`{"position":%d,"id":"a-2","source":"/fenland/crm","type":"daybook.action.recorded.v1","time":"%s","recorded":"%s",`+
		`"subject":"`+adaToo.String()+`","identifier":"email","operation":"Store","instruction":"orders","version":2,"basis":"A6-1-b",`+
		`"categories":["pd:Name","pd:EmailAddress"],"system":"crm","location":"GB","recipient":"northprint","findings":["reported-late"]}`+"\n", at, when, when); !strings.Contains(trail, want) {
		t.Errorf("%s\nis not in\n%s", want, trail)
	}
	for _, want := range []string{
		`{"record":"Article 30(2)","processor":{"name":"Aldgate",`, `"authorisation":null,"services":[{"controller":"fenland","service":"crm",`,
		`"contacts":[{"controller":"fenland","contact":"anna","role":"Owner"},{"controller":"daybook","contact":"petra","role":"Privacy manager"}]`,
		`"instruction":"orders","version":2,"terms":{"title":"orders",`,
		`"observed":[{"instruction":"orders","entries":4,"operations":["Store"],"categories":["pd:EmailAddress","pd:Name"],"recipients":["hmrc","northprint"],"systems":["crm"],"locations":["GB"],`,
	} {
		if !strings.Contains(record, want) {
			t.Errorf("%s\nis not in\n%s", want, record)
		}
	}
	if strings.Contains(record, `"version":1,"terms"`) || strings.Contains(record, "mailing") {
		t.Errorf("what is not in force is in the record: %s", record)
	}
}
