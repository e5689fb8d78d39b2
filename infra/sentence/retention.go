package sentence

import (
	"strings"

	"github.com/jigowatt/daybook/domain"
)

// Kept says how long a rule of retention keeps what it is for, as "for 7 years after the order is closed" (Art. 5(1)(e)).
func Kept(r domain.Retention) string {
	after := triggerWords(r.After)
	if r.After == domain.WhenDate {
		after = Day(r.On)
	}
	words := "for " + periodWords(r.Keep) + " after " + after
	if r.Keep.IsZero() {
		words = "until " + after
	}
	if len(r.Categories) > 0 {
		words = Categories(r.Categories) + " " + words
	}
	return words
}

func triggerWords(t domain.Trigger) string {
	switch t {
	case domain.WhenRecorded:
		return "it was recorded"
	case domain.WhenOrderClosed:
		return "the order is closed"
	case domain.WhenEnquiryAnswered:
		return "the enquiry is answered"
	case domain.WhenQuoteDeclined:
		return "the quote is declined"
	case domain.WhenContractEnded:
		return "the contract ends"
	case domain.WhenConsentWithdrawn:
		return "consent is withdrawn"
	case domain.WhenInstructionWithdrawn:
		return "the controller's instruction ends"
	default:
		return string(t)
	}
}

func periodWords(p domain.Period) string {
	var parts []string
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		if part.n > 0 {
			parts = append(parts, count(int64(part.n), part.unit))
		}
	}
	if parts == nil {
		return "no time"
	}
	return strings.Join(parts, " and ")
}
