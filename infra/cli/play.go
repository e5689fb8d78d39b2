package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

// player plays the sample day: each service has its own connection to NATS, as it would in the world.
type player struct {
	ledger   remote
	natsURL  string
	midnight time.Time
	services map[string]*simulated
	played   played
	// announced holds the ids of the announcements by their names.
	announced map[string]string
}

// simulated is one service of the sample.
type simulated struct {
	conn   *nats.Conn
	client *client.Client
}

// played is what came of the day.
type played struct {
	actions, said, entries, links, asked, refused, repeated, aside, desk, obeyed int

	found [][]string // when, who, what
}

// day gives the midnight with which the last whole working day began.
func day(now time.Time) time.Time {
	now = now.UTC()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	if now.Hour() < 18 {
		midnight = midnight.AddDate(0, 0, -1)
	}
	return midnight
}

// play takes the steps one after the other.
func (p *player) play(ctx context.Context) (err error) {
	steps, err := sample.Day()
	if err != nil {
		return err
	}
	slices.SortStableFunc(steps, func(a, b sample.Step) int { return strings.Compare(a.At, b.At) })
	defer func() { err = errors.CombineErrors(err, p.close(ctx)) }()
	for n, step := range steps {
		if step.Way == sample.Desk {
			if err := p.desk(ctx, step); err != nil {
				return errors.Wrapf(err, "step %d of the day, at the desk", n)
			}
			continue
		}
		s, err := p.service(ctx, step)
		if err != nil {
			return errors.Wrapf(err, "step %d of the day", n)
		}
		if err := p.step(ctx, s, step); err != nil {
			return errors.Wrapf(err, "step %d of the day, by %s", n, errors.Safe(step.By))
		}
	}
	return nil
}

// service gives the step's service, connected on its first step.
func (p *player) service(ctx context.Context, step sample.Step) (*simulated, error) {
	if s, connected := p.services[step.By]; connected {
		return s, nil
	}
	controller, service := step.Service()
	conn, err := nats.Connect(p.natsURL, nats.Name("daybook demo "+step.By))
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "connect a simulated service"), err)
	}
	c, err := client.Connect(ctx, "", client.WithConn(conn), client.WithController(controller), client.WithService(service))
	if err != nil {
		conn.Close()
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "start a simulated service"), err)
	}
	s := &simulated{conn, c}
	p.services[step.By] = s
	return s, nil
}

func (p *player) close(ctx context.Context) (err error) {
	for _, s := range p.services {
		err = errors.CombineErrors(err, s.client.Close(ctx))
		s.conn.Close()
	}
	return err
}

func (p *player) step(ctx context.Context, s *simulated, step sample.Step) error {
	action, err := p.action(step)
	if err != nil {
		return err
	}
	switch step.Way {
	case sample.Ask:
		return p.ask(ctx, s, step, action)
	case sample.Link:
		return p.link(ctx, step)
	case sample.Inbox:
		return p.inbox(ctx, s, step, action)
	case sample.Raw:
		p.played.aside++
		return p.publish(ctx, s, step, []byte(step.Raw))
	case sample.Consent, sample.Withdraw, sample.Object, sample.Occasion, sample.Announce, sample.Count:
		return p.say(ctx, s, step, action)
	case sample.Obey:
		return p.obey(ctx, s, step)
	default:
		return p.record(ctx, s, step, action)
	}
}

func (p *player) action(step sample.Step) (client.Action, error) {
	at, err := step.Time(p.midnight)
	if err != nil {
		return client.Action{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return client.Action{}, errors.Wrap(err, "make an id")
	}
	return client.Action{
		ID: id.String(), Time: at, Operation: step.Operation, Subjects: step.Who, Instruction: step.Under, Categories: step.What,
		System: step.System, Location: step.Location, Recipient: step.Recipient, Basis: step.Basis, Details: step.Details,
		Announced: p.announced[step.Confirms], Order: step.Order,
	}, nil
}

// record waits for the receipt, and for a second one where the step is sent twice.
func (p *player) record(ctx context.Context, s *simulated, step sample.Step, action client.Action) error {
	receipt, err := s.client.Record(ctx, action)
	if err != nil {
		return fromClient(err)
	}
	codes := p.took(step, action.Time, receipt)
	if !foreseen(codes, step.Expect) {
		return errors.AssertionFailedf("the sample means to show other findings than %v", errors.Safe(codes))
	}
	if !step.Again {
		return nil
	}
	second, err := s.client.Record(ctx, action)
	if err != nil {
		return fromClient(err)
	}
	if !second.Duplicate || second.Position != receipt.Position {
		return errors.AssertionFailedf("a repetition was recorded at %d again", errors.Safe(second.Position))
	}
	p.played.repeated++
	return nil
}

// say records what a service says beside what it did.
func (p *player) say(ctx context.Context, s *simulated, step sample.Step, a client.Action) (err error) {
	about := client.About{ID: a.ID, Time: a.Time}
	var receipt client.Receipt
	switch step.Way {
	case sample.Consent:
		receipt, err = s.client.Consent(ctx, client.Consent{About: about, Subjects: step.Who, Instruction: step.Under, How: step.How})
	case sample.Withdraw:
		receipt, err = s.client.WithdrawConsent(ctx, client.Consent{About: about, Subjects: step.Who, Instruction: step.Under, How: step.How})
	case sample.Object:
		receipt, err = s.client.Object(ctx, client.Objection{About: about, Subjects: step.Who, Instruction: step.Under, Marketing: step.Marketing})
	case sample.Occasion:
		receipt, err = s.client.Occasion(ctx, client.Occasion{About: about, Occasion: step.Occasion, Subjects: step.Who, Instruction: step.Under})
	case sample.Count:
		receipt, err = s.client.Count(ctx, client.Count{About: about, System: step.System, Category: step.What[0], People: step.People})
	default:
		var announced *client.Announcement
		if announced, err = s.client.Announce(ctx, a); err == nil {
			receipt = announced.Receipt
			p.announced[step.Name] = receipt.ID
		}
	}
	if err != nil {
		return fromClient(err)
	}
	p.played.said++
	p.played.entries += receipt.Events
	return nil
}

// foreseen says that all the findings which the sample means to show were made. Others may come with the years: rules are added.
func foreseen(got, meant []string) bool {
	return !slices.ContainsFunc(meant, func(code string) bool { return !slices.Contains(got, code) })
}

func (p *player) ask(ctx context.Context, s *simulated, step sample.Step, action client.Action) error {
	answer, err := s.client.Ask(ctx, action)
	if err != nil {
		return fromClient(err)
	}
	p.played.asked++
	codes := make([]string, len(answer.Reasons))
	for i, r := range answer.Reasons {
		codes[i] = r.Code
	}
	if !answer.Permitted {
		p.played.refused++
	}
	if answer.Permitted == (len(step.Refused) > 0) || !foreseen(codes, step.Refused) {
		return errors.AssertionFailedf("the sample means to show other reasons than %v", errors.Safe(codes))
	}
	return nil
}

func (p *player) link(ctx context.Context, step sample.Step) error {
	controller, _ := step.Service()
	request := wire.LinkRequest{Known: wire.Text(step.Who[0]), Also: wire.Text(step.Who[1])}
	var linked wire.Linked
	if err := p.ledger.call(ctx, "POST", "/controllers/"+controller+"/people/link", "", request, &linked); err != nil {
		return err
	}
	p.played.links++
	return nil
}

// inbox sends without waiting for a receipt; the acknowledgement says that the message is kept.
func (p *player) inbox(ctx context.Context, s *simulated, step sample.Step, a client.Action) error {
	p.played.actions++
	p.played.entries += len(step.Who)
	details, err := step.DetailsJSON()
	if err != nil {
		return err
	}
	body, err := json.Marshal(wire.Event{
		SpecVersion: wire.SpecVersion, ID: a.ID, Source: "/" + step.By, Type: wire.TypeAction, Time: a.Time,
		DataContentType: wire.ContentJSON,
		Data: wire.Action{
			Operation: a.Operation, Subjects: a.Subjects, Instruction: a.Instruction, Categories: a.Categories, System: a.System,
			Location: a.Location, Recipient: a.Recipient, Basis: a.Basis, Details: details,
		},
	})
	if err != nil {
		return errors.Wrap(err, "write an inbox message")
	}
	return p.publish(ctx, s, step, body)
}

func (p *player) publish(ctx context.Context, s *simulated, step sample.Step, body []byte) error {
	controller, service := step.Service()
	message := nats.NewMsg(wire.Subject{Kind: wire.Inbox, Controller: controller, Service: service}.String())
	message.Header.Set(wire.HeaderContentType, wire.ContentEvent)
	message.Data = body
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	reply, err := s.conn.RequestMsgWithContext(ctx, message)
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the inbox does not answer"), err)
	}
	var ack wire.PubAck
	if err := json.Unmarshal(reply.Data, &ack); err != nil || ack.Error != nil {
		return errors.Wrap(domain.ErrUnavailable, "the inbox did not take the message")
	}
	return nil
}

// settled waits until the ledger has drained the inbox: until it has so many entries and set aside what it had to.
func (p *player) settled(ctx context.Context, entries uint64) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		var status wire.Status
		if err := p.ledger.call(ctx, "GET", "/status", "", nil, &status); err != nil {
			return err
		}
		var aside wire.Quarantine
		if err := p.ledger.call(ctx, "GET", "/quarantine?limit=100", "", nil, &aside); err != nil {
			return err
		}
		caughtUp := !slices.ContainsFunc(status.Views, func(v wire.ViewStatus) bool { return v.Position < status.End })
		if status.End >= entries && caughtUp && len(aside.Messages) >= p.played.aside {
			return nil
		}
		select {
		case <-ctx.Done():
			return &failure{domain.ErrUnavailable, fmt.Sprintf("The ledger has %d entries of %d.", status.End, entries), "Run the demo with -v to see what it logs.", nil}
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// fromClient gives the SDK's error one of our kinds.
func fromClient(err error) error {
	kind := domain.ErrUnavailable
	if errors.Is(err, client.ErrRejected) {
		kind = domain.ErrInvalid
	}
	var e *client.Error
	if errors.As(err, &e) && e.Problem != nil {
		return refused(*e.Problem)
	}
	return errors.WithSecondaryError(errors.Wrap(kind, "the ledger did not take an action"), err)
}
