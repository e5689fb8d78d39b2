package commands_test

import (
	"math/rand/v2"
	"strconv"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// matter makes a command about a person, of few ids, so that everything meets everything: what it ends stands, or does not.
func matter(rng *rand.Rand) dossier.Matter {
	id := "matter-" + strconv.Itoa(rng.IntN(4))
	systems := [][]string{nil, {"crm"}, {"another"}}[rng.IntN(3)]
	switch rng.IntN(9) {
	case 0, 1:
		return dossier.HoldPlaced{Hold: id, Ground: "legal-claim", Reference: "Claim 7", Systems: systems}
	case 2:
		return dossier.HoldReleased{Hold: id}
	case 3:
		return dossier.RestrictionPlaced{Restriction: id, Ground: "A18-1-a", Allowed: []domain.Operation{domain.Use}[:rng.IntN(2)]}
	case 4:
		return dossier.RestrictionLifted{Restriction: id, Told: noon}
	case 5:
		return dossier.ObjectionRaised{Objection: id}
	case 6:
		return dossier.ObjectionResolved{Objection: id, Overridden: rng.IntN(2) == 0, Ground: "an open claim"}
	case 7:
		return dossier.OrderEscalated{Order: id}
	default:
		return dossier.OrderSent{
			Order: id, Kind: []dossier.TaskKind{dossier.TaskErase, dossier.TaskRestrict}[rng.IntN(2)], Service: "webshop", Instruction: "orders",
			System: "crm", Reason: "retention", Due: noon,
		}
	}
}
