package domain_test

import (
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Art. 5(1)(e), 17(1)(b), 28(3)(g): when data has to go.
func TestWhenDataHasToGo(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	keep := func(after domain.Trigger, days int, categories ...domain.Category) domain.Retention {
		return domain.Retention{After: after, Keep: domain.Period{Days: days}, Categories: categories}
	}
	onDay := domain.Retention{After: domain.WhenDate, On: day(9)}
	type happened map[domain.Trigger]time.Time
	brought := happened{domain.WhenRecorded: day(1)}
	both := happened{domain.WhenRecorded: day(1), domain.WhenOrderClosed: day(2)}
	ended := happened{domain.WhenRecorded: day(1), domain.WhenInstructionWithdrawn: day(4)}
	withdrawn := happened{domain.WhenRecorded: day(1), domain.WhenConsentWithdrawn: day(3)}
	for _, row := range []struct {
		rule    string
		basis   domain.Basis
		rules   []domain.Retention
		began   happened
		day     int // 0 for none
		because domain.Trigger
		unruled bool
	}{
		{"no rule, no end", domain.Contract, nil, brought, 0, "", true},
		{"a period ends", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 10)}, brought, 11, domain.WhenRecorded, false},
		{"a period that has not begun ends at no time", domain.Contract, []domain.Retention{keep(domain.WhenOrderClosed, 1)}, brought, 0, "", false},
		{"the first to end counts", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 10), keep(domain.WhenOrderClosed, 1)}, both, 3, domain.WhenOrderClosed, false},
		{"in whatever order they stand", domain.Contract, []domain.Retention{keep(domain.WhenOrderClosed, 1), keep(domain.WhenRecorded, 10)}, both, 3, domain.WhenOrderClosed, false},
		{"one that waits holds nothing back", domain.Contract, []domain.Retention{keep(domain.WhenOrderClosed, 1), keep(domain.WhenRecorded, 10)}, brought, 11, domain.WhenRecorded, false},
		{"a day is an end", domain.Contract, []domain.Retention{onDay}, brought, 9, domain.WhenDate, false},
		{"a rule for the category takes the place of those for all", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 1), keep(domain.WhenRecorded, 10, "pd:Name")}, brought, 11, domain.WhenRecorded, false},
		{"a rule for another category is none", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 10), keep(domain.WhenRecorded, 1, "pd:Age")}, brought, 11, domain.WhenRecorded, false},
		{"and where there is no other", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 1, "pd:Age")}, brought, 0, "", true},
		{"Art. 17(1)(b): data goes with the consent", domain.Consent, nil, withdrawn, 3, domain.WhenConsentWithdrawn, false},
		{"while it stands data has its rules", domain.Consent, []domain.Retention{keep(domain.WhenRecorded, 10)}, brought, 11, domain.WhenRecorded, false},
		{"a longer rule does not outlive it", domain.Consent, []domain.Retention{keep(domain.WhenConsentWithdrawn, 10)}, withdrawn, 3, domain.WhenConsentWithdrawn, false},
		{"on another basis a consent is nothing", domain.Contract, nil, withdrawn, 0, "", true},
		{"Art. 28(3)(g): data goes with the instruction", domain.Contract, nil, ended, 4, domain.WhenInstructionWithdrawn, false},
		{"Art. 28(3)(g): or so long after it", domain.Contract, []domain.Retention{keep(domain.WhenInstructionWithdrawn, 5)}, ended, 9, domain.WhenInstructionWithdrawn, false},
		{"a rule that ended before has ended", domain.Contract, []domain.Retention{keep(domain.WhenRecorded, 1)}, ended, 2, domain.WhenRecorded, false},
		{"what another category has after the end is not this one's", domain.Contract, []domain.Retention{keep(domain.WhenInstructionWithdrawn, 5, "pd:Age")}, ended, 4, domain.WhenInstructionWithdrawn, false},
	} {
		got := domain.Ends(row.basis, row.rules, "pd:Name", func(t domain.Trigger) (time.Time, bool) {
			at, ok := row.began[t]
			return at, ok
		})
		want := domain.Ending{Because: row.because, Unruled: row.unruled}
		if row.day > 0 {
			want.At = day(row.day)
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", row.rule, got, want)
		}
	}
}
