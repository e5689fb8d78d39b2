package export

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
)

// The manners in which the record of Article 30(2) is written as a workbook: ICO after what the UK's authority asks of a processor, and
// CNIL after the registers of the French and Belgian authorities.
const (
	ICO  = "ico"
	CNIL = "cnil"
)

// WriteBook writes the record of Article 30(2) as a workbook in a manner, and gives how many rows stand in its tables.
func WriteBook(w io.Writer, manner string, a wire.Article30) (rows int, err error) {
	b := &book{file: excelize.NewFile()}
	if b.looks, b.err = newLooks(b.file); b.err != nil {
		return 0, b.err
	}
	if manner == CNIL {
		rows = b.cnil(a)
	} else {
		rows = b.ico(a)
	}
	if b.err == nil {
		b.err = b.file.DeleteSheet("Sheet1")
	}
	if b.err == nil {
		b.err = b.file.Write(w)
	}
	return rows, errors.Wrap(errors.CombineErrors(b.err, b.file.Close()), "write the record of Article 30 as a workbook")
}

// ico writes what the ICO asks of a processor's documentation: the processor, and a row for each controller and category of processing.
func (b *book) ico(a wire.Article30) int {
	b.form("Processor", processorRows(a, "Name and contact details of the processor", [...]string{
		"Registration", "Data protection officer", "Representative", "Contacts", "General description of technical and organisational security measures",
		"Record as of", "Entry of the ledger that it rests on",
	}))
	rows := [][]string{{
		"Name of controller", "Contact details of controller", "Controller's representative (if applicable)", "Controller's data protection officer",
		"Categories of processing carried out on behalf of the controller", "Operations", "Sub-processors and other recipients",
		"Names of third countries or international organisations that personal data are transferred to (if applicable)",
		"Safeguards for exceptional transfers of personal data to third countries or international organisations (if applicable)",
		"General description of technical and organisational security measures (if possible)", "Instruction", "Purpose of processing",
		"Article 6 lawful basis (the controller's)", "Article 9 condition", "Categories of personal data", "Retention schedule (if possible)",
		"Location of personal data",
	}}
	for _, r := range a.Records {
		for _, act := range orNone(r.Activities) {
			countries, safeguards := transfersOf(r, act.Instruction)
			rows = append(rows, []string{
				r.Name, people(r.Contacts, ordinary), people(r.Contacts, representative), people(r.Contacts, officer), title(act), values(act, "operation"),
				values(act, "recipient"), countries, safeguards, measures(a), version(act), act.Purpose, act.Basis, act.Condition, values(act, "category"),
				retentions(act), values(act, "country"),
			})
		}
	}
	b.table("Article 30(2) record", rows)
	return len(rows) - 1
}

// cnil writes the register of a processor after the CNIL and the Belgian authority: who takes part, then a row for each category of
// processing with its recipients by kind, transfers with their guarantees, and how long each category of data is kept.
func (b *book) cnil(a wire.Article30) int {
	b.form("Sous-traitant", processorRows(a, "Nom et coordonnées du sous-traitant / Name of the processor", [...]string{
		"Numéro d'enregistrement / Registration", "Délégué à la protection des données / DPO", "Représentant / Representative", "Contacts",
		"Description générale des mesures de sécurité / Security measures", "Registre au / Record as of", "Entrée / Entry of the ledger",
	}))
	rows := [][]string{{
		"Responsable du traitement / Controller", "Coordonnées / Contact details", "Représentant / Representative", "DPO",
		"Catégorie de traitements / Category of processing", "Finalité / Purpose", "Base juridique du responsable / Controller's lawful basis",
		"Catégories de données / Categories of data", "Durée de conservation / Retention", "Destinataires internes / Internal recipients",
		"Destinataires externes / External recipients", "Sous-traitants / Sub-processors",
		"Transferts hors UE : pays / Third countries", "Garanties / Safeguards", "Mesures de sécurité / Security measures",
	}}
	n := 0
	for _, r := range a.Records {
		for _, act := range orNone(r.Activities) {
			countries, safeguards := transfersOf(r, act.Instruction)
			inside, outside, sub := byKind(a, act)
			n++
			rows = append(rows, []string{
				r.Name, people(r.Contacts, ordinary), people(r.Contacts, representative), people(r.Contacts, officer), title(act), act.Purpose, act.Basis,
				values(act, "category"), retentions(act), inside, outside, sub, countries, safeguards, measures(a),
			})
		}
	}
	b.table("Registre art. 30(2)", rows)
	return n
}

func processorRows(a wire.Article30, name string, labels [7]string) [][]string {
	p := wire.Article30Processor{}
	if a.Processor != nil {
		p = *a.Processor
	}
	rows := [][]string{{name, p.Name}}
	for i, text := range []string{
		p.Registration, people(p.Contacts, officer), people(p.Contacts, representative), people(p.Contacts, ordinary), strings.Join(p.Measures, "; "),
		a.AsOf, Cell{Number: a.Position}.in(Number),
	} {
		rows = append(rows, []string{labels[i], text})
	}
	return rows
}

// orNone gives one activity without anything where there is none, so that every controller has its row.
func orNone(list []wire.Article30Activity) []wire.Article30Activity {
	if len(list) == 0 {
		return []wire.Article30Activity{{}}
	}
	return list
}

func ordinary(c wire.Article30Contact) bool       { return !c.Representative && !c.Officer }
func representative(c wire.Article30Contact) bool { return c.Representative }
func officer(c wire.Article30Contact) bool        { return c.Officer }

// people names contacts by what was asked for: their particulars, or role and id.
func people(list []wire.Article30Contact, is func(wire.Article30Contact) bool) string {
	var out []string
	for _, c := range list {
		if is(c) {
			out = append(out, strings.Join(nonEmpty(cmp.Or(string(c.Name), c.ID), c.Role, string(c.Email), string(c.Phone)), ", "))
		}
	}
	return strings.Join(out, "; ")
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func title(a wire.Article30Activity) string { return cmp.Or(a.Title, a.Instruction) }

func version(a wire.Article30Activity) string {
	if a.Version == 0 {
		return a.Instruction
	}
	return a.Instruction + " v" + Cell{Number: uint64(a.Version)}.in(Number)
}

func values(a wire.Article30Activity, dimension string) string {
	var out []string
	for _, l := range a.Lines {
		if l.Dimension == dimension {
			out = append(out, l.Words)
		}
	}
	return strings.Join(out, "; ")
}

func retentions(a wire.Article30Activity) string {
	out := make([]string, len(a.Retention))
	for i, r := range a.Retention {
		out[i] = Kept(r)
	}
	return strings.Join(out, "; ")
}

// Kept says how long a rule of retention keeps something; of a rule that makes no sense it says what there is.
func Kept(w wire.Retention) string {
	r := domain.Retention{After: domain.Trigger(w.After)}
	r.Keep, _ = domain.ParsePeriod(w.Keep)
	r.On, _ = time.Parse(time.DateOnly, w.On)
	for _, c := range w.Categories {
		r.Categories = append(r.Categories, domain.Category(c))
	}
	return sentence.Kept(r)
}

func measures(a wire.Article30) string {
	if a.Processor == nil {
		return ""
	}
	return strings.Join(a.Processor.Measures, "; ")
}

func transfersOf(r wire.Article30Record, instruction string) (countries, safeguards string) {
	var to, by []string
	for _, t := range r.Transfers {
		if t.Instruction != instruction {
			continue
		}
		if !slices.Contains(to, t.Country) {
			to = append(to, t.Country)
		}
		if t.Safeguard != "" && !slices.Contains(by, t.Safeguard) {
			by = append(by, t.Safeguard)
		}
	}
	return strings.Join(to, "; "), strings.Join(by, "; ")
}

// byKind splits recipients as the CNIL does. Nobody within the processor is named as a recipient, so that the internal ones are none.
func byKind(a wire.Article30, act wire.Article30Activity) (inside, outside, sub string) {
	var out, below []string
	for _, l := range act.Lines {
		if l.Dimension != "recipient" {
			continue
		}
		i := slices.IndexFunc(a.Recipients, func(r wire.Recipient) bool { return r.ID == l.Value })
		if i >= 0 && a.Recipients[i].Kind == "sub-processor" {
			below = append(below, l.Words)
			continue
		}
		out = append(out, l.Words)
	}
	return "", strings.Join(out, "; "), strings.Join(below, "; ")
}
