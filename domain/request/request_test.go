package request_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// stored checks that what is recorded can be written down and read back as it was, and is nothing new when it comes again.
func stored(t *testing.T, fact domain.Fact, s request.State) {
	t.Helper()
	b, err := json.Marshal(fact, json.Deterministic(true))
	if err != nil {
		t.Fatalf("it cannot be written: %v", err)
	}
	back := reflect.New(reflect.TypeOf(fact))
	if err := json.Unmarshal(b, back.Interface(), json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("it cannot be read: %v", err)
	}
	if !reflect.DeepEqual(back.Elem().Interface(), fact) {
		t.Errorf("%s is read as %#v, want %#v", b, back.Elem().Interface(), fact)
	}
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	next := s.Evolve(domain.Event{Fact: back.Elem().Interface().(domain.Fact)})
	if after, err := json.Marshal(s); err != nil || string(after) != string(before) {
		t.Errorf("the step changed the state it was taken from: %v", err)
	}
	if replied, is := fact.(request.Replied); is && !replied.Enough {
		return // may come any number of times
	}
	again, err := request.Record{Step: fact.(request.Step)}.Decide(next)
	if err != nil || len(again) != 0 {
		t.Errorf("recorded again it is %v, %v %s", again, err, errors.FlattenHints(err))
	}
}

func TestOpeningACase(t *testing.T) {
	opens := func(kind request.Kind, change func(*request.Received)) request.Step { return received(kind, change) }
	erasure := received(request.Erasure)
	check(t, []row{
		{"Art. 15: a request opens a case", nil, received(request.Access), recorded},
		{"Art. 16 opens one", nil, received(request.Rectification), recorded},
		{"Art. 18 opens one", nil, received(request.Restriction), recorded},
		{"Art. 20 opens one", nil, received(request.Portability), recorded},
		{"Art. 22 opens one", nil, received(request.AutomatedDecision), recorded},
		{"Art. 77: a complaint opens one", nil, received(request.Complaint), recorded},
		{"the same request again is nothing", given(erasure), erasure, nothing},
		{"another request needs another id", given(erasure), received(request.Access), fails(domain.ErrConflict, "id of its own")},
		{"a kind is a right or a complaint", nil, received("forget-me"), fails(domain.ErrInvalid, "Articles 15 to 22")},
		{"a case is somebody's", nil, opens(request.Access, func(r *request.Received) { r.Subjects = nil }), fails(domain.ErrInvalid, "subject keys")},
		{"of up to 64 keys", nil, opens(request.Access, func(r *request.Received) { r.Subjects = slices.Repeat([]domain.SubjectKey{7}, 64) }), recorded},
		{"not of 65", nil, opens(request.Access, func(r *request.Received) { r.Subjects = slices.Repeat([]domain.SubjectKey{7}, 65) }), fails(domain.ErrInvalid, "1 to 64")},
		{"who did it is a contact", nil, opens(request.Access, func(r *request.Received) { r.By = "Ada Lovelace" }), fails(domain.ErrInvalid, "1 to 32")},
		{"no key is nobody's", nil, opens(request.Access, func(r *request.Received) { r.Subjects = []domain.SubjectKey{0} }), fails(domain.ErrInvalid, "subject keys")},
		{"joined dossiers make several keys", nil, opens(request.Access, func(r *request.Received) { r.Subjects = []domain.SubjectKey{7, 8} }), recorded},
		{"a case has an owner", nil, opens(request.Access, func(r *request.Received) { r.Owner = "" }), fails(domain.ErrInvalid, "privacy manager")},
		{"a request came somehow", nil, opens(request.Access, func(r *request.Received) { r.Channel = "pigeon" }), fails(domain.ErrInvalid, "Article 12(2)")},
		{"a case has a regime", nil, opens(request.Access, func(r *request.Received) { r.Regime = "US" }), fails(domain.ErrInvalid, "UK or EU")},
		{"a case has a calendar", nil, opens(request.Access, func(r *request.Received) { r.Calendar = "US" }), fails(domain.ErrInvalid, "GB-EAW")},
		{"nothing need be promised", nil, opens(request.Access, func(r *request.Received) { r.Promise = calendar.Promise{} }), recorded},
		{"a promise is of days", nil, opens(request.Access, func(r *request.Received) { r.Promise.Days = -1 }), fails(domain.ErrInvalid, "1 to 366")},
		{"it may reach us later than the controller", nil, opens(request.Access, func(r *request.Received) { r.Reached = day("2026-09-07") }), recorded},
		{"not earlier", nil, opens(request.Access, func(r *request.Received) { r.Reached = day("2026-09-02") }), fails(domain.ErrInvalid, "Article 12(3)")},
		{"a reference is an id", nil, opens(request.Access, func(r *request.Received) { r.Reference = "a7551968-d5d6-44b2-9831-815ac9017798" }), recorded},
		{"not somebody's address", nil, opens(request.Access, func(r *request.Received) { r.Reference = "ada@example.org" }), fails(domain.ErrInvalid, "must not identify a person")},
		{"a complaint may follow a case", nil, opens(request.Complaint, func(r *request.Received) { r.Follows = "C-0" }), recorded},
		{"a case's id is no address", nil, opens(request.Access, func(r *request.Received) { r.Case = "ada@example.org" }), fails(domain.ErrInvalid, "must not identify a person")},
		{"a case belongs to a controller", nil, opens(request.Access, func(r *request.Received) { r.Controller = "" }), fails(domain.ErrInvalid, "1 to 32")},
		{"a step has its day", nil, opens(request.Access, func(r *request.Received) { r.On = calendar.Date{} }), fails(domain.ErrInvalid, "which day")},
		{"a step is not in the future", nil, opens(request.Access, func(r *request.Received) { r.On = day("2027-01-01") }), fails(domain.ErrInvalid, "when it has happened")},
		{"a step of today is recorded", nil, opens(request.Access, func(r *request.Received) { r.On = day("2026-12-31") }), recorded},
		{"a note rests sealed", nil, opens(request.Access, func(r *request.Received) { r.Note, r.By = domain.Sealed{1, 2}, "maria" }), recorded},

		{"Art. 17(1): the person may name grounds", nil, opens(request.Erasure, func(r *request.Received) {
			r.Grounds = []request.Ground{request.ConsentWithdrawn, request.NoLongerNecessary}
		}), recorded},
		{"not twice", nil, opens(request.Erasure, func(r *request.Received) {
			r.Grounds = []request.Ground{request.ConsentWithdrawn, request.ConsentWithdrawn}
		}), fails(domain.ErrInvalid, "once")},
		{"not those of another right", nil, opens(request.Erasure, func(r *request.Received) { r.Grounds = []request.Ground{request.AccuracyContested} }), fails(domain.ErrInvalid, "Article 17(1)")},
		{"access needs no ground", nil, opens(request.Access, func(r *request.Received) { r.Grounds = []request.Ground{request.NoLongerNecessary} }), fails(domain.ErrInvalid, "need none")},
		{"Art. 21: an objection says to what", nil, opens(request.Objection, func(r *request.Received) { r.Grounds = nil }), fails(domain.ErrInvalid, "direct marketing")},
		{"Art. 21(2): to direct marketing", nil, opens(request.Objection, marketing), recorded},
		{"Art. 21(1): on grounds of one's own situation", nil, received(request.Objection), recorded},
	})
}

func TestStepsBelongToTheCaseAndItsController(t *testing.T) {
	other := request.Acknowledged{Of: on(9, 4)}
	other.Controller = "ouse"
	elsewhere := request.Acknowledged{Of: on(9, 4)}
	elsewhere.Case = "C-2"
	check(t, []row{
		{"a case must be opened first", nil, request.Acknowledged{Of: on(9, 4)}, fails(domain.ErrNotFound, "Open the case first")},
		{"another controller's case is not found", given(received(request.Access)), other, fails(domain.ErrNotFound, "under the controller")},
		{"nor is another case", given(received(request.Access)), elsewhere, fails(domain.ErrNotFound, "Open the case first")},
		{"a step does not lie before the case", given(received(request.Access)), request.Acknowledged{Of: on(9, 2)}, fails(domain.ErrInvalid, "before the day of receipt")},
		{"it may lie on its first day", given(received(request.Access)), request.Acknowledged{Of: on(9, 3)}, recorded},
		{"somebody takes the case over", given(received(request.Access)), request.Assigned{Of: on(9, 4), Owner: "maria"}, recorded},
		{"who has it has it", given(received(request.Access)), request.Assigned{Of: on(9, 4), Owner: "privacy"}, nothing},
		{"a contact takes it over", given(received(request.Access)), request.Assigned{Of: on(9, 4), Owner: "maria@example.org"}, fails(domain.ErrInvalid, "contact")},
	})
}

func TestTheStepsWithThePerson(t *testing.T) {
	asked := func(q request.Question, d int) request.Asked { return request.Asked{Of: on(9, d), For: q} }
	replied := func(q request.Question, d int, enough bool) request.Replied {
		return request.Replied{Of: on(9, d), For: q, Enough: enough}
	}
	access := received(request.Access)
	restricted := given(received(request.Restriction), found(crm), accepted(request.AccuracyContested))
	check(t, []row{
		{"the receipt is acknowledged", given(access), request.Acknowledged{Of: on(9, 4)}, recorded},
		{"once", given(access, request.Acknowledged{Of: on(9, 4)}), request.Acknowledged{Of: on(9, 7)}, fails(domain.ErrConflict, "first acknowledgement")},

		{"Art. 12(6): proof of identity is asked for", given(access), asked(request.Identity, 8), recorded},
		{"recital 63: or what the request is about", given(access), asked(request.Clarification, 8), recorded},
		{"Art. 12(5): or a fee", given(access), asked(request.Fee, 8), recorded},
		{"but no fee for a complaint", given(received(request.Complaint)), asked(request.Fee, 8), fails(domain.ErrInvalid, "Article 12(5)")},
		{"nothing else", given(access), asked("shoe-size", 8), fails(domain.ErrInvalid, "12(6)")},
		{"a question is asked once at a time", given(access, asked(request.Identity, 8)), asked(request.Identity, 9), fails(domain.ErrConflict, "reminder")},
		{"two questions may be open", given(access, asked(request.Identity, 8)), asked(request.Clarification, 9), recorded},
		{"it is asked again after a reply", given(access, asked(request.Clarification, 8), replied(request.Clarification, 9, true)), asked(request.Clarification, 10), recorded},
		{"not before it", given(access, asked(request.Clarification, 8), replied(request.Clarification, 10, true)), asked(request.Clarification, 9), fails(domain.ErrInvalid, "question was put")},
		{"nothing is asked when it is decided", given(access, found(), request.Reviewed{Of: on(9, 9)}, accepted()), asked(request.Identity, 11), fails(domain.ErrConflict, "before the controller decides")},
		{"the reply comes", given(access, asked(request.Identity, 8)), replied(request.Identity, 9, true), recorded},
		{"one that is not enough leaves it open", given(access, asked(request.Identity, 8), replied(request.Identity, 9, false)), replied(request.Identity, 10, true), recorded},
		{"one reply is enough", given(access, asked(request.Identity, 8), replied(request.Identity, 9, true)), replied(request.Identity, 10, true), fails(domain.ErrConflict, "first sufficient reply")},
		{"a reply has a question", given(access), replied(request.Identity, 9, true), fails(domain.ErrConflict, "Article 12(6)")},
		{"and comes after it", given(access, asked(request.Identity, 8)), replied(request.Identity, 7, true), fails(domain.ErrInvalid, "reply came")},

		{"Art. 18(3): a restriction is not withdrawn before the person was told", restricted, request.Withdrawn{Of: on(9, 20)}, fails(domain.ErrConflict, "Article 18(3)")},
		{"Art. 18(3): it is when the person was", restricted, request.Withdrawn{Of: on(9, 20), Told: day("2026-09-19")}, recorded},
		{"Art. 18(3): told after it is lifted is not before", restricted, request.Withdrawn{Of: on(9, 20), Told: day("2026-09-21")}, fails(domain.ErrInvalid, "Article 18(3)")},
		{"Art. 18(3): nor is told before it was placed", restricted, request.Withdrawn{Of: on(9, 20), Told: day("2026-09-09")}, fails(domain.ErrInvalid, "Article 18(3)")},
		{"Art. 18(3): nothing is told of the end of another right", given(access), request.Withdrawn{Of: on(9, 20), Told: day("2026-09-19")}, fails(domain.ErrInvalid, "leave told out")},
		{"the person withdraws", given(access), request.Withdrawn{Of: on(9, 8)}, recorded},
		{"after that nothing follows", given(access, request.Withdrawn{Of: on(9, 8)}), found(), fails(domain.ErrConflict, "new case")},
		{"it goes to the right controller", given(access), request.Transferred{Of: on(9, 8), To: "ouse"}, recorded},
		{"who may be no client of ours", given(access), request.Transferred{Of: on(9, 8)}, recorded},
		{"but is another", given(access), request.Transferred{Of: on(9, 8), To: "fenland"}, fails(domain.ErrInvalid, "meant for")},
		{"named as in the register", given(access), request.Transferred{Of: on(9, 8), To: "Ouse Ltd"}, fails(domain.ErrInvalid, "1 to 32")},
		{"not when it was decided", given(access, found(), request.Reviewed{Of: on(9, 9)}, accepted()), request.Transferred{Of: on(9, 11)}, fails(domain.ErrConflict, "28(3)(a)")},
		{"a case that went elsewhere is over", given(access, request.Transferred{Of: on(9, 8)}), request.Assigned{Of: on(9, 9), Owner: "maria"}, fails(domain.ErrConflict, "new case")},
	})
}

// Art. 12(3); UK GDPR Art. 12A(3), (4): up to two further months, if told with reasons inside the first month.
func TestExtendingThePeriod(t *testing.T) {
	extended := func(month, d, months int, reasons ...request.Reason) request.Extended {
		return request.Extended{Of: on(month, d), Months: months, Reasons: reasons}
	}
	asked := request.Asked{Of: on(9, 10), For: request.Clarification}
	replied := request.Replied{Of: on(9, 13), For: request.Clarification, Enough: true}
	access, eu := received(request.Access), received(request.Access, inEU)
	check(t, []row{
		{"two further months for complexity", given(access), extended(9, 20, 2, request.Complexity), recorded},
		{"one for the number of requests", given(access), extended(9, 20, 1, request.HighVolume), recorded},
		{"for both reasons", given(access), extended(9, 20, 2, request.Complexity, request.HighVolume), recorded},
		{"not for three months", given(access), extended(9, 20, 3, request.Complexity), fails(domain.ErrInvalid, "one or two")},
		{"not for none", given(access), extended(9, 20, 0, request.Complexity), fails(domain.ErrInvalid, "one or two")},
		{"not without reasons", given(access), extended(9, 20, 2), fails(domain.ErrInvalid, "reasons")},
		{"not for lack of staff", given(access), extended(9, 20, 2, "JustificationA12Delay"), fails(domain.ErrInvalid, "only the complexity and the number")},
		{"not for one reason twice", given(access), extended(9, 20, 2, request.Complexity, request.Complexity), fails(domain.ErrInvalid, "complexity")},
		{"on the last day of the first month, a Monday by moving", given(access), extended(10, 5, 2, request.Complexity), recorded},
		{"a day later it is too late", given(access), extended(10, 6, 2, request.Complexity), fails(domain.ErrConflict, "within one month of receipt")},
		{"in the EU regime too", given(eu), extended(10, 6, 2, request.Complexity), fails(domain.ErrConflict, "within one month of receipt")},
		{"the EU's last day", given(eu), extended(10, 5, 2, request.Complexity), recorded},
		{"UK Art. 12A(5)(b)(ii): the pause moves the first month too", given(access, asked, replied), extended(10, 7, 2, request.Complexity), recorded},
		{"by its days and no more", given(access, asked, replied), extended(10, 8, 2, request.Complexity), fails(domain.ErrConflict, "within one month")},
		{"in the EU regime it does not", given(eu, asked, replied), extended(10, 7, 2, request.Complexity), fails(domain.ErrConflict, "within one month")},
		{"while the clock stands it is in time", given(access, asked), extended(10, 30, 2, request.Complexity), recorded},
		{"once", given(access, extended(9, 20, 1, request.Complexity)), extended(9, 21, 1, request.Complexity), fails(domain.ErrConflict, "once")},
		{"a complaint is not extended", given(received(request.Complaint)), extended(9, 20, 2, request.Complexity), fails(domain.ErrConflict, "without undue delay")},
		{"an answered request is not", given(access, found(), request.Reviewed{Of: on(9, 9)}, accepted(), answered(9, 12)), extended(9, 20, 2, request.Complexity), fails(domain.ErrConflict, "answered")},
	})
}
