package sentence

import (
	"strconv"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// Change says in one sentence what an event of the register changes. Who a contact is stays unsaid.
func Change(fact domain.Fact, isNew bool) string {
	verb := "changed"
	if isNew {
		verb = "declared"
	}
	switch f := fact.(type) {
	case register.ProcessorDeclared:
		return "The processor " + f.Name + " (" + string(f.Regime) + ") is " + verb + "."
	case register.ControllerDeclared:
		return "The controller " + f.Name + " (" + string(f.Regime) + ", " + string(f.Country) + ") is " + verb + "."
	case register.ServiceDeclared:
		return "The service " + f.Name + ", which reports within " + Within(time.Duration(f.ReportsWithin)*time.Second) + ", is " + verb + "."
	case register.RecipientDeclared:
		return "The " + string(f.Kind) + " " + f.Name + " (" + string(f.Country) + ") is " + verb + " as a recipient."
	case register.AuthorisationDeclared:
		return "How sub-processors are authorised is " + verb + ": " + string(f.Mode) + ", Art. 28(2)."
	case register.ContactDeclared:
		return "The contact in the role of " + f.Role + " is " + verb + "."
	case instruction.Given:
		s := f.Terms.Title + ", version " + strconv.Itoa(f.Version) + ", on the basis of " + Basis(f.Terms.Basis)
		return s + "; given by " + warrant(f.Warrant) + "."
	case instruction.Withdrawn:
		s := "Version " + strconv.Itoa(f.Version) + " is withdrawn by " + warrant(f.Warrant)
		if f.Warrant.Then == domain.ThenReturn {
			s += "; what is held under it is returned, then deleted"
		}
		return s + "."
	}
	return capital(typeWords(fact.EventType())) + "."
}

func warrant(w domain.Warrant) string {
	return string(w.By) + " on " + Day(w.On) + " (" + string(w.How) + ")"
}

// Within writes a time to report in, such as "24 hours" or "3 days".
func Within(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int64(d / unit.length); d%unit.length == 0 && n > 0 {
			if n == 1 && unit.length == day {
				return "24 hours"
			}
			return count(n, unit.name)
		}
	}
	return d.String()
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}
