package request_test

import (
	"slices"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
)

// Art. 17(1), 17(3), 19: a place closes by an event or a cited exemption.
func TestClosingAPlace(t *testing.T) {
	erasure := given(received(request.Erasure), found(crm, shop, printer), accepted(request.NoLongerNecessary))
	settled := func(change func(*request.Settled)) request.Settled {
		e := erased(crm)
		change(&e)
		return e
	}
	byOrder := request.Settled{Of: on(9, 14), Place: crm, How: request.ByOrder, Order: "ord-crm"}
	rectified := settled(func(e *request.Settled) { e.Operation, e.Erases = domain.Alter, false })
	cited := func(p request.Place, r request.Refusal, provision string) request.Settled {
		e := exempt(p, r)
		e.Exemption.Provision = provision
		return e
	}
	done := append(erasure[:3:3], erased(crm))
	rows := []row{}
	for name, change := range map[string]func(*request.Settled){
		"day":       func(e *request.Settled) { e.On = day("2026-09-15") },
		"way":       func(e *request.Settled) { e.How = request.ByAbsence },
		"event":     func(e *request.Settled) { e.Event = "evt-9" },
		"source":    func(e *request.Settled) { e.Source = "/fenland/crm" },
		"order":     func(e *request.Settled) { e.Order = "ord-9" },
		"operation": func(e *request.Settled) { e.Operation = domain.Destruct },
		"count":     func(e *request.Settled) { e.Erases = false },
		"exemption": func(e *request.Settled) { e.Exemption = &request.Cited{Ground: request.LegalClaims} },
	} {
		rows = append(rows, row{"a closed place is not closed again with another " + name, done, settled(change), fails(domain.ErrConflict, "stands")})
	}
	check(t, rows)
	stays := append(erasure[:3:3], exempt(crm, request.LegalClaims))
	check(t, []row{
		{"an exemption stands against another", stays, exempt(crm, request.LegallyRequired), fails(domain.ErrConflict, "stands")},
		{"and against evidence", stays, erased(crm), fails(domain.ErrConflict, "stands")},
		{"Art. 17(1): by the removal recorded", erasure, erased(crm), recorded},
		{"Art. 5(2): named by its id", erasure, settled(func(e *request.Settled) { e.Event = "" }), fails(domain.ErrInvalid, "Article 5(2)")},
		{"not by an action that removes nothing", erasure, settled(func(e *request.Settled) { e.Operation = domain.Store }), fails(domain.ErrConflict, "counts as erasure")},
		{"not by a removal that the instruction does not count", erasure, settled(func(e *request.Settled) { e.Operation, e.Erases = domain.Delete, false }), fails(domain.ErrConflict, "counts as erasure")},
		{"by a deletion that it counts", erasure, settled(func(e *request.Settled) { e.Operation = domain.Delete }), recorded},
		{"not by an operation that does not exist", erasure, settled(func(e *request.Settled) { e.Operation = "Vanish" }), fails(domain.ErrInvalid, "Article 4(2)")},
		{"by the order confirmed", append(erasure[:3:3], ordered(crm, request.Erase)), byOrder, recorded},
		{"that was issued", erasure, byOrder, fails(domain.ErrConflict, "issued for this place")},
		{"for this place", append(erasure[:3:3], ordered(shop, request.Erase)), byOrder, fails(domain.ErrConflict, "issued for this place")},
		{"Art. 19: by the recipient told", erasure, told(printer), recorded},
		{"not by a system told", erasure, told(crm), fails(domain.ErrInvalid, "Article 19")},
		{"by nothing being there", erasure, request.Settled{Of: on(9, 14), Place: crm, How: request.ByAbsence}, recorded},
		{"Art. 17(3)(b): by an exemption", erasure, exempt(crm, request.LegallyRequired), recorded},
		{"Art. 17(3): that is cited", erasure, request.Settled{Of: on(9, 14), Place: crm, How: request.ByExemption}, fails(domain.ErrInvalid, "Article 17(3)")},
		{"of this right", erasure, exempt(crm, request.Compelling), fails(domain.ErrInvalid, "Article 17(3)")},
		{"Art. 12(5) lets no data stay", erasure, exempt(crm, request.ManifestlyUnfounded), fails(domain.ErrInvalid, "Article 17(3)")},
		{"Art. 23: by a law that is named", erasure, cited(crm, request.ByLaw, "DPA 2018 Sch. 2 para. 5"), recorded},
		{"Art. 23: by none that is not", erasure, cited(crm, request.ByLaw, ""), fails(domain.ErrInvalid, "Article 23")},
		{"Art. 19: a recipient that cannot be told", erasure, exempt(printer, request.TellingTooFar), recorded},
		{"Art. 19: a system is no recipient", erasure, exempt(crm, request.TellingTooFar), fails(domain.ErrInvalid, "Article 17(3)")},
		{"not by evidence and exemption at once", erasure, settled(func(e *request.Settled) { e.Exemption = &request.Cited{Ground: request.LegalClaims} }), fails(domain.ErrInvalid, "not by both")},
		{"somehow", erasure, settled(func(e *request.Settled) { e.How = "trust" }), fails(domain.ErrInvalid, "exemption or absent")},
		{"where the data were found", given(received(request.Erasure), found(shop), accepted(request.UnlawfulUse)), erased(crm), fails(domain.ErrNotFound, "found there")},
		{"once", append(erasure[:3:3], erased(crm)), exempt(crm, request.LegalClaims), fails(domain.ErrConflict, "stands")},
		{"not before the controller decided", given(received(request.Erasure), found(crm)), erased(crm), fails(domain.ErrConflict, "28(3)(a), 29")},
		{"Art. 16: a rectification by a correction", given(received(request.Rectification), found(crm), accepted()), rectified, recorded},
		{"Art. 16: left where the data are accurate", given(received(request.Rectification), found(crm), accepted()), exempt(crm, request.Accurate), recorded},
		{"Art. 21(1): left where claims override", given(received(request.Objection), found(crm), accepted(request.OwnSituation)), exempt(crm, request.ClaimsBeyond), recorded},
		{"access closes no places", given(received(request.Access), found(crm), request.Reviewed{Of: on(9, 9)}, accepted()), erased(crm), fails(domain.ErrConflict, "end with the answer")},
	})
}

// Art. 12(3), 12(4), 17, 19: when the person may be answered and the case closed.
func TestAnsweringAndClosing(t *testing.T) {
	erasure := given(received(request.Erasure), found(crm, printer), accepted(request.NoLongerNecessary))
	with := func(steps ...request.Step) []request.Step { return append(erasure[:3:3], steps...) }
	access := given(received(request.Access), found(crm), request.Reviewed{Of: on(9, 9)}, accepted())
	late := given(received(request.Complaint), accepted(), answered(10, 6))
	inPart := closed(request.Partly)
	check(t, []row{
		{"the person is answered when it is decided", with(), answered(9, 16), recorded},
		{"not before", given(received(request.Erasure)), answered(9, 16), fails(domain.ErrConflict, "28(3)(a)")},
		{"nor on a day before", with(), answered(9, 9), fails(domain.ErrInvalid, "day on which the person")},
		{"once", with(answered(9, 16)), answered(9, 17), fails(domain.ErrConflict, "first answer")},
		{"Art. 12(4): a refusal names the remedies", given(received(request.Erasure), refused(request.LegalClaims)), answered(9, 16), fails(domain.ErrInvalid, "judicial remedy")},
		{"Art. 12(4): then it is one", given(received(request.Erasure), refused(request.LegalClaims)), remedies(9, 16), recorded},
		{"Art. 12(4): a part names them too", given(received(request.Erasure), found(crm), partly(request.UnlawfulUse, request.LegalClaims)), answered(9, 16), fails(domain.ErrInvalid, "judicial remedy")},

		{"Art. 17, 19: closed when every place and recipient is", with(erased(crm), told(printer), answered(9, 16)), closed(request.Accepted), recorded},
		{"by an event or an exemption", with(exempt(crm, request.LegallyRequired), exempt(printer, request.TellingTooFar), answered(9, 16)), closed(request.Accepted), recorded},
		{"not while a system is open", with(told(printer), answered(9, 16)), closed(request.Accepted), fails(domain.ErrConflict, "Articles 17(3), 19")},
		{"not while a recipient is", with(erased(crm), answered(9, 16)), closed(request.Accepted), fails(domain.ErrConflict, "Articles 17(3), 19")},
		{"not while a place found later is", with(erased(crm), told(printer), answered(9, 16), found(shop)), closed(request.Accepted), fails(domain.ErrConflict, "Articles 17(3), 19")},
		{"in part, not while any is", given(received(request.Erasure), found(crm), partly(request.UnlawfulUse, request.LegalClaims), remedies(9, 16)), inPart, fails(domain.ErrConflict, "Articles 17(3), 19")},
		{"in part, when what stays is exempt", given(received(request.Erasure), found(crm), partly(request.UnlawfulUse, request.LegalClaims), exempt(crm, request.LegalClaims), remedies(9, 16)), inPart, recorded},
		{"where nothing was found there is nothing to close", given(received(request.Erasure), found(), accepted(request.UnlawfulUse), answered(9, 16)), closed(request.Accepted), recorded},
		{"not before the person was answered", with(erased(crm), told(printer)), closed(request.Accepted), fails(domain.ErrConflict, "Article 12(3)")},
		{"with the outcome decided", with(erased(crm), told(printer), answered(9, 16)), closed(request.Refused), fails(domain.ErrInvalid, "controller decided")},
		{"a refusal closes with its places open", given(received(request.Erasure), found(crm), refused(request.LegalClaims), remedies(9, 16)), closed(request.Refused), recorded},
		{"access closes with the answer", append(access[:4:4], answered(9, 16)), closed(request.Accepted), recorded},
		{"Art. 19 does not have recipients told of an objection", given(received(request.Objection), found(printer), accepted(request.OwnSituation), answered(9, 16)), closed(request.Accepted), recorded},
		{"Art. 19 has them told of a restriction", given(received(request.Restriction), found(printer), accepted(request.AccuracyContested), answered(9, 16)), closed(request.Accepted), fails(domain.ErrConflict, "Articles 17(3), 19")},
		{"Art. 19 has them told of a rectification", given(received(request.Rectification), found(printer), accepted(), told(printer), answered(9, 16)), closed(request.Accepted), recorded},
		{"a closed case takes no step", append(access[:4:4], answered(9, 16), closed(request.Accepted)), found(shop), fails(domain.ErrConflict, "new case")},
		{"closing on another day is a step too many", append(access[:4:4], answered(9, 16), closed(request.Accepted)), request.Closed{Of: on(12, 2), Outcome: request.Accepted}, fails(domain.ErrConflict, "new case")},
		{"closing with another outcome is one", append(access[:4:4], answered(9, 16), closed(request.Accepted)), closed(request.Refused), fails(domain.ErrConflict, "new case")},
		{"closing what was withdrawn is one", given(received(request.Access), request.Withdrawn{Of: on(12, 1)}), closed(request.Accepted), fails(domain.ErrConflict, "new case")},
		{"withdrawing on another day is one", given(received(request.Access), request.Withdrawn{Of: on(12, 1)}), request.Withdrawn{Of: on(12, 2)}, fails(domain.ErrConflict, "new case")},
		{"handing over to somebody else is one", given(received(request.Access), request.Transferred{Of: on(12, 1), To: "ouse"}), request.Transferred{Of: on(12, 1)}, fails(domain.ErrConflict, "new case")},
		{"handing over on another day is one", given(received(request.Access), request.Transferred{Of: on(12, 1)}), request.Transferred{Of: on(12, 2)}, fails(domain.ErrConflict, "new case")},
		{"handing over what was withdrawn is one", given(received(request.Access), request.Withdrawn{Of: on(12, 1)}), request.Transferred{Of: on(12, 1)}, fails(domain.ErrConflict, "new case")},
		{"closing again is nothing", append(access[:4:4], answered(9, 16), closed(request.Accepted)), closed(request.Accepted), nothing},

		{"Art. 28(3)(e): our part is delivered to the client", access, request.Delivered{Of: on(9, 15)}, recorded},
		{"once only", append(access[:4:4], request.Delivered{Of: on(9, 15)}), request.Delivered{Of: on(9, 16)}, fails(domain.ErrConflict, "first delivery")},
		{"when there is one", given(received(request.Access)), request.Delivered{Of: on(9, 15)}, fails(domain.ErrConflict, "28(3)(e)")},

		{"s.164A: a complaint acknowledged and answered closes", given(received(request.Complaint), request.Acknowledged{Of: on(9, 4)}, accepted(), answered(10, 6)), closed(request.Accepted), recorded},
		{"s.164A: one answered late was to be acknowledged", late, closed(request.Accepted), fails(domain.ErrConflict, "s.164A")},
		{"s.164A: a late acknowledgement is recorded too", append(late[:3:3], request.Acknowledged{Of: on(10, 6)}), closed(request.Accepted), recorded},
		{"ICO: one answered within the 30 days was not", given(received(request.Complaint), accepted(), answered(10, 5)), closed(request.Accepted), recorded},
		{"the EU regime asks for no acknowledgement", given(received(request.Complaint, inEU), accepted(), answered(11, 6)), closed(request.Accepted), recorded},
		{"a complaint not upheld needs no remedies named", given(received(request.Complaint), refused()), answered(9, 16), recorded},
	})
}

// Art. 31, 77, 78(2): letters to and from the authority.
func TestCorrespondingWithTheAuthority(t *testing.T) {
	letter := request.Corresponded{Of: on(9, 20), Authority: "ico", Direction: request.Incoming, Reference: "IC-123456-A1B2"}
	reply := request.Corresponded{Of: on(9, 22), Authority: "ico", Direction: request.Outgoing}
	changed := func(change func(*request.Corresponded)) request.Corresponded { l := letter; change(&l); return l }
	complaint := given(received(request.Complaint))
	over := given(received(request.Complaint), accepted(), answered(9, 12), request.Closed{Of: on(9, 13), Outcome: request.Accepted})
	check(t, []row{
		{"the authority's letter is recorded", complaint, letter, recorded},
		{"and the reply", append(complaint[:1:1], letter), reply, recorded},
		{"after the case was closed too", over, letter, recorded},
		{"a letter is of a complaint", given(received(request.Access)), letter, fails(domain.ErrConflict, "Article 77")},
		{"with an authority", complaint, changed(func(l *request.Corresponded) { l.Authority = "" }), fails(domain.ErrInvalid, "for example ico")},
		{"in or out", complaint, changed(func(l *request.Corresponded) { l.Direction = "up" }), fails(domain.ErrInvalid, "came in or went out")},
		{"the same letter again is nothing", append(complaint[:1:1], letter), letter, nothing},
		{"another day's letter is another", append(complaint[:1:1], letter), changed(func(l *request.Corresponded) { l.On = day("2026-09-21") }), recorded},
		{"another authority's too", append(complaint[:1:1], letter), changed(func(l *request.Corresponded) { l.Authority = "dpc" }), recorded},
		{"and the other way", append(complaint[:1:1], letter), changed(func(l *request.Corresponded) { l.Direction = request.Outgoing }), recorded},
		{"and under another reference", append(complaint[:1:1], letter), changed(func(l *request.Corresponded) { l.Reference = "IC-2" }), recorded},
		{"its reference names nobody", complaint, changed(func(l *request.Corresponded) { l.Reference = "ada@example.org" }), fails(domain.ErrInvalid, "without names")},
	})
}

func TestTheTwoClocks(t *testing.T) {
	access := received(request.Access)
	ask := func(q request.Question, d int) request.Asked { return request.Asked{Of: on(9, d), For: q} }
	reply := func(q request.Question, d int) request.Replied {
		return request.Replied{Of: on(9, d), For: q, Enough: true}
	}
	extended := request.Extended{Of: on(9, 20), Months: 2, Reasons: []request.Reason{request.Complexity}}
	reviewed := request.Reviewed{Of: on(9, 9)}
	for _, row := range []struct {
		rule     string
		given    []request.Step
		legal    string
		now      calendar.Standing
		promised string
		promise  calendar.Standing
	}{
		{"one month, and ten working days", given(access), "2026-10-05", calendar.Running, "2026-09-17", calendar.Running},
		{"in the EU regime, Unity Day is a Saturday", given(received(request.Access, inEU)), "2026-10-05", calendar.Running, "2026-09-17", calendar.Running},
		{"the promise runs from when it reached us", given(received(request.Access, func(r *request.Received) { r.Reached = day("2026-09-07") })), "2026-10-05", calendar.Running, "2026-09-21", calendar.Running},
		{"nothing promised", given(received(request.Access, func(r *request.Received) { r.Promise = calendar.Promise{} })), "2026-10-05", calendar.Running, "", calendar.NoPeriod},
		{"UK: paused for clarification", given(access, ask(request.Clarification, 10)), "", calendar.Paused, "2026-09-17", calendar.Running},
		{"UK: four days later", given(access, ask(request.Clarification, 10), reply(request.Clarification, 13)), "2026-10-07", calendar.Running, "2026-09-17", calendar.Running},
		{"UK: an erasure is not paused", given(received(request.Erasure), ask(request.Clarification, 10)), "2026-10-05", calendar.Running, "2026-09-17", calendar.Running},
		{"UK: the month begins with the proof of identity", given(access, ask(request.Identity, 4), reply(request.Identity, 8)), "2026-10-08", calendar.Running, "2026-09-17", calendar.Running},
		{"UK: a proof that is not enough begins nothing", given(access, ask(request.Identity, 4), request.Replied{Of: on(9, 8), For: request.Identity}), "", calendar.NotStarted, "2026-09-17", calendar.Running},
		{"UK: the month begins with the fee", given(access, ask(request.Fee, 4), reply(request.Fee, 9)), "2026-10-09", calendar.Running, "2026-09-17", calendar.Running},
		{"EU: clarification does not pause", given(received(request.Access, inEU), ask(request.Clarification, 10), reply(request.Clarification, 13)), "2026-10-05", calendar.Running, "2026-09-17", calendar.Running},
		{"extended", given(access, extended), "2026-12-03", calendar.Running, "2026-09-17", calendar.Running},
		{"answered in time, delivered before", given(access, found(), reviewed, accepted(), request.Delivered{Of: on(9, 11)}, answered(10, 5)), "2026-10-05", calendar.Met, "2026-09-17", calendar.Met},
		{"answered late, delivered late", given(access, found(), reviewed, accepted(), request.Delivered{Of: on(9, 18)}, answered(10, 6)), "2026-10-05", calendar.Missed, "2026-09-17", calendar.Missed},
		{"answered by us, nothing is left to deliver", given(access, found(), reviewed, accepted(), answered(9, 17)), "2026-10-05", calendar.Met, "2026-09-17", calendar.Met},
		{"withdrawn", given(access, request.Withdrawn{Of: on(9, 16)}), "2026-10-05", calendar.Stopped, "2026-09-17", calendar.Stopped},
		{"withdrawn when the promise was broken", given(access, request.Withdrawn{Of: on(9, 18)}), "2026-10-05", calendar.Stopped, "2026-09-17", calendar.Missed},
		{"handed over", given(access, request.Transferred{Of: on(9, 16)}), "2026-10-05", calendar.Stopped, "2026-09-17", calendar.Stopped},
		{"s.164A: a complaint's acknowledgement", given(received(request.Complaint)), "2026-10-05", calendar.Running, "2026-09-17", calendar.Running},
		{"s.164A: acknowledged", given(received(request.Complaint), request.Acknowledged{Of: on(10, 5)}), "2026-10-05", calendar.Met, "2026-09-17", calendar.Running},
		{"s.164A: answered first, acknowledged never", given(received(request.Complaint), accepted(), answered(9, 16)), "2026-10-05", calendar.Met, "2026-09-17", calendar.Met},
		{"s.164A: acknowledged in time, answered after", given(received(request.Complaint), request.Acknowledged{Of: on(10, 5)}, accepted(), answered(10, 20)), "2026-10-05", calendar.Met, "2026-09-17", calendar.Missed},
		{"s.164A: answered in time, acknowledged after", given(received(request.Complaint), accepted(), answered(10, 5), request.Acknowledged{Of: on(10, 6)}), "2026-10-05", calendar.Met, "2026-09-17", calendar.Missed},
		{"delivered in time, answered after", given(access, found(), reviewed, accepted(), request.Delivered{Of: on(9, 17)}, answered(9, 18)), "2026-10-05", calendar.Met, "2026-09-17", calendar.Met},
		{"answered in time, delivered after", given(access, found(), reviewed, accepted(), answered(9, 17), request.Delivered{Of: on(9, 18)}), "2026-10-05", calendar.Met, "2026-09-17", calendar.Met},
		{"EU: no period for a complaint", given(received(request.Complaint, inEU)), "", calendar.NoPeriod, "2026-09-17", calendar.Running},
	} {
		t.Run(row.rule, func(t *testing.T) {
			s := state(t, row.given)
			if w := s.Legal(); w.Due.String() != row.legal || w.Now != row.now {
				t.Errorf("in law %q %s, want %q %s: %v", w.Due, w.Now, row.legal, row.now, w.Steps)
			}
			if w := s.Promised(); w.Due.String() != row.promised || w.Now != row.promise {
				t.Errorf("promised %q %s, want %q %s: %v", w.Due, w.Now, row.promised, row.promise, w.Steps)
			}
		})
	}
}

// OpenDSR 2.0, 8.5: every callback is called when the status changes.
func TestWhoIsToldOfAStatus(t *testing.T) {
	const a, b = "https://a.example.org/", "https://b.example.org/"
	viaDSR := received(request.Erasure, func(r *request.Received) { r.Channel, r.Callbacks = request.ViaOpenDSR, []string{a, b} })
	told := func(to string, status request.DSRStatus, delivered bool) request.Notified {
		return request.Notified{Of: on(9, 9), Callback: to, Status: status, Delivered: delivered}
	}
	for _, row := range []struct {
		rule  string
		given []request.Step
		want  []string
		as    request.DSRStatus
	}{
		{"nobody, while it is pending as the answer said", given(viaDSR), nil, ""},
		{"all, when it is in progress", given(viaDSR, found(crm)), []string{a, b}, request.DSRInProgress},
		{"those that were not told yet", given(viaDSR, found(crm), told(a, request.DSRInProgress, true)), []string{b}, request.DSRInProgress},
		{"nobody again who could not be told", given(viaDSR, found(crm), told(a, request.DSRInProgress, false), told(b, request.DSRInProgress, true)), nil, ""},
		{"all, when it changes again", given(viaDSR, found(crm), told(a, request.DSRInProgress, false), told(b, request.DSRInProgress, true), request.Withdrawn{Of: on(9, 10)}), []string{a, b}, request.DSRCancelled},
		{"nobody of a request without callbacks", given(received(request.Erasure), found(crm)), nil, ""},
	} {
		var got []string
		for _, n := range state(t, row.given).Untold() {
			got = append(got, n.Callback)
			if n.Status != row.as {
				t.Errorf("%s: %s is told %s", row.rule, n.Callback, n.Status)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %v", row.rule, got)
		}
	}
	check(t, []row{
		{"a callback is told of", given(viaDSR, found(crm)), told(a, request.DSRInProgress, true), recorded},
		{"also when the case is over", given(viaDSR, request.Withdrawn{Of: on(9, 8)}), told(a, request.DSRCancelled, true), recorded},
		{"once", given(viaDSR, found(crm), told(a, request.DSRInProgress, true)), told(a, request.DSRInProgress, true), nothing},
		{"one that the request names", given(viaDSR, found(crm)), told("https://c.example.org/", request.DSRInProgress, true), fails(domain.ErrConflict, "came with the request")},
		{"in OpenDSR's words", given(viaDSR, found(crm)), told(a, "refused", true), fails(domain.ErrInvalid, "OpenDSR 2.0")},
	})
}
