package domain_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
)

// The findings that instruction and basis decide, in the order of their numbers, which are kept on disk.
var findings = []string{
	"no-instruction", "instruction-withdrawn", "operation-not-instructed", "category-not-instructed", "recipient-not-instructed",
	"location-not-instructed", "basis-mismatch", "special-category-without-condition", "reported-late",
}

func TestTheNumbersOfFindingsNeverChange(t *testing.T) {
	for n, code := range findings {
		if f, err := domain.ParseFinding(code); err != nil || f != domain.Finding(n) || f.Code() != code {
			t.Errorf("%s is number %d, want %d: %v", code, f, n, err)
		}
	}
}

func TestEveryFindingSaysWhatWhyAndWhatToDo(t *testing.T) {
	article := regexp.MustCompile(`^Art\. \d+`)
	seen := map[string]string{}
	every := domain.FindingSet(1<<32 - 1).List()
	if len(every) < len(findings) {
		t.Fatalf("%d findings, want at least %d", len(every), len(findings))
	}
	for _, f := range every {
		if !article.MatchString(f.Article()) {
			t.Errorf("%s rests on %q, want an article", f.Code(), f.Article())
		}
		for what, text := range map[string]string{"code": f.Code(), "message": f.Message(), "remedy": f.Remedy()} {
			if text == "" {
				t.Errorf("finding %d has no %s", f, what)
			}
			if other, twice := seen[text]; twice {
				t.Errorf("%s and %s share the %s %q", other, f.Code(), what, text)
			}
			seen[text] = f.Code()
			if what != "code" && !strings.HasSuffix(text, ".") {
				t.Errorf("the %s of %s is no sentence: %q", what, f.Code(), text)
			}
		}
	}
}

func TestASetHoldsWhatWasPutIn(t *testing.T) {
	var s domain.FindingSet
	if len(s.List()) != 0 {
		t.Errorf("the empty set lists %v", s.List())
	}
	s = s.With(domain.ReportedLate).With(domain.NoInstruction).With(domain.ReportedLate)
	if want := []domain.Finding{domain.NoInstruction, domain.ReportedLate}; !slices.Equal(s.List(), want) {
		t.Errorf("the set lists %v, want %v", s.List(), want)
	}
	if !s.Has(domain.NoInstruction) || s.Has(domain.BasisMismatch) {
		t.Error("the set has what was not put in, or lacks what was")
	}
}
