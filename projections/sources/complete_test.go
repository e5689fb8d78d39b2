package sources_test

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/sources"
)

const webshop domain.ServiceID = "webshop"

// told is an event of the service webshop, with its place in the service's own count.
type told struct {
	fact     domain.Fact
	sequence uint64
	id       string
}

// events makes the events, an hour apart.
func events(list ...told) []domain.Event {
	facts := make([]domain.Fact, len(list))
	for i := range list {
		facts[i] = list[i].fact
	}
	made := projectiontest.Events(0, facts...)
	for i := range made {
		e := &made[i]
		e.Sequence, e.Source = list[i].sequence, domain.ServiceSource(cycles, webshop)
		if list[i].id != "" {
			e.ID = list[i].id
		}
		e.Time = projectiontest.Start.Add(time.Duration(i) * time.Hour)
		e.Recorded = e.Time.Add(time.Second)
	}
	return made
}

func one(t *testing.T, list ...told) sources.Source {
	t.Helper()
	ledger := projectiontest.GivenEvents(t, sources.Projection(), events(list...)...)
	all, _, err := sources.New(ledger).All(t.Context(), cycles)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

func beat(sequence uint64) told {
	return told{fact: source.HeartbeatRecorded{Controller: cycles, Service: webshop, Sequence: sequence}}
}

func used(sequence uint64) told { return told{fact: action(webshop), sequence: sequence} }

func TestHeartbeatsShowWhatHasNotCome(t *testing.T) {
	consent := told{fact: dossier.ConsentGiven{Of: dossier.Of{Controller: cycles, Subject: 1}, Instruction: "news", How: "form"}, sequence: 2}
	for rule, c := range map[string]struct {
		given   []told
		newest  uint64
		missing uint64
		gaps    []sources.Gap
	}{
		"all that was counted has come":              {[]told{used(1), used(2), beat(2)}, 2, 0, nil},
		"what the service counted and has not come":  {[]told{used(1), beat(3)}, 3, 2, []sources.Gap{{From: 2, To: 3}}},
		"what comes late closes the gap":             {[]told{used(1), beat(3), used(3), used(2)}, 3, 0, nil},
		"the count goes on behind a gap":             {[]told{used(1), beat(3), used(4)}, 4, 2, []sources.Gap{{From: 2, To: 3}}},
		"an old heartbeat says nothing":              {[]told{used(1), used(2), beat(1)}, 2, 0, nil},
		"a heartbeat alone begins the count":         {[]told{beat(7)}, 7, 0, nil},
		"statements count as actions do":             {[]told{used(1), consent, used(3)}, 3, 0, nil},
		"a heartbeat of a service without a count":   {[]told{beat(0)}, 0, 0, nil},
		"two heartbeats with nothing between, twice": {[]told{used(1), beat(2), beat(4)}, 4, 3, []sources.Gap{{From: 2, To: 2}, {From: 3, To: 4}}},
	} {
		s := one(t, c.given...)
		if s.Sequence != c.newest || s.Missing != c.missing || !reflect.DeepEqual(s.Gaps, c.gaps) {
			t.Errorf("%s: got %d, %d missing, %v", rule, s.Sequence, s.Missing, s.Gaps)
		}
	}
}

func TestASignOfLifeIsHeard(t *testing.T) {
	s := one(t, used(1), beat(1))
	if at := projectiontest.Start.Add(time.Hour + time.Second); !s.Heard.Equal(at) || !s.LastHeard().Equal(at) || s.Events != 1 {
		t.Errorf("%+v", s)
	}
	s = one(t, beat(1), used(2))
	if !s.LastHeard().Equal(s.LastRecorded) {
		t.Errorf("%+v", s)
	}
	if s = one(t, beat(1)); s.Events != 0 || !s.FirstRecorded.IsZero() || !s.LastRecorded.IsZero() || s.Heard.IsZero() {
		t.Errorf("one that has recorded nothing: %+v", s)
	}
	if all, _, err := sources.New(projectiontest.Given(t, sources.Projection(), dossier.RestrictionPlaced{Of: dossier.Of{Controller: cycles, Subject: 1}})).
		All(t.Context(), ""); err != nil || len(all) != 0 {
		t.Errorf("what a person says comes from no service: %+v, %v", all, err)
	}
}

func TestAnAnnouncementWaitsForItsAction(t *testing.T) {
	announced := func(subject domain.SubjectKey, id string) told {
		return told{fact: dossier.ActionAnnounced{
			Of: dossier.Of{Controller: cycles, Subject: subject}, Operation: domain.Erase, Instruction: "orders", System: "crm",
		}, id: id}
	}
	erased := func(subject domain.SubjectKey, announcement string) told {
		a := action(webshop)
		a.Subject, a.Operation, a.Announced = subject, domain.Erase, announcement
		return told{fact: a}
	}
	for rule, c := range map[string]struct {
		given []told
		want  uint64
	}{
		"it waits":           {[]told{announced(1, "a1")}, 1},
		"it was carried out": {[]told{announced(1, "a1"), erased(1, "a1")}, 0},
		"another action was": {[]told{announced(1, "a1"), erased(1, "a2")}, 1},
		"it was carried out for one of two people":   {[]told{announced(1, "a1"), announced(2, "a1/1"), erased(2, "a1")}, 1},
		"the action came before the announcement":    {[]told{erased(1, "a1"), announced(1, "a1")}, 0},
		"it was carried out twice, in two systems":   {[]told{announced(1, "a1"), erased(1, "a1"), erased(1, "a1")}, 0},
		"what was never announced waits for nothing": {[]told{erased(1, "a1")}, 0},
	} {
		s := one(t, c.given...)
		if s.Unconfirmed != c.want || len(s.Announced) != int(c.want) {
			t.Errorf("%s: %+v", rule, s)
		}
	}
	want := sources.Announced{ID: "a1", Position: 0, Time: projectiontest.Start, Operation: domain.Erase, Instruction: "orders", System: "crm"}
	if s := one(t, announced(1, "a1")); s.Announced[0] != want {
		t.Errorf("got %+v", s.Announced)
	}
}

func TestACountIsHeldAgainstWhatIsKnown(t *testing.T) {
	act := func(op domain.Operation, subject domain.SubjectKey, change ...func(*dossier.ActionRecorded)) told {
		a := action(webshop)
		a.Operation, a.Subject, a.System, a.Categories = op, subject, "crm", []domain.Category{"pd:Name", "pd:EmailAddress"}
		for _, c := range change {
			c(&a)
		}
		return told{fact: a}
	}
	in := func(system string) func(*dossier.ActionRecorded) {
		return func(a *dossier.ActionRecorded) { a.System = system }
	}
	from := func(system string) func(*dossier.ActionRecorded) {
		return func(a *dossier.ActionRecorded) { a.From = system }
	}
	of := func(list ...domain.Category) func(*dossier.ActionRecorded) {
		return func(a *dossier.ActionRecorded) { a.Categories = list }
	}
	count := told{fact: source.CountReported{Controller: cycles, Service: webshop, System: "crm", Category: "pd:Name", People: 2}}
	two := []told{act(domain.Store, 1), act(domain.Store, 2)}
	for rule, c := range map[string]struct {
		given []told
		known uint64
	}{
		"two people of two":                            {append(two[:2:2], count), 2},
		"the same person twice is one":                 {[]told{act(domain.Store, 1), act(domain.Collect, 1), act(domain.Store, 1, of("pd:Name")), count}, 1},
		"what is used is not there for that":           {[]told{act(domain.Use, 1), count}, 0},
		"what was removed is not there":                {append(two[:2:2], act(domain.Erase, 2), count), 1},
		"what can be had back is not counted":          {append(two[:2:2], act(domain.Delete, 2), count), 1},
		"another category was removed":                 {append(two[:2:2], act(domain.Erase, 2, of("pd:EmailAddress")), count), 2},
		"everything was removed":                       {append(two[:2:2], act(domain.Erase, 2, of()), count), 1},
		"what was brought again is there again":        {append(two[:2:2], act(domain.Erase, 2), act(domain.Store, 2), count), 2},
		"another system":                               {[]told{act(domain.Store, 1, in("archive")), count}, 0},
		"what was moved away":                          {append(two[:2:2], act(domain.Move, 2, in("archive"), from("crm")), count), 1},
		"what was moved here":                          {[]told{act(domain.Move, 2, from("archive")), count}, 1},
		"another category":                             {[]told{act(domain.Store, 1, of("pd:EmailAddress")), count}, 0},
		"data of no named category":                    {[]told{act(domain.Store, 1, of()), count}, 0},
		"what came after the count":                    {[]told{act(domain.Store, 1), count, act(domain.Store, 2)}, 1},
		"what was removed after the count":             {[]told{act(domain.Store, 1), count, act(domain.Erase, 1)}, 1},
		"dossiers of one person":                       {append(two[:2:2], told{fact: dossier.IdentifierLinked{Controller: cycles, Subject: 1, Joined: 2}}, count), 1},
		"one of whose dossiers alone has anything":     {[]told{act(domain.Store, 2), {fact: dossier.IdentifierLinked{Controller: cycles, Subject: 1, Joined: 2}}, count}, 1},
		"a newer count takes the place of an older":    {[]told{count, act(domain.Store, 1), count}, 1},
		"somebody else's, whose name begins the same":  {[]told{act(domain.Store, 1, in("crm2")), count}, 0},
		"what was brought before and after, not there": {append(two[:2:2], act(domain.Erase, 2), count, act(domain.Store, 2)), 1},
	} {
		s := one(t, append([]told{beat(0)}, c.given...)...)
		if len(s.Counted) != 1 || s.Counted[0].People != 2 || s.Counted[0].Known != c.known {
			t.Errorf("%s: %+v, want %d", rule, s.Counted, c.known)
		}
	}
	late := events(act(domain.Store, 1), count, act(domain.Store, 2))
	late[2].Time = projectiontest.Start
	ledger := projectiontest.GivenEvents(t, sources.Projection(), late...)
	if all, _, err := sources.New(ledger).All(t.Context(), cycles); err != nil || all[0].Counted[0].Known != 2 {
		t.Errorf("what is reported late closes the gap: %+v, %v", all, err)
	}
}

func TestWhatIsMissingIsTheSameHoweverItWasFolded(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var list []told
	for i := range 9000 {
		subject, id := domain.SubjectKey(1+r.IntN(40)), "a"+strconv.Itoa(r.IntN(200))
		a := action(webshop)
		a.Subject, a.Operation, a.System = subject, []domain.Operation{domain.Store, domain.Erase, domain.Use, domain.Move}[r.IntN(4)], "crm"
		a.Categories, a.From = [][]domain.Category{{"pd:Name"}, nil, {"pd:Name", "pd:Age"}}[r.IntN(3)], "old"
		switch r.IntN(20) {
		case 0:
			list = append(list, beat(uint64(i)))
		case 1:
			list = append(list, told{fact: source.CountReported{Controller: cycles, Service: webshop, System: "crm", Category: "pd:Name", People: uint64(i)}})
		case 2:
			list = append(list, told{fact: dossier.ActionAnnounced{Of: dossier.Of{Controller: cycles, Subject: subject}, Operation: domain.Erase}, id: id})
		case 3:
			a.Announced = id
			list = append(list, told{fact: a, sequence: uint64(1 + i - r.IntN(3))})
		default:
			list = append(list, told{fact: a, sequence: uint64(1 + i)})
		}
	}
	made := events(list...)
	for i := range made {
		if list[i].id != "" {
			made[i].ID = list[i].id + "/" + strconv.Itoa(i)
		}
	}
	projectiontest.Equivalent(t, sources.Projection(), made...)
}
