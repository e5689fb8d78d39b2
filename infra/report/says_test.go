package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// read gives the event of a type with data, as it comes from a service.
func read(t *testing.T, typ, data string) cloudevents.Incoming {
	t.Helper()
	body := `{"specversion":"1.0","id":"m-1","source":"/acme/crm","type":"` + typ + `","time":"2026-11-23T10:00:00Z","sequence":"7","data":` + data + `}`
	results, _, err := cloudevents.NewDecoder().DecodeAs(wire.ContentEvent, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return results[0].Event
}

func TestWhatAServiceSaysBecomesItsFact(t *testing.T) {
	of := dossier.Of{Controller: "acme", Subject: 7}
	for _, tt := range []struct {
		rule, typ, data string
		want            domain.Fact
	}{
		{"a consent", wire.TypeConsent, `{"consent":"given","subjects":["a:b"],"instruction":"i","how":"paper-form","explicit":true}`,
			dossier.ConsentGiven{Of: of, Instruction: "i", How: "paper-form", Explicit: true}},
		{"its withdrawal", wire.TypeConsent, `{"consent":"withdrawn","subjects":["a:b"],"instruction":"i","how":"link"}`,
			dossier.ConsentWithdrawn{Of: of, Instruction: "i", How: "link"}},
		{"an objection goes by the message's id", wire.TypeObjection, `{"subjects":["a:b"],"instruction":"i"}`,
			dossier.ObjectionRaised{Of: of, Objection: "m-1", Instruction: "i"}},
		{"an objection to marketing", wire.TypeObjection, `{"subjects":["a:b"],"marketing":true}`,
			dossier.ObjectionRaised{Of: of, Objection: "m-1", Marketing: true}},
		{"an occasion", wire.TypeOccasion, `{"occasion":"order-closed","subjects":["a:b"],"instruction":"i"}`,
			dossier.OccasionRecorded{Of: of, Instruction: "i", Occasion: domain.WhenOrderClosed}},
	} {
		a, err := report.Action(read(t, tt.typ, tt.data), "acme", "crm")
		if err != nil || a.Says == nil {
			t.Errorf("%s: %+v, %v", tt.rule, a, err)
			continue
		}
		if got := a.Says.About(of, a.Action, a.ID); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.rule, got, tt.want)
		}
		if a.ID != "m-1" || a.Sequence != 7 || len(a.Subjects) != 1 || !a.Time.Equal(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %+v", tt.rule, a)
		}
	}
}

func TestAnAnnouncementSaysWhatTheActionWillBe(t *testing.T) {
	a, err := report.Action(read(t, wire.TypeAnnouncement,
		`{"operation":"Disclose","subjects":["a:b"],"instruction":"i","categories":["pd:Name"],"system":"crm","recipient":"r"}`), "acme", "crm")
	if err != nil || a.Says != (commands.Announcement{}) {
		t.Fatalf("%+v, %v", a, err)
	}
	got, is := a.Says.About(dossier.Of{}, a.Action, a.ID).(dossier.ActionAnnounced)
	if !is || got.Operation != domain.Disclose || got.Instruction != "i" || len(got.Categories) != 1 || got.System != "crm" || got.Recipient != "r" {
		t.Errorf("%+v", got)
	}
}

func TestAnActionNamesWhereFromAndWhatItConfirms(t *testing.T) {
	a, err := report.Action(read(t, wire.TypeAction, `{"operation":"Move","subjects":["a:b"],"system":"crm","from":"erp","announced":"m-0"}`), "acme", "crm")
	if err != nil || a.Says != nil || a.From != "erp" || a.Announced != "m-0" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestACountIsNoAction(t *testing.T) {
	in := read(t, wire.TypeCount, `{"system":"crm","category":"pd:Name","people":4711}`)
	want := source.CountReported{Controller: "acme", Service: "crm", System: "crm", Category: "pd:Name", People: 4711}
	a, err := report.Action(in, "acme", "crm")
	if err != nil || a.Operation != "" || a.Says.About(dossier.Of{Controller: "acme"}, a.Action, a.ID) != domain.Fact(want) {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := report.Action(in, "acme", "other"); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("taken from another service: %v", err)
	}
	if _, err := report.Action(read(t, wire.TypeCount, `{"system":"crm","category":"Name","people":1}`), "acme", "crm"); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("taken with a category that is none: %v", err)
	}
}

func TestWhatIsWrongWithAStatementIsSaidWithItsPlace(t *testing.T) {
	for _, tt := range []struct{ rule, typ, data, place string }{
		{"an occasion that is none", wire.TypeOccasion, `{"occasion":"moon-full","subjects":["a:b"],"instruction":"i"}`, "data.occasion"},
		{"the ledger sees by itself what was recorded", wire.TypeOccasion, `{"occasion":"recorded","subjects":["a:b"],"instruction":"i"}`, "data.occasion"},
		{"a withdrawn consent is reported as one", wire.TypeOccasion, `{"occasion":"consent-withdrawn","subjects":["a:b"],"instruction":"i"}`, "data.occasion"},
		{"a person of no kind", wire.TypeConsent, `{"consent":"given","subjects":["a:b","b"],"instruction":"i","how":"h"}`, "data.subjects[1]"},
		{"an announcement of what is no operation", wire.TypeAnnouncement, `{"operation":"Mislay","subjects":["a:b"]}`, "data.operation"},
	} {
		_, err := report.Action(read(t, tt.typ, tt.data), "acme", "crm")
		if !errors.Is(err, domain.ErrInvalid) || !strings.Contains(err.Error(), tt.place) || errors.FlattenHints(err) == "" {
			t.Errorf("%s: %v", tt.rule, err)
		}
	}
}
