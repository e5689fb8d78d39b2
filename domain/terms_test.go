package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

func terms() domain.Terms {
	return domain.Terms{
		Title: "Orders", Purpose: "ServiceProvision", Basis: domain.Contract,
		Operations: []domain.Operation{domain.Store, domain.Use}, Categories: []domain.Category{"pd:Name"},
		Recipients: []domain.RecipientID{"northprint"}, Territory: []domain.Territory{"GB", domain.EEA},
		Retention: []domain.Retention{{After: domain.WhenOrderClosed, Keep: domain.Period{Years: 7}}},
	}
}

func warrant() domain.Warrant {
	return domain.Warrant{By: "anna", On: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), How: domain.BySigned, Reference: "DPA 2026/01"}
}

func TestAnInstructionSaysWhatArticle28Asks(t *testing.T) {
	many := func(n int) []domain.Operation { return make([]domain.Operation, n) }
	for _, row := range []struct {
		rule   string
		change func(*domain.Terms)
		regime domain.Regime
		valid  bool
	}{
		{"whole terms are taken", func(*domain.Terms) {}, domain.EU, true},
		{"a title is needed", func(c *domain.Terms) { c.Title = "" }, domain.EU, false},
		{"a title names no person's address", func(c *domain.Terms) { c.Title = "for ada@example.org" }, domain.EU, false},
		{"Art. 5(1)(b): a purpose is needed", func(c *domain.Terms) { c.Purpose = "" }, domain.EU, false},
		{"a purpose is one term", func(c *domain.Terms) { c.Purpose = "to sell" }, domain.EU, false},
		{"a purpose of 64 bytes is taken", func(c *domain.Terms) { c.Purpose = strings.Repeat("P", 64) }, domain.EU, true},
		{"a purpose of 65 bytes is not", func(c *domain.Terms) { c.Purpose = strings.Repeat("P", 65) }, domain.EU, false},
		{"Art. 6(1): a basis is needed", func(c *domain.Terms) { c.Basis = "" }, domain.EU, false},
		{"Art. 28(3): operations are listed", func(c *domain.Terms) { c.Operations = nil }, domain.EU, false},
		{"64 operations are taken", func(c *domain.Terms) { c.Operations = many(64) }, domain.EU, true},
		{"65 operations are not", func(c *domain.Terms) { c.Operations = many(65) }, domain.EU, false},
		{"Art. 28(3): categories are listed", func(c *domain.Terms) { c.Categories = nil }, domain.EU, false},
		{"65 categories are not", func(c *domain.Terms) { c.Categories = make([]domain.Category, 65) }, domain.EU, false},
		{"Art. 28(3)(a): a territory is named", func(c *domain.Terms) { c.Territory = nil }, domain.EU, false},
		{"65 countries are not", func(c *domain.Terms) { c.Territory = make([]domain.Territory, 65) }, domain.EU, false},
		{"recipients may be none", func(c *domain.Terms) { c.Recipients = nil }, domain.EU, true},
		{"65 recipients are too many", func(c *domain.Terms) { c.Recipients = make([]domain.RecipientID, 65) }, domain.EU, false},
		{"65 retention rules are too many", func(c *domain.Terms) { c.Retention = make([]domain.Retention, 65) }, domain.EU, false},
		{"a retention rule names categories of the instruction", func(c *domain.Terms) { c.Retention[0].Categories = []domain.Category{"pd:Name"} }, domain.EU, true},
		{"and no others", func(c *domain.Terms) { c.Retention[0].Categories = []domain.Category{"pd:Age"} }, domain.EU, false},
		{"a retention rule runs from a date", func(c *domain.Terms) { c.Retention[0] = domain.Retention{After: domain.WhenDate, On: warrant().On} }, domain.EU, true},
		{"which it names", func(c *domain.Terms) { c.Retention[0] = domain.Retention{After: domain.WhenDate} }, domain.EU, false},
		{"and no other rule has one", func(c *domain.Terms) { c.Retention[0].On = warrant().On }, domain.EU, false},
		{"Art. 6(1)(ea) is not in the EU", func(c *domain.Terms) { c.Basis, c.Interest = "A6-1-ea", "Safeguarding" }, domain.EU, false},
		{"Art. 6(1)(ea) is in the UK, its condition named", func(c *domain.Terms) { c.Basis, c.Interest = "A6-1-ea", "Safeguarding" }, domain.UK, true},
		{"Art. 6(1)(ea) needs its condition", func(c *domain.Terms) { c.Basis = "A6-1-ea" }, domain.UK, false},
		{"an interest is a line of text", func(c *domain.Terms) { c.Interest = "a\nb" }, domain.UK, false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			c := terms()
			row.change(&c)
			err := c.Valid(row.regime)
			if row.valid && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !row.valid && (!errors.Is(err, domain.ErrInvalid) || errors.FlattenHints(err) == "") {
				t.Errorf("answered with %v, want it invalid with a hint", err)
			}
		})
	}
}

func TestTermsAreEqualListForList(t *testing.T) {
	if !terms().Equal(terms()) {
		t.Error("terms differ from themselves")
	}
	none, empty := terms(), terms()
	none.Recipients, empty.Recipients = nil, []domain.RecipientID{}
	if !none.Equal(empty) {
		t.Error("no recipients and an empty list differ")
	}
	for member, change := range map[string]func(*domain.Terms){
		"title": func(c *domain.Terms) { c.Title = "x" }, "purpose": func(c *domain.Terms) { c.Purpose = "X" },
		"basis": func(c *domain.Terms) { c.Basis = domain.Consent }, "interest": func(c *domain.Terms) { c.Interest = "x" },
		"condition":  func(c *domain.Terms) { c.Condition = "A9-2-a" },
		"operations": func(c *domain.Terms) { c.Operations = []domain.Operation{domain.Use, domain.Store} },
		"categories": func(c *domain.Terms) { c.Categories = nil }, "recipients": func(c *domain.Terms) { c.Recipients = nil },
		"territory": func(c *domain.Terms) { c.Territory = c.Territory[:1] }, "retention": func(c *domain.Terms) { c.Retention = nil },
	} {
		other := terms()
		change(&other)
		if terms().Equal(other) || other.Equal(terms()) {
			t.Errorf("another %s goes unseen", member)
		}
	}
}

func TestTermsPermitAndReachWhatTheyList(t *testing.T) {
	c := terms()
	for op, want := range map[domain.Operation]bool{domain.Store: true, domain.Consult: true, domain.Erase: false, domain.Collect: false} {
		if c.Permits(op) != want {
			t.Errorf("permits %s is %v", op, !want)
		}
	}
	for l, want := range map[domain.Location]bool{"GB": true, "NO": true, "US": false, "CH": false} {
		if c.Reaches(l) != want {
			t.Errorf("reaches %s is %v", l, !want)
		}
	}
}

func TestAWarrantDocumentsTheInstruction(t *testing.T) {
	for _, row := range []struct {
		rule   string
		change func(*domain.Warrant)
		valid  bool
	}{
		{"a whole warrant is taken", func(*domain.Warrant) {}, true},
		{"a reference may be missing", func(w *domain.Warrant) { w.Reference = "" }, true},
		{"Art. 28(3)(a): somebody gave it", func(w *domain.Warrant) { w.By = "" }, false},
		{"who gave it is named by id, not by address", func(w *domain.Warrant) { w.By = "anna@example.org" }, false},
		{"Art. 28(3)(a): it was given on a day", func(w *domain.Warrant) { w.On = time.Time{} }, false},
		{"Art. 28(3)(a): it was given in a manner", func(w *domain.Warrant) { w.How = "" }, false},
		{"the manner is one of four", func(w *domain.Warrant) { w.How = "by pigeon" }, false},
		{"a contract is a manner", func(w *domain.Warrant) { w.How = domain.ByContract }, true},
		{"an e-mail is a manner", func(w *domain.Warrant) { w.How = domain.ByEmail }, true},
		{"a portal is a manner", func(w *domain.Warrant) { w.How = domain.ByPortal }, true},
		{"a reference is a line of text", func(w *domain.Warrant) { w.Reference = "a\nb" }, false},
	} {
		w := warrant()
		row.change(&w)
		if err := w.Valid(); row.valid && err != nil || !row.valid && !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: answered with %v", row.rule, err)
		}
		if row.rule != "a whole warrant is taken" && w.Equal(warrant()) {
			t.Errorf("%s: the change goes unseen", row.rule)
		}
	}
	elsewhere := warrant()
	elsewhere.On = elsewhere.On.In(time.FixedZone("", 3600))
	if !warrant().Equal(elsewhere) {
		t.Error("one moment in two zones makes two warrants")
	}
}
