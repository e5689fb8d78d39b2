package domain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
)

// Article 4(2): "collection, recording, organisation, structuring, storage, adaptation or alteration, retrieval, consultation,
// use, disclosure by transmission, dissemination or otherwise making available, alignment or combination, restriction, erasure
// or destruction".
var article4 = []domain.Operation{
	"Collect", "Record", "Organise", "Structure", "Store", "Adapt", "Alter", "Retrieve", "Consult", "Use", "DiscloseByTransmission",
	"Disseminate", "MakeAvailable", "Align", "Combine", "Restrict", "Erase", "Destruct",
}

var beside = []domain.Operation{
	"Copy", "Move", "Transfer", "Disclose", "Export", "Derive", "Anonymise", "Pseudonymise", "Delete",
}

func TestTheOperationsAreTheEighteenOfArticle4AndThoseBeside(t *testing.T) {
	if want := slices.Concat(article4, beside); !slices.Equal(domain.Operations(), want) {
		t.Errorf("the operations are %v,\nwant %v", domain.Operations(), want)
	}
	verbs := map[string]domain.Operation{}
	for _, op := range domain.Operations() {
		if parsed, err := domain.ParseOperation(string(op)); err != nil || parsed != op {
			t.Errorf("%s is read as %q: %v", op, parsed, err)
		}
		if other, twice := verbs[op.Verb()]; op.Verb() == "" || twice {
			t.Errorf("%s and %s share the verb %q", op, other, op.Verb())
		}
		verbs[op.Verb()] = op
	}
}

// DPV 2.3 places these beneath others; whoever permits the outer one permits them, and not the other way round.
func TestPermissionReachesDownAndNotUp(t *testing.T) {
	within := map[domain.Operation]domain.Operation{
		"Structure": "Organise", "Retrieve": "Use", "Consult": "Use", "Move": "Transfer", "Export": "Disclose",
		"DiscloseByTransmission": "Disclose", "Disseminate": "Disclose", "MakeAvailable": "Disclose",
	}
	for _, inner := range domain.Operations() {
		for _, outer := range domain.Operations() {
			if want := inner == outer || within[inner] == outer; inner.Within(outer) != want {
				t.Errorf("%s within %s is %v, want %v", inner, outer, !want, want)
			}
		}
		if inner.Within("") || domain.Operation("").Within(inner) {
			t.Errorf("%s and nothing are within one another", inner)
		}
	}
}

// Art. 4(9), 30(1)(d): whoever discloses names the recipient. Removal is honest: what is deleted can be had back.
func TestWhatAnOperationDoesToTheDataHeld(t *testing.T) {
	effects := map[domain.Operation]domain.Effect{
		"Collect": domain.Brings, "Record": domain.Brings, "Store": domain.Brings, "Copy": domain.Brings, "Move": domain.Brings,
		"Derive": domain.Brings, "Erase": domain.Removes, "Destruct": domain.Removes, "Anonymise": domain.Removes, "Delete": domain.Withdraws,
	}
	for _, op := range domain.Operations() {
		if op.Effect() != effects[op] {
			t.Errorf("the effect of %s is %d, want %d", op, op.Effect(), effects[op])
		}
		want := strings.HasPrefix(string(op), "Disclose") || slices.Contains([]domain.Operation{"Disseminate", "MakeAvailable", "Export"}, op)
		if op.Discloses() != want {
			t.Errorf("%s discloses is %v, want %v", op, !want, want)
		}
	}
}

func TestTheEEAIsTheUnionIcelandLiechtensteinAndNorway(t *testing.T) {
	members := strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK")
	if len(members) != 27+3 {
		t.Fatalf("%d members", len(members))
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			country := string(a) + string(b)
			if want := slices.Contains(members, country); domain.EEA.Holds(domain.Location(country)) != want {
				t.Errorf("the EEA holds %s is %v, want %v", country, !want, want)
			}
		}
	}
	for country, want := range map[domain.Location]bool{"GB": true, "IE": false, "": false} {
		if domain.Territory("GB").Holds(country) != want {
			t.Errorf("GB holds %q is %v", country, !want)
		}
	}
}
