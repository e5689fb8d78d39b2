package sample_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

func register(t *testing.T) wire.Register {
	t.Helper()
	var r wire.Register
	if err := yaml.Load(sample.Register(), &r, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheRegisterIsWhatTheLedgerTakes(t *testing.T) {
	r := register(t)
	if len(r.Controllers) < 4 {
		t.Fatalf("%d controllers", len(r.Controllers))
	}
	regimes := map[string]int{}
	for _, c := range r.Controllers {
		regimes[c.Regime]++
		for _, i := range c.Instructions {
			for _, category := range i.Categories {
				parsed, err := domain.ParseCategory(category)
				if err != nil {
					t.Errorf("%s/%s: %s: %v", c.ID, i.ID, category, err)
				}
				if parsed.Special() && i.Condition == "" {
					t.Errorf("%s/%s permits %s without a condition of Article 9(2)", c.ID, i.ID, category)
				}
			}
			for _, op := range i.Operations {
				if _, err := domain.ParseOperation(op); err != nil {
					t.Errorf("%s/%s: %s: %v", c.ID, i.ID, op, err)
				}
			}
			for _, id := range i.Recipients {
				if !slices.ContainsFunc(r.Recipients, func(e wire.Recipient) bool { return e.ID == id }) {
					t.Errorf("%s/%s names the recipient %s, who is not in the register", c.ID, i.ID, id)
				}
			}
			if !slices.ContainsFunc(c.Contacts, func(e wire.Contact) bool { return e.ID == i.Given.By }) {
				t.Errorf("%s/%s was given by %s, who is no contact of the controller", c.ID, i.ID, i.Given.By)
			}
			if i.Purpose == "" || strings.Contains(i.Purpose, ":") {
				t.Errorf("%s/%s: purpose %q", c.ID, i.ID, i.Purpose)
			}
		}
	}
	if regimes["EU"] == 0 || regimes["UK"] == 0 {
		t.Errorf("regimes: %v", regimes)
	}
}

func TestPeopleOfTheSampleLiveUnderReservedNames(t *testing.T) {
	r := register(t)
	steps, err := sample.Day()
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, contacts := range append([][]wire.Contact{r.Processor.Contacts}, contactsOf(r)...) {
		for _, c := range contacts {
			if c.Email != "" {
				addresses = append(addresses, string(c.Email))
			}
		}
	}
	for _, s := range steps {
		for _, who := range s.Who {
			if address, is := strings.CutPrefix(who, "email:"); is {
				addresses = append(addresses, address)
			}
		}
	}
	for i, a := range addresses {
		if !strings.HasSuffix(a, "example.org") && !strings.HasSuffix(a, "example.com") {
			t.Errorf("address %d is not under example.org or example.com", i)
		}
	}
}

func contactsOf(r wire.Register) (all [][]wire.Contact) {
	for _, c := range r.Controllers {
		all = append(all, c.Contacts)
	}
	return all
}

func TestTheDayHasWhatADemonstrationNeeds(t *testing.T) {
	r := register(t)
	steps, err := sample.Day()
	if err != nil {
		t.Fatal(err)
	}
	people, controllers, findings, ways, actions, again := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, 0, 0
	announced := map[string]bool{} // and not confirmed
	for n, s := range steps {
		controller, service := s.Service()
		controllers[controller], ways[s.Way] = true, true
		at := slices.IndexFunc(r.Controllers, func(c wire.Controller) bool { return c.ID == controller })
		if at < 0 || s.Way != sample.Desk && !slices.ContainsFunc(r.Controllers[at].Services, func(e wire.Service) bool { return e.ID == service }) {
			t.Errorf("step %d comes from %s, which is not in the register", n, s.By)
		}
		if _, err := s.Time(time.Unix(0, 0).UTC()); err != nil {
			t.Errorf("step %d: %v", n, err)
		}
		for _, who := range s.Who {
			people[who] = true
			if _, err := domain.ParseIdentifier(who); err != nil {
				t.Errorf("step %d: %v", n, err)
			}
		}
		for _, f := range append(slices.Clone(s.Expect), s.Refused...) {
			if _, err := domain.ParseFinding(f); err != nil {
				t.Errorf("step %d: %v", n, err)
			}
		}
		for _, f := range s.Expect {
			findings[f] = true
		}
		if s.Way == sample.Record || s.Way == sample.Inbox {
			actions++
		}
		if s.Way == sample.Announce {
			announced[s.Name] = true
		}
		if s.Confirms != "" && !announced[s.Confirms] {
			t.Errorf("step %d confirms what was not announced, or twice", n)
		}
		delete(announced, s.Confirms)
		if s.Again {
			again++
		}
	}
	for _, code := range []string{"recipient-not-instructed", "basis-mismatch", "category-not-instructed", "location-not-instructed",
		"no-instruction", "reported-late", "consent-missing", "objected", "restricted", "on-hold", "beyond-court-order"} {
		if !findings[code] {
			t.Errorf("no step that makes %s", code)
		}
	}
	for _, way := range []string{sample.Record, sample.Inbox, sample.Ask, sample.Link, sample.Raw, sample.Consent, sample.Withdraw, sample.Object,
		sample.Occasion, sample.Announce, sample.Count, sample.Obey, sample.Desk} {
		if !ways[way] {
			t.Errorf("no step by way of %s", way)
		}
	}
	if len(announced) == 0 || announced[""] {
		t.Errorf("announcements %v: all are to have a name, and one never to be confirmed", announced)
	}
	if actions < 60 || len(people) < 8 || len(controllers) < 4 || again == 0 {
		t.Errorf("%d actions, %d people, %d controllers, %d sent again", actions, len(people), len(controllers), again)
	}
}
