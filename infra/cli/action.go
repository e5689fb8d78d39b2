package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// actionFlags is an action as the command line names it.
type actionFlags struct {
	controller, service string
	action              wire.Action
	details             []string
	id, at, file, proof string
}

func (a *actionFlags) add(cmd *cobra.Command, recording bool) {
	f := cmd.Flags()
	f.StringVarP(&a.controller, "controller", "c", "", "the client whose data it is")
	f.StringVarP(&a.service, "service", "s", "", "the service that acts")
	f.StringVar(&a.action.Operation, "operation", "", "what is done, as DPV names it: Collect, Store, Use, Disclose, Erase …")
	f.StringArrayVar(&a.action.Subjects, "subject", nil, "whose data: email:ada@example.org; again for several people")
	f.StringVar(&a.action.Instruction, "instruction", "", "under which instruction of the client")
	f.StringArrayVar(&a.action.Categories, "category", nil, "which data: pd:EmailAddress; again for several")
	f.StringVar(&a.action.System, "system", "", "where the data is: crm")
	f.StringVar(&a.action.Location, "location", "", "in which country: GB")
	f.StringVar(&a.action.From, "from", "", "the system that a copy or a move came from: crm")
	f.StringVar(&a.action.Recipient, "recipient", "", "who receives it")
	f.StringVar(&a.action.Basis, "basis", "", "the Article 6 basis that the service relies on: A6-1-b")
	f.StringVar(&a.action.Order, "order", "", "the order that this answers")
	f.StringVarP(&a.file, "file", "f", "", "read it from JSON instead: an action, a CloudEvent or an array of them; - for standard input")
	if !recording {
		return
	}
	f.StringArrayVar(&a.details, "detail", nil, "key=value, kept sealed; again for several")
	f.StringVar(&a.id, "id", "", "the id that makes a repetition harmless; a new UUID by default")
	f.StringVar(&a.proof, "proof", "", "the receipt carries the proof that the entry is in the log; --proof=witnessed by the word of witnesses, too")
	f.Lookup("proof").NoOptDefVal = string(wire.SignedProof)
	f.StringVar(&a.at, "time", "", "when it happened: 2026-11-23T10:00:00Z; now by default")
}

func (p *program) record() *cobra.Command {
	var a actionFlags
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record what was done with somebody's data",
		Example: "  daybook record -c fenland-cycles -s webshop --operation Store --subject email:ada@example.org \\\n" +
			"      --instruction orders --category pd:Name --category pd:EmailAddress --system crm --location GB\n" +
			"  daybook record -c fenland-cycles -s webshop -f action.json",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, contentType, err := p.message(&a)
			if err != nil {
				return err
			}
			var raw json.RawMessage
			proof, err := proofQuery(a.proof)
			if err != nil {
				return err
			}
			path := "/record/" + a.controller + "/" + a.service + proof
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path, contentType, body, &raw); err != nil {
				return err
			}
			return p.receipts(raw, contentType == wire.ContentBatch, a.proof != "")
		},
	}
	a.add(cmd, true)
	return cmd
}

func (p *program) ask() *cobra.Command {
	var a actionFlags
	cmd := &cobra.Command{
		Use:   "ask",
		Short: "Ask whether something may be done now; records no action",
		Long: "Answers by the rules that a recorded action is held against. Ends with exit code 1 where it may not be done.\n" +
			"Without --subject it is answered for nobody in particular: what stands about people, such as an objection, is left out.\n" +
			"With --record the question and its answer are kept under an id, and shown in the people's trails as asked, not as done.",
		Example: "  daybook ask -c fenland-cycles -s webshop --operation Disclose --instruction orders \\\n" +
			"      --category pd:Name --recipient parcel-heron --location GB",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.askable(p); err != nil {
				return err
			}
			question := wire.Question{Action: a.action, ID: a.id}
			if a.action.Record && question.ID == "" {
				id, err := uuid.NewV7()
				if err != nil {
					return errors.Wrap(err, "make an id for a question")
				}
				question.ID = id.String()
			}
			var answer wire.Answer
			path := "/ask/" + a.controller + "/" + a.service
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path, "", question, &answer); err != nil {
				return err
			}
			return p.answer(answer)
		},
	}
	a.add(cmd, false)
	cmd.Flags().BoolVar(&a.action.Record, "record", false, "keep the question and its answer")
	cmd.Flags().StringVar(&a.id, "id", "", "the id under which they are kept, which makes a repetition harmless; a new UUID by default")
	return cmd
}

// message gives the body of a record request and its content type.
func (p *program) message(a *actionFlags) (body []byte, contentType string, err error) {
	if a.file != "" {
		return a.fromFile(p)
	}
	if err := a.named(); err != nil {
		return nil, "", err
	}
	if a.action.Operation == "" || len(a.action.Subjects) == 0 {
		return nil, "", usage("It is not said what was done, or to whose data.", "Give --operation and --subject, or a file with -f.")
	}
	if err := a.detail(); err != nil {
		return nil, "", err
	}
	e, err := p.event(a)
	if err != nil {
		return nil, "", err
	}
	body, err = json.Marshal(e)
	return body, wire.ContentEvent, errors.Wrap(err, "write the message")
}

// event puts an action into its envelope.
func (p *program) event(a *actionFlags) (wire.Event, error) {
	e := wire.Event{
		SpecVersion: wire.SpecVersion, ID: a.id, Source: "/" + a.controller + "/" + a.service, Type: wire.TypeAction,
		Time: p.now().UTC(), DataContentType: wire.ContentJSON, Data: a.action,
	}
	if a.at != "" {
		at, err := time.Parse(time.RFC3339, a.at)
		if err != nil {
			return e, usage("The time cannot be read.", "Write it as 2026-11-23T10:00:00Z.")
		}
		e.Time = at
	}
	if e.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return e, errors.Wrap(err, "make an id")
		}
		e.ID = id.String()
	}
	return e, nil
}

func (a *actionFlags) named() error {
	if a.controller == "" || a.service == "" {
		return usage("It is not said who acts for whom.", "Give --controller and --service.")
	}
	if !wire.ValidName(a.controller) || !wire.ValidName(a.service) {
		return usage("The name of the controller or of the service is none.", "Names have 1 to 32 characters of a-z, 0-9 and hyphen.")
	}
	return nil
}

// detail gathers key=value pairs into the sealed details.
func (a *actionFlags) detail() error {
	if len(a.details) == 0 {
		return nil
	}
	details := map[string]string{}
	for _, pair := range a.details {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return usage("A detail is not of the form key=value.", "Write --detail note=\"rang at ten\".")
		}
		details[key] = value
	}
	var err error
	a.action.Details, err = json.Marshal(details)
	return errors.Wrap(err, "write the details")
}

// fromFile takes an action, a CloudEvent or an array of CloudEvents, and gives what is missing: the envelope of an action.
func (a *actionFlags) fromFile(p *program) ([]byte, string, error) {
	raw, err := p.readFile(a.file)
	if err != nil {
		return nil, "", err
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '[' {
		return raw, wire.ContentBatch, a.named()
	}
	var envelope struct {
		SpecVersion json.RawMessage `json:"specversion"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, "", invalid("The file is not JSON.", "Write an action as {\"operation\":\"Store\",\"subjects\":[…]}, or a CloudEvent.")
	}
	if err := a.named(); err != nil {
		return nil, "", err
	}
	if envelope.SpecVersion != nil {
		return raw, wire.ContentEvent, nil // the ledger reads it strictly
	}
	e, err := p.event(a)
	if err != nil {
		return nil, "", err
	}
	// The action goes as it was written, so that the ledger sees what it does not know.
	body, err := json.Marshal(struct {
		wire.Event
		Data json.RawMessage `json:"data"`
	}{e, raw})
	return body, wire.ContentEvent, errors.Wrap(err, "write the message")
}

func (a *actionFlags) askable(p *program) error {
	if a.file != "" {
		raw, err := p.readFile(a.file)
		if err != nil {
			return err
		}
		if err := wire.Decode(raw, &a.action); err != nil {
			return invalid(stopped(upperFirst(err.Error())), "Ask with an action: {\"operation\":\"Store\",\"instruction\":\"orders\",…}.")
		}
	}
	if a.action.Operation == "" {
		return usage("It is not said what would be done.", "Give --operation, or a file with -f.")
	}
	return a.named()
}
