package casework

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/disclosures"
)

// Notices gives the orders to tell the actual recipients of a person's data that it was erased or restricted (Art. 19): one for each
// recipient that was given any of the categories under the instruction and of whom nothing says that the data is gone from there. about is
// the order that was carried out, or an order that says what was restricted; its instruction and categories may be empty for all. The
// notices have ids that follow from its, so that asking again gives the same.
//
// The service that gave the data tells the recipient; a recipient of whom no service is known is left to people. An authority that asked
// in an inquiry is no recipient (Art. 4(9)). It returns domain.ErrUnavailable.
func (c *Cases) Notices(ctx context.Context, about dossier.OrderSent) ([]dossier.OrderSent, error) {
	if _, err := c.cfg.Vault.Identifiers(ctx, about.Subject); err != nil {
		if errors.Is(err, domain.ErrForgotten) {
			return nil, nil // Nobody can say any more whom a notice would be about.
		}
		return nil, errors.Wrap(err, "person of a notice")
	}
	keys, err := c.Keys(ctx, request.Received{Of: request.Of{Controller: about.Controller}, Subjects: []domain.SubjectKey{about.Subject}})
	if err != nil {
		return nil, err
	}
	copies, err := c.Copies(ctx, about.Controller, keys)
	if err != nil {
		return nil, err
	}
	recipients := c.cfg.Ledger.State().Register.Recipients
	var list []dossier.OrderSent
	for i := range copies {
		p := &copies[i]
		who := domain.RecipientID(p.Name)
		if p.Kind != request.Recipient || who == "" || p.Service == "" || recipients[who].Kind == register.Authority {
			continue
		}
		given, categories := concerned(p, about)
		if !given {
			continue
		}
		list = append(list, dossier.OrderSent{
			Of: about.Of, Order: noticeID(about.Order, who), Kind: dossier.TaskTell, Service: p.Service, Instruction: about.Instruction,
			Categories: categories, Reason: about.Reason, Due: about.Due, Recipient: who, After: about.Order,
		})
	}
	return list, nil
}

// concerned gives those categories that a recipient has of what an order is about, and whether there are any.
func concerned(p *disclosures.Place, about dossier.OrderSent) (given bool, categories []domain.Category) {
	for _, item := range p.Items {
		if item.Closed != nil || about.Instruction != "" && item.Instruction != about.Instruction ||
			len(about.Categories) > 0 && item.Category != "" && !slices.Contains(about.Categories, item.Category) {
			continue
		}
		given = true
		if item.Category != "" && !slices.Contains(categories, item.Category) {
			categories = append(categories, item.Category)
		}
	}
	return given, categories
}

// noticeID gives the id of the notice to a recipient about an order.
func noticeID(order string, who domain.RecipientID) string {
	sum := sha256.Sum256([]byte("tell\x00" + order + "\x00" + string(who)))
	return "tell-" + hex.EncodeToString(sum[:16])
}
