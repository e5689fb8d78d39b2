package api

import (
	"context"
	"net/http"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

func (a *API) recordRoutes() {
	action := schemaOf[wire.Action](a)
	event := &huma.Schema{OneOf: []*huma.Schema{
		schemaOf[wire.Event](a), schemaOf[wire.EventOf[wire.Announcement]](a), schemaOf[wire.EventOf[wire.Consent]](a),
		schemaOf[wire.EventOf[wire.Objection]](a), schemaOf[wire.EventOf[wire.Occasion]](a), schemaOf[wire.EventOf[wire.Count]](a),
	}}
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/record/{controller}/{service}", OperationID: "record", Tags: []string{"record"},
		Summary: "Record processing actions, consents, objections, occasions, announcements and counts",
		Description: "The type of an event says which it is: daybook.action.v1, daybook.consent.v1 and so on. Takes CloudEvents 1.0: one in structured mode, several in batch mode, or one in binary mode (attributes in ce- " +
			"headers, the action as body). The answer to one event is a receipt, that to a batch an array of items in the " +
			"order of the events, each with a receipt or a problem. Repeat a request that was not answered under the same ids.",
		Parameters: []*huma.Param{query("proof", "string", "signed or witnessed: the receipt carries the proof that the event is in the log "+
			"(C2SP tlog-proof), and is sent once a checkpoint covers it; after 5 seconds without one it comes without.")},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			wire.ContentEvent: {Schema: event},
			wire.ContentBatch: {Schema: &huma.Schema{Type: "array", Items: event}},
			wire.ContentJSON:  {Schema: action},
		}},
		Responses: map[string]*huma.Response{"200": {Description: "On disk", Content: map[string]*huma.MediaType{wire.ContentJSON: {
			Schema: &huma.Schema{OneOf: []*huma.Schema{
				schemaOf[wire.Receipt](a), {Type: "array", Items: schemaOf[wire.Item](a)},
			}},
		}}}},
	}, (*call).record)
	post(a, huma.Operation{
		Path: "/ask/{controller}/{service}", OperationID: "ask", Tags: []string{"record"},
		Summary: "Ask whether an action may be done now",
		Description: "Records no action. Name the people in subjects where there are any: what stands against it may stand about them. " +
			"With record and an id the question and its answer are kept, and shown in the people's trails.",
	}, (*call).ask)
}

// address reads who asks from the path.
func (c *call) address() (domain.ControllerID, domain.ServiceID, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return "", "", err
	}
	service, err := name[domain.ServiceID](c, "service")
	return controller, service, err
}

// record takes events in any of the three modes.
func (c *call) record() error {
	controller, service, err := c.address()
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	results, batch, err := c.api.decoder.Decode(c.r.Header, body)
	if err != nil {
		return err
	}
	var prover report.Prover
	if proofs := c.api.cfg.Proofs; proofs != nil {
		prover = proofs
	}
	wanted, err := report.Wanted(c.query("proof"), prover, len(results))
	if err != nil {
		return err
	}
	outcomes, err := c.recorded(results, controller, service)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	prove := func(r commands.Receipt) []byte { return report.Prove(ctx, prover, r, wanted) }
	if !batch {
		if outcomes[0].Err != nil {
			return outcomes[0].Err
		}
		c.sendRaw(http.StatusOK, wire.ContentJSON, append(report.AppendProved(nil, outcomes[0].Receipt, prove(outcomes[0].Receipt)), '\n'))
		return nil
	}
	out := []byte{'['}
	for i, o := range outcomes {
		if i > 0 {
			out = append(out, ',')
		}
		var refused *wire.Problem
		var proof []byte
		if o.Err != nil {
			p := c.api.problems.Problem(c.ctx(), o.Err)
			refused = &p
		} else {
			proof = prove(o.Receipt)
		}
		if out, err = report.AppendItem(out, o.Receipt, proof, refused); err != nil {
			return errors.Wrap(err, "write the items of a batch")
		}
	}
	c.sendRaw(http.StatusOK, wire.ContentJSON, append(out, ']', '\n'))
	return nil
}

// recorded records what could be read, and gives the outcome of every event in its place.
func (c *call) recorded(results []cloudevents.Result, controller domain.ControllerID, service domain.ServiceID) ([]commands.Outcome, error) {
	outcomes := make([]commands.Outcome, len(results))
	actions, places := make([]commands.Action, 0, len(results)), make([]int, 0, len(results))
	for i, result := range results {
		err := result.Err
		if err == nil {
			var action commands.Action
			if action, err = report.Action(result.Event, controller, service); err == nil {
				actions, places = append(actions, action), append(places, i)
				continue
			}
		}
		outcomes[i].Err = err
	}
	if len(actions) == 0 {
		return outcomes, nil
	}
	done, err := c.api.cfg.Ledger.Record(c.ctx(), actions)
	if err != nil {
		return nil, errors.Wrap(err, "record over HTTP")
	}
	for i, o := range done {
		outcomes[places[i]] = o
	}
	return outcomes, nil
}

// ask judges an action as if it were done now.
func (c *call) ask(in wire.Question) (wire.Answer, domain.Position, error) {
	controller, service, err := c.address()
	if err != nil {
		return wire.Answer{}, 0, err
	}
	subjects := make([]domain.Personal, len(in.Subjects))
	for i, subject := range in.Subjects {
		subjects[i] = domain.NewPersonal(string(subject))
	}
	asked, people, err := report.Asked(cloudevents.Action{
		Operation: in.Operation, Instruction: in.Instruction, Categories: in.Categories, System: in.System, From: in.From,
		Location: in.Location, Recipient: in.Recipient, Order: in.Order, Basis: in.Basis,
		Subjects: subjects,
	}, controller, service)
	if err != nil {
		return wire.Answer{}, 0, err
	}
	if in.Record {
		return c.askRecorded(in.ID, asked, people)
	}
	at := c.api.cfg.Ledger.State().End
	answer, err := c.api.cfg.Ledger.Ask(c.ctx(), asked, people)
	if err != nil {
		return wire.Answer{}, 0, err
	}
	return report.Answer(asked, answer), at, nil
}

// askRecorded is ask with the answer recorded.
func (c *call) askRecorded(id string, asked dossier.Action, people []domain.Identifier) (wire.Answer, domain.Position, error) {
	if _, err := domain.ParseID(id); err != nil {
		return wire.Answer{}, 0, problem.Fields([]wire.FieldError{{Pointer: "/id", Detail: "an id is missing, or is none"}},
			"A recorded question bears an id, so that asking again is harmless: 1 to 64 letters, digits and . _ : -.")
	}
	question := c.api.cfg.Ledger.NewQuestion(id, asked, people)
	outcomes, err := c.api.cfg.Ledger.Record(c.ctx(), []commands.Action{question})
	if err != nil {
		return wire.Answer{}, 0, errors.Wrap(err, "record an answer over HTTP")
	}
	if outcomes[0].Err != nil {
		return wire.Answer{}, 0, outcomes[0].Err
	}
	answer := c.api.cfg.Ledger.Answered(question, outcomes[0].Receipt)
	return report.Recorded(question, answer, outcomes[0].Receipt), c.api.cfg.Ledger.State().End, nil
}
