package request_test

import (
	"slices"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
)

func withheld(g request.Refusal, provision string, items int) request.Reviewed {
	return request.Reviewed{Of: on(9, 9), Withheld: []request.Withheld{{Cited: request.Cited{Ground: g, Provision: provision}, Items: items}}}
}

func TestFindingAndReviewing(t *testing.T) {
	access := received(request.Access)
	many := found()
	for i := range request.MaxPlaces {
		many.Places = append(many.Places, request.Place{Kind: request.System, Name: string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	listed := func(n int) request.Reviewed {
		return request.Reviewed{Of: on(9, 9), Withheld: slices.Repeat(withheld(request.OthersRights, "", 1).Withheld, n)}
	}
	more := found(append(append([]request.Place{}, many.Places...), crm)...)
	check(t, []row{
		{"the data are in three places", given(access), found(crm, shop, printer), recorded},
		{"or nowhere", given(access), found(), recorded},
		{"a place found later is added", given(access, found(crm)), found(crm, shop), recorded},
		{"the same places again are nothing", given(access, found(crm, shop)), found(shop, crm), nothing},
		{"a place is named once", given(access), found(crm, crm), fails(domain.ErrInvalid, "once")},
		{"a place is a system, a service or a recipient", given(access), found(request.Place{Kind: "drawer", Name: "x"}), fails(domain.ErrInvalid, "system")},
		{"a system's name is no address", given(access), found(request.Place{Kind: request.System, Name: "ada@example.org"}), fails(domain.ErrInvalid, "actions name it")},
		{"a recipient's name is the register's", given(access), found(request.Place{Kind: request.Recipient, Name: "North Print"}), fails(domain.ErrInvalid, "register")},
		{"a place's service too", given(access), found(request.Place{Kind: request.System, Name: "crm", Service: "Web Shop"}), fails(domain.ErrInvalid, "register")},
		{"512 places are taken", given(access), many, recorded},
		{"513 are not", given(access), more, fails(domain.ErrInvalid, "512")},
		{"a complaint looks for nothing", given(received(request.Complaint)), found(crm), fails(domain.ErrConflict, "right that is exercised")},

		{"Art. 15(4): other people's data are left out, counted", given(access, found(crm)), withheld(request.OthersRights, "", 3), recorded},
		{"Art. 20(4): of a portable copy too", given(received(request.Portability), found(crm)), withheld(request.OthersPorted, "", 3), recorded},
		{"each by its own article", given(access, found(crm)), withheld(request.OthersPorted, "", 3), fails(domain.ErrInvalid, "15(4)")},
		{"Art. 23: another law is named", given(access, found(crm)), withheld(request.ByLaw, "DPA 2018 Sch. 2 para. 19", 1), recorded},
		{"not left unnamed", given(access, found(crm)), withheld(request.ByLaw, "", 1), fails(domain.ErrInvalid, "Article 23")},
		{"a provision holds nobody's address", given(access, found(crm)), withheld(request.ByLaw, "ada@example.org", 1), fails(domain.ErrInvalid, "one line")},
		{"Art. 12(5) withholds nothing from a copy", given(access, found(crm)), withheld(request.ManifestlyUnfounded, "", 1), fails(domain.ErrInvalid, "15(4)")},
		{"what is withheld is counted", given(access, found(crm)), withheld(request.OthersRights, "", 0), fails(domain.ErrInvalid, "at least 1")},
		{"nothing need be withheld", given(access, found(crm)), request.Reviewed{Of: on(9, 9)}, recorded},
		{"64 grounds are listed", given(access, found(crm)), listed(64), recorded},
		{"65 are not", given(access, found(crm)), listed(65), fails(domain.ErrInvalid, "at most 64")},
		{"a review comes after the search", given(access), request.Reviewed{Of: on(9, 9)}, fails(domain.ErrConflict, "find the person's data")},
		{"and before the answer", given(access, found(crm), request.Reviewed{Of: on(9, 9)}, accepted(), answered(9, 12)), withheld(request.OthersRights, "", 3), fails(domain.ErrConflict, "gone out")},
		{"a complaint has no copy", given(received(request.Complaint)), request.Reviewed{Of: on(9, 9)}, fails(domain.ErrConflict, "right that is exercised")},
	})
}

// Art. 28(3)(a): the controller decides, on grounds that the law has for the right.
func TestDeciding(t *testing.T) {
	access, erasure, restriction := received(request.Access), received(request.Erasure), received(request.Restriction)
	reviewed := request.Reviewed{Of: on(9, 9)}
	asked := request.Asked{Of: on(9, 4), For: request.Identity}
	confirmed := request.Replied{Of: on(9, 5), For: request.Identity, Enough: true}
	unsigned := accepted()
	unsigned.Warrant = domain.Warrant{}
	maybe := accepted()
	maybe.Outcome = "maybe"
	both := accepted(request.NoLongerNecessary)
	both.Refusals = []request.Cited{{Ground: request.LegalClaims}}
	later, signed := accepted(request.UnlawfulUse), accepted(request.UnlawfulUse)
	later.On, signed.Warrant.How = day("2026-09-11"), domain.BySigned
	cited := func(n int) request.Decided {
		return refused(slices.Repeat([]request.Refusal{request.LegalClaims}, n)...)
	}
	why := refused(request.LegalClaims)
	why.Grounds = []request.Ground{request.NoLongerNecessary}
	rows := []row{
		{"access is granted when the copy was reviewed", given(access, found(crm), reviewed), accepted(), recorded},
		{"Art. 15(4): not before", given(access, found(crm)), accepted(), fails(domain.ErrConflict, "15(4), 20(4)")},
		{"Art. 20(4): nor a portable copy", given(received(request.Portability), found(crm)), accepted(), fails(domain.ErrConflict, "15(4), 20(4)")},
		{"nor before anybody looked", given(access), accepted(), fails(domain.ErrConflict, "be it nowhere")},
		{"a rectification needs no ground and no copy", given(received(request.Rectification), found(crm)), accepted(), recorded},
		{"Art. 28(3)(a): who decided is documented", given(access, found(crm), reviewed), unsigned, fails(domain.ErrInvalid, "28(3)(a)")},
		{"a decision is one of three", given(access, found(crm), reviewed), maybe, fails(domain.ErrInvalid, "accepted, partly or refused")},
		{"Art. 5(1)(f), 12(6): nothing is given to somebody unconfirmed", given(access, asked, found(crm), reviewed), accepted(), fails(domain.ErrConflict, "12(6)")},
		{"once confirmed, it is", given(access, asked, confirmed, found(crm), reviewed), accepted(), recorded},
		{"Art. 12(2): who cannot be identified may be refused", given(access, asked), refused(request.IdentityFailure), recorded},
		{"not somebody who was never asked", given(access), refused(request.IdentityFailure), fails(domain.ErrConflict, "12(6)")},
		{"nor somebody who is confirmed", given(access, asked, confirmed), refused(request.IdentityFailure), fails(domain.ErrConflict, "12(6)")},
		{"Art. 12(5): a manifestly unfounded request is refused", given(access), refused(request.ManifestlyUnfounded), recorded},
		{"and a manifestly excessive one", given(access), refused(request.ManifestlyExcessive), recorded},
		{"Art. 12(4): a refusal has a ground", given(access), refused(), fails(domain.ErrInvalid, "Article 12(4)")},
		{"one of this right", given(access), refused(request.LegalClaims), fails(domain.ErrInvalid, "Article 12(4)")},
		{"and of the closed list", given(access), refused("too-much-work"), fails(domain.ErrInvalid, "Article 12(4)")},
		{"a part has one too", given(erasure, found(crm)), partly(request.NoLongerNecessary, request.LegalClaims), recorded},
		{"a part that is all accepted is none", given(erasure, found(crm)), both, fails(domain.ErrInvalid, "partly")},
		{"a refusal accepts nothing", given(erasure, found(crm)), why, fails(domain.ErrInvalid, "only for what is accepted")},
		{"the same decision again is nothing", given(erasure, found(crm), accepted(request.UnlawfulUse)), accepted(request.UnlawfulUse), nothing},
		{"decided on another day, it is another", given(erasure, found(crm), accepted(request.UnlawfulUse)), later, recorded},
		{"documented otherwise, it is another", given(erasure, found(crm), accepted(request.UnlawfulUse)), signed, recorded},
		{"on another ground, it is another", given(erasure, found(crm), accepted(request.UnlawfulUse)), accepted(request.ConsentWithdrawn), recorded},
		{"refused on another, it is another", given(erasure, refused(request.LegalClaims)), refused(request.PublicHealth), recorded},
		{"64 refusals are cited", given(erasure), cited(64), recorded},
		{"65 are not", given(erasure), cited(65), fails(domain.ErrInvalid, "Article 12(4)")},
		{"the controller may change its mind", given(erasure, found(crm), accepted(request.UnlawfulUse)), refused(request.LegalClaims), recorded},
		{"not when it is being carried out", given(erasure, found(crm), accepted(request.UnlawfulUse), ordered(crm, request.Erase)), refused(request.LegalClaims), fails(domain.ErrConflict, "being carried out")},
		{"nor when the person was answered", given(erasure, found(crm), accepted(request.UnlawfulUse), answered(9, 12)), refused(request.LegalClaims), fails(domain.ErrConflict, "answered")},

		{"Art. 17(1): an erasure names its ground", given(erasure, found(crm)), accepted(), fails(domain.ErrInvalid, "Article 17(1)(a) to (f)")},
		{"of Article 17(1)", given(erasure, found(crm)), accepted(request.AccuracyContested), fails(domain.ErrInvalid, "Article 17(1)(a) to (f)")},
		{"Art. 17(1): refused where no ground applies", given(erasure), refused(request.NoGround17), recorded},
		{"Art. 18(1): refused where no ground of its own applies", given(restriction), refused(request.NoGround18), recorded},
		{"Art. 16: refused where the data are accurate", given(received(request.Rectification)), refused(request.Accurate), recorded},
		{"Art. 20(1): refused where nothing is portable", given(received(request.Portability)), refused(request.NotPortable), recorded},
		{"Art. 22(2): refused where the law permits the decision", given(received(request.AutomatedDecision)), refused(request.DecisionMay), recorded},

		{"a complaint is upheld", given(received(request.Complaint)), accepted(), recorded},
		{"or not, without a ground of this list", given(received(request.Complaint)), refused(), recorded},
		{"its reasons stand in the letter", given(received(request.Complaint)), refused(request.ManifestlyUnfounded), fails(domain.ErrInvalid, "in the letter")},
	}
	for _, g := range request.Grounds(request.Erasure) {
		rows = append(rows, row{"erased on " + g.Article() + ": " + g.Words(), given(erasure, found(crm)), accepted(g), recorded})
		rows = append(rows, row{"not restricted on " + g.Article(), given(restriction, found(crm)), accepted(g), fails(domain.ErrInvalid, "18(1)(a) to (d)")})
	}
	for _, g := range request.Grounds(request.Restriction) {
		rows = append(rows, row{"restricted on " + g.Article() + ": " + g.Words(), given(restriction, found(crm)), accepted(g), recorded})
	}
	for _, r := range []request.Refusal{
		request.FreedomOfExpression, request.LegallyRequired, request.PublicInterest, request.OfficialAuthority,
		request.PublicHealth, request.Archiving, request.LegalClaims,
	} {
		rows = append(rows, row{r.Article() + " lets data stay: " + r.Words(), given(erasure), refused(r), recorded})
		rows = append(rows, row{r.Article() + " is for erasure only: " + r.Words(), given(restriction), refused(r), fails(domain.ErrInvalid, "Article 12(4)")})
	}
	check(t, rows)
}

// Art. 21: what may override an objection, and what may not.
func TestDecidingOnAnObjection(t *testing.T) {
	own, direct := received(request.Objection), received(request.Objection, marketing)
	both := received(request.Objection, func(r *request.Received) { r.Grounds = []request.Ground{request.OwnSituation, request.DirectMarketing} })
	asked := request.Asked{Of: on(9, 4), For: request.Identity}
	check(t, []row{
		{"Art. 21(1): compelling legitimate grounds may override", given(own), refused(request.Compelling), recorded},
		{"Art. 21(1): so may legal claims", given(own), refused(request.ClaimsBeyond), recorded},
		{"Art. 21(1): there is none against a contract", given(own), refused(request.NotObjectable), recorded},
		{"Art. 21(6): a task in the public interest may override", given(own), refused(request.PublicStudy), recorded},
		{"Art. 21(1): it is accepted", given(own, found(crm)), accepted(request.OwnSituation), recorded},
		{"Art. 21(3): nothing overrides direct marketing", given(direct), refused(request.Compelling), fails(domain.ErrConflict, "Article 21(3)")},
		{"Art. 21(3): not even that it is unfounded", given(direct), refused(request.ManifestlyUnfounded), fails(domain.ErrConflict, "Article 21(3)")},
		{"Art. 21(3): nor another basis", given(direct), refused(request.NotObjectable), fails(domain.ErrConflict, "Article 21(3)")},
		{"Art. 21(3): nor in part", given(both, found(crm)), partly(request.OwnSituation, request.Compelling), fails(domain.ErrConflict, "Article 21(3)")},
		{"Art. 21(3): the rest may be refused", given(both, found(crm)), partly(request.DirectMarketing, request.Compelling), recorded},
		{"Art. 12(2): who cannot be identified may be refused all the same", given(direct, asked), refused(request.IdentityFailure), recorded},
		{"Art. 21(3): it is accepted", given(direct, found(crm)), accepted(request.DirectMarketing), recorded},
	})
}

// Art. 28(3)(a), 29: orders carry a decision out, and only what was decided.
func TestOrdering(t *testing.T) {
	erasure := received(request.Erasure)
	ready := given(erasure, found(crm, printer), accepted(request.UnlawfulUse))
	ids := ordered(crm, request.Erase)
	ids.Order = "ask ada@example.org"
	twice := ordered(printer, request.Tell)
	twice.Order = "ord-crm"
	check(t, []row{
		{"a service is ordered to erase", ready, ordered(crm, request.Erase), recorded},
		{"Art. 19: and another to tell a recipient", ready, ordered(printer, request.Tell), recorded},
		{"a system is told nothing", ready, ordered(crm, request.Tell), fails(domain.ErrInvalid, "for recipients")},
		{"nothing else than was decided", ready, ordered(crm, request.Restrict), fails(domain.ErrInvalid, "what was decided")},
		{"where the data were found", ready, ordered(shop, request.Erase), fails(domain.ErrNotFound, "found there")},
		{"an order's id is an id", ready, ids, fails(domain.ErrInvalid, "must not identify a person")},
		{"of its own", append(ready[:3:3], ordered(crm, request.Erase)), twice, fails(domain.ErrConflict, "id of its own")},
		{"nothing is ordered before the decision", given(erasure, found(crm)), ordered(crm, request.Erase), fails(domain.ErrConflict, "28(3)(a), 29")},
		{"nor after a refusal", given(erasure, found(crm), refused(request.LegalClaims)), ordered(crm, request.Erase), fails(domain.ErrConflict, "28(3)(a), 29")},
		{"nor where the place is closed", append(ready[:3:3], erased(crm)), ordered(crm, request.Erase), fails(domain.ErrConflict, "Nothing is left")},
		{"a restriction restricts", given(received(request.Restriction), found(crm), accepted(request.AccuracyContested)), ordered(crm, request.Restrict), recorded},
		{"a rectification rectifies", given(received(request.Rectification), found(crm), accepted()), ordered(crm, request.Rectify), recorded},
		{"an objection stops", given(received(request.Objection), found(crm), accepted(request.OwnSituation)), ordered(crm, request.Stop), recorded},
		{"access changes nothing", given(received(request.Access), found(crm), request.Reviewed{Of: on(9, 9)}, accepted()), ordered(crm, request.Erase), fails(domain.ErrConflict, "end with the answer")},
	})
}
