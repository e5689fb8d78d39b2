package export_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/infra/export"
	"github.com/jigowatt/daybook/infra/wire"
)

// record is the record of Article 30(2) of a processor with two controllers, of which one has instructed nothing yet.
func record() wire.Article30 {
	seen := func() wire.Article30Seen {
		at, n := noon, uint64(57)
		return wire.Article30Seen{First: &at, FirstPosition: &n, Last: &at}
	}
	line := func(dimension, value, words string) wire.Article30Line {
		return wire.Article30Line{Dimension: dimension, Value: value, Words: words, Declared: true, Article30Seen: seen()}
	}
	contact := func(id, role string, officer, representative bool) wire.Article30Contact {
		return wire.Article30Contact{ContactView: wire.ContactView{Contact: wire.Contact{ID: id, Role: role}}, Officer: officer, Representative: representative}
	}
	return wire.Article30{
		AsOf: "2026-11-23", Position: 120,
		Processor: &wire.Article30Processor{
			Name: "Aldgate Hosting Ltd", Registration: "ZA000001", Regime: "UK", Territory: []string{"GB"},
			Measures: []string{"Encryption at rest", "=Sign-in"}, Contacts: []wire.Article30Contact{contact("zoe", "Data protection officer", true, false)},
		},
		Recipients: []wire.Recipient{{ID: "northprint", Name: "Northprint Ltd", Kind: "sub-processor", Country: "GB"}, {ID: "ico", Name: "ICO", Kind: "authority", Country: "GB"}},
		Records: []wire.Article30Record{
			{
				Controller: "fenland-cycles", Name: "Fenland Cycles Ltd", Regime: "UK", Country: "GB",
				Contacts: []wire.Article30Contact{contact("anna", "Managing director", false, false), contact("rep", "Representative", false, true)},
				Activities: []wire.Article30Activity{{
					Instruction: "orders", Version: 2, Title: "Orders", Purpose: "FulfilmentOfContractualObligation", Basis: "A6-1-b", Condition: "A9-2-a",
					Retention: []wire.Retention{{After: "order-closed", Keep: "P7Y"}},
					Lines: []wire.Article30Line{
						line("operation", "Store", "Store"), line("category", "pd:Name", "Name"), line("recipient", "northprint", "Northprint Ltd"),
						line("recipient", "ico", "ICO"), line("country", "GB", "United Kingdom"),
					},
				}, {Instruction: "alerts", Version: 1, Title: "Alerts", Basis: "A6-1-ea"}},
				Transfers: []wire.Article30Transfer{{Instruction: "orders", Country: "US", Recipient: "northprint", Safeguard: "A46-2-c"}},
			},
			{Controller: "wharf-physio", Name: "Wharf Physio", Regime: "UK", Country: "GB"},
		},
	}
}

func TestTheRecordIsAWorkbookInTwoManners(t *testing.T) {
	for manner, want := range map[string]struct {
		sheets []string
		head   []string
		row    map[string]string // by the head
	}{
		export.ICO: {
			[]string{"Processor", "Article 30(2) record"},
			[]string{"Categories of processing carried out on behalf of the controller", "Controller's representative (if applicable)"},
			map[string]string{
				"Name of controller": "Fenland Cycles Ltd", "Contact details of controller": "anna, Managing director",
				"Controller's representative (if applicable)":                      "rep, Representative",
				"Categories of processing carried out on behalf of the controller": "Orders", "Retention schedule (if possible)": "for 7 years after the order is closed",
				"Names of third countries or international organisations that personal data are transferred to (if applicable)":           "US",
				"Safeguards for exceptional transfers of personal data to third countries or international organisations (if applicable)": "A46-2-c",
				"General description of technical and organisational security measures (if possible)":                                     "Encryption at rest; =Sign-in",
			},
		},
		export.CNIL: {
			[]string{"Sous-traitant", "Registre art. 30(2)"},
			[]string{"Destinataires internes / Internal recipients", "Transferts hors UE : pays / Third countries"},
			map[string]string{
				"Responsable du traitement / Controller": "Fenland Cycles Ltd", "Sous-traitants / Sub-processors": "Northprint Ltd",
				"Destinataires externes / External recipients": "ICO", "Durée de conservation / Retention": "for 7 years after the order is closed", "Garanties / Safeguards": "A46-2-c",
			},
		},
	} {
		t.Run(manner, func(t *testing.T) {
			var first, second bytes.Buffer
			n, err := export.WriteBook(&first, manner, record())
			if _, again := export.WriteBook(&second, manner, record()); err != nil || again != nil || n != 3 || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Fatalf("%d rows, %v, %v; the same bytes: %t", n, err, again, bytes.Equal(first.Bytes(), second.Bytes()))
			}
			f, err := excelize.OpenReader(&first)
			if err != nil || !slices.Equal(f.GetSheetList(), want.sheets) {
				t.Fatalf("sheets %v: %v", f.GetSheetList(), err)
			}
			rows, err := f.GetRows(want.sheets[1])
			if err != nil || len(rows) != 4 {
				t.Fatalf("%d rows: %v", len(rows), err)
			}
			for _, head := range want.head {
				if !slices.Contains(rows[0], head) {
					t.Errorf("no column %q in %q", head, rows[0])
				}
			}
			for head, text := range want.row {
				i := slices.Index(rows[0], head)
				if i < 0 || i >= len(rows[1]) || rows[1][i] != text {
					t.Errorf("%s: %q; want %q", head, rows[1], text)
				}
			}
			if rows[3][0] != "Wharf Physio" {
				t.Errorf("a controller without instructions has no row: %q", rows)
			}
		})
	}
}

// terms are the terms of DPV 2.3 that the record uses, as its modules list them; operations, purposes, bases, categories and countries come
// from the register, which takes DPV's names only.
var terms = strings.Fields(`ROPA DataProcessor DataController DataSubProcessor Recipient Authority ThirdParty Process StorageDuration
	hasName hasLocation hasDataProcessor hasDataController hasTechnicalOrganisationalMeasure hasProcess hasPurpose hasLegalBasis hasProcessing
	hasPersonalData hasRecipient hasStorageCondition hasDuration Store FulfilmentOfContractualObligation`)

func TestTheRecordInDPVUsesItsTermsAndFetchesNothing(t *testing.T) {
	var b bytes.Buffer
	n, err := export.WriteDPV(&b, record())
	if err != nil || n != 2 {
		t.Fatalf("%d processes: %v", n, err)
	}
	matches(t, "article30.jsonld", b.Bytes())
	var doc map[string]any
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	context, inline := doc["@context"].(map[string]any)
	if !inline {
		t.Fatalf("the context is to be fetched: %v", doc["@context"])
	}
	ids, refs := map[string]bool{}, map[string]bool{}
	var walk func(v any, top bool)
	walk = func(v any, top bool) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one, top)
			}
		case map[string]any:
			for key, one := range v {
				text, _ := one.(string)
				switch {
				case key == "@id" && strings.HasPrefix(text, "#") && top:
					ids[text] = true
				case key == "@id" && strings.HasPrefix(text, "#"):
					refs[text] = true
				case key == "@id" || key == "@type":
					known(t, context, text)
				default:
					known(t, context, key)
				}
				walk(one, false)
			}
		}
	}
	walk(doc["@graph"], true)
	for id := range refs {
		if !ids[id] {
			t.Errorf("%s leads nowhere", id)
		}
	}
}

// known holds a compact IRI against the context and the terms.
func known(t *testing.T, context map[string]any, iri string) {
	t.Helper()
	prefix, term, compact := strings.Cut(iri, ":")
	if _, declared := context[prefix]; !compact || !declared {
		t.Errorf("%s has no prefix of the context", iri)
	}
	if prefix == "dpv" && !slices.Contains(terms, term) {
		t.Errorf("%s is not among the terms of DPV", iri)
	}
}
