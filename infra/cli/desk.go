package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

// obeyTime bounds how long the demo waits for orders to come, and for a case to be carried out.
const obeyTime = 30 * time.Second

// desk does what the privacy manager does, and waits until the case is where the day has it.
func (p *player) desk(ctx context.Context, step sample.Step) error {
	controller, _ := step.Service()
	path := "/controllers/" + controller + "/" + step.Post
	if step.Until != "" {
		return p.caseAt(ctx, path, step.Until)
	}
	body, err := step.BodyJSON(p.midnight)
	if err != nil {
		return err
	}
	p.played.desk++
	return p.ledger.call(ctx, http.MethodPost, path, "", body, nil)
}

// caseAt waits until a case is at a stage: it gets there by what services record.
func (p *player) caseAt(ctx context.Context, path, stage string) error {
	ctx, cancel := context.WithTimeout(ctx, obeyTime)
	defer cancel()
	for {
		var c wire.Case
		if err := p.ledger.call(ctx, http.MethodGet, path, "", nil, &c); err != nil {
			return err
		}
		if c.Stage == stage {
			return nil
		}
		select {
		case <-ctx.Done():
			return &failure{domain.ErrUnavailable, "The case " + c.Case + " stays at " + c.Stage + ".", "Run the demo with -v to see what it logs.", nil}
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// obey lets a service take its orders and answer them, until it has answered as many as the day has.
func (p *player) obey(ctx context.Context, s *simulated, step sample.Step) error {
	at, err := step.Time(p.midnight)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, obeyTime)
	defer cancel()
	var failed error
	answered := 0
	if err := s.client.Orders(ctx, func(ctx context.Context, o client.Order) error {
		receipt, err := o.Answer(ctx, client.Action{Time: at, Location: step.Location, Announced: p.announced[step.Confirms]})
		if err == nil {
			p.took(step, at, receipt)
			answered++
		}
		if failed = err; err != nil || answered == step.Orders {
			cancel()
		}
		return err
	}); err != nil {
		return fromClient(err)
	}
	if failed != nil {
		return fromClient(failed)
	}
	if answered < step.Orders {
		return &failure{domain.ErrUnavailable, fmt.Sprintf("%s had %d orders of %d.", step.By, answered, step.Orders), "Run the demo with -v to see what it logs.", nil}
	}
	p.played.obeyed += answered
	return nil
}

// took takes in the receipt of an action.
func (p *player) took(step sample.Step, at time.Time, receipt client.Receipt) (codes []string) {
	p.played.actions++
	p.played.entries += receipt.Events
	for _, f := range receipt.Findings {
		codes = append(codes, f.Code)
		p.played.found = append(p.played.found, []string{brief(at), step.By, f.Message + " (" + f.Article + ")"})
	}
	return codes
}

// deskWords shows what came to the privacy manager's desk: the cases with both clocks, orders, and what must not be told.
func (p *program) deskWords(ctx context.Context, player *player) error {
	var list wire.CaseList
	if err := p.ledger().call(ctx, http.MethodGet, "/cases?all=true&limit=100", "", nil, &list); err != nil {
		return err
	}
	var orders wire.CourtOrders
	regulator := p.ledger()
	regulator.as = http.Header{wire.HeaderActor: {"demo"}, wire.HeaderReason: {"authority"}}
	if err := regulator.call(ctx, http.MethodGet, "/controllers/"+demoController+"/court-orders?secret=count", "", nil, &orders); err != nil {
		return err
	}
	p.title("The privacy manager's desk")
	p.say(fmt.Sprintf("People exercised their rights %d times or complained; services answered %d orders of the ledger. %s be told of yet: what "+
		"the law hides is counted for the regulator, and shown nowhere.", len(list.Cases), player.played.obeyed, mustNot(orders.Secret)), "")
	if err := p.caseTable(list); err != nil {
		return err
	}
	p.say("")
	return nil
}

func mustNot(n int) string {
	if n == 1 {
		return "1 order of a court or an authority must not"
	}
	return fmt.Sprintf("%d orders of courts or authorities must not", n)
}
