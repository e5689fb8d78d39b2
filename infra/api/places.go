package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
)

// personPlaces gives where copies of a person's data are or were.
func (c *call) personPlaces(in wire.PlacesQuery) (wire.Places, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Places{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Places}); err != nil {
		return wire.Places{}, 0, err
	}
	view, err := c.disclosed()
	if err != nil {
		return wire.Places{}, 0, err
	}
	list, at, err := view.Places(c.ctx(), p.controller, p.keys, projections.Sight{Now: c.now(), Orders: c.secretOrders()})
	if err != nil {
		return wire.Places{}, 0, errors.Wrap(err, "places of a person's data")
	}
	at = c.stood(at)
	out := wire.Places{Controller: string(p.controller), On: c.asked(), Places: make([]wire.DataPlace, len(list)), Position: uint64(at)}
	names := c.names(p.controller)
	for i := range list {
		out.Places[i] = c.dataPlace(&list[i], names)
	}
	return out, at, nil
}

// dataPlace writes a place in the contract's words.
func (c *call) dataPlace(p *disclosures.Place, names sentence.Names) wire.DataPlace {
	w := wire.DataPlace{
		Kind: string(p.Kind), Name: p.Name, Service: string(p.Service), Open: p.Open, Locations: texts(p.Locations), From: p.From,
		First: p.First, FirstPosition: c.placed(p.FirstAt), Last: p.Last, LastPosition: c.placed(p.LastAt),
		Items: make([]wire.PlacedItem, len(p.Items)), Told: c.placeClosing(p.Told), Sentence: dataPlaceSentence(p, names),
	}
	for i, item := range p.Items {
		w.Items[i] = wire.PlacedItem{
			Category: string(item.Category), Instruction: string(item.Instruction), Version: item.Version, Brought: c.placed(item.Brought),
			Closed: c.placeClosing(item.Closed), Removal: c.placeClosing(item.Removal),
		}
	}
	return w
}

func (c *call) placeClosing(of *disclosures.Closing) *wire.PlaceClosing {
	if of == nil {
		return nil
	}
	return &wire.PlaceClosing{Position: c.placed(of.Position), Time: of.Time, Operation: string(of.Operation), Order: of.Order}
}

// dataPlaceSentence says what of a person's data is in a place, such as "crm (GB): Name, since 12 March 2026".
func dataPlaceSentence(p *disclosures.Place, names sentence.Names) string {
	where := p.Name
	switch p.Kind {
	case request.Recipient:
		if where = "A recipient that nobody named"; p.Name != "" {
			if where = names.Recipient(domain.RecipientID(p.Name)); where == "" {
				where = p.Name
			}
		}
	case request.Service:
		where = "The service " + p.Name
	case request.System:
	}
	if len(p.Locations) > 0 {
		where += " (" + strings.Join(texts(p.Locations), ", ") + ")"
	}
	var open, ended []domain.Category
	removed := ""
	for _, item := range p.Items {
		if item.Closed == nil {
			open = append(open, item.Category)
			if item.Removal != nil {
				removed = ", of which some was removed in a way that does not count as erasure"
			}
			continue
		}
		ended = append(ended, item.Category)
	}
	s := where + ": "
	if len(open) > 0 {
		s += sentence.Categories(onlyNamed(open)) + ", since " + sentence.Day(p.First) + removed
		if len(ended) > 0 {
			s += "; "
		}
	}
	if len(ended) > 0 {
		s += sentence.Categories(onlyNamed(ended)) + " no longer"
	}
	if p.Told != nil {
		s += "; told on " + sentence.Day(p.Told.Time) + " what became of it, Art. 19"
	}
	return s
}

// onlyNamed leaves out what has no name, and gives each once.
func onlyNamed(list []domain.Category) []domain.Category {
	return slices.DeleteFunc(distinct(list), func(c domain.Category) bool { return c == "" })
}

// distinct gives a sorted list in which each stands once.
func distinct[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func entries(n uint64) string {
	if n == 1 {
		return "1 entry"
	}
	return strconv.FormatUint(n, 10) + " entries"
}
