package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

func (a *API) rightRoutes() {
	get(a, huma.Operation{
		Method: http.MethodGet, Path: "/rights", OperationID: "rights", Tags: []string{"register"},
		Summary:     "Which rights people have, by the basis on which the processing rests",
		Description: "A default to begin from, by DPV 2.3 and with the articles of each regime; the controller decides each case.",
		Parameters: append(scoped("controller"), query("regime", "string", "UK or EU; that of the controller, or both."),
			query("basis", "string", "A6-1-a to A6-1-f, or A6-1-ea of the UK; all by default.")),
	}, (*call).rights)
}

// rights lists the rights by basis.
func (c *call) rights() (wire.Rights, domain.Position, error) {
	out := wire.Rights{
		Bases: []wire.BasisRights{}, Marketing: "Whatever the basis, a person may object to direct marketing at any time, and that is final (Art. 21(2), 21(3)).",
		Source: "DPV 2.3, legal_basis_rights_mapping, and UK law since the Data (Use and Access) Act 2025. It is a default to begin from: the " +
			"controller decides each case.",
	}
	regimes, err := c.regimes()
	if err != nil {
		return out, 0, err
	}
	bases := domain.Bases()
	if text := c.query("basis"); text != "" {
		one, err := domain.ParseBasis(text)
		if err != nil {
			return out, 0, err
		}
		bases = []domain.Basis{one}
	}
	for _, r := range regimes {
		for _, b := range bases {
			of := wire.BasisRights{Regime: string(r), Basis: string(b), Article: b.Article(), Words: b.Words()}
			for _, e := range request.RightsUnder(r, b) {
				of.Rights = append(of.Rights, wire.BasisRight{
					Name: e.Name, Article: e.Article, Words: e.Words, Usual: e.Usual, Against: e.Against, Kind: string(e.Kind),
				})
			}
			if of.Rights != nil {
				out.Bases = append(out.Bases, of)
			}
		}
	}
	if len(out.Bases) == 0 {
		return out, 0, problem.New(wire.InvalidField, "the regime does not have that basis", "A6-1-ea exists in the UK regime only.")
	}
	return out, c.end(), nil
}

// regimes gives the regimes that are asked about.
func (c *call) regimes() ([]domain.Regime, error) {
	if text := c.query("regime"); text != "" {
		r, err := domain.ParseRegime(text)
		return []domain.Regime{r}, err
	}
	controller, err := parameter[domain.ControllerID](c, "controller")
	if err != nil || controller == "" {
		return []domain.Regime{domain.UK, domain.EU}, err
	}
	declared, known := c.known().Controllers[controller]
	if !known {
		return nil, problem.New(wire.NotFound, "there is no such controller", "Declare the controller in the register first.")
	}
	return []domain.Regime{declared.Regime}, nil
}
