package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/casework"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Signer signs what is said in OpenDSR; infra/opendsr implements it.
type Signer interface {
	// Sign gives the base64 of the signature over a body, and the domain of the certificate that checks it.
	Sign(body []byte) (signature, domain string, err error)
	// Certificate gives that certificate in PEM.
	Certificate() ([]byte, error)
}

// openDSRRoutes takes requests in OpenDSR 2.0, with the ledger as the processor. Each controller has a base address of its own, because
// a request names no controller and, until access control exists, nobody signs one. Every answer is signed, problems apart.
func (a *API) openDSRRoutes() {
	const path = "/opendsr/{controller}/"
	operation := func(method, path, id, summary, status string, body *huma.Schema) huma.Operation {
		return huma.Operation{
			Method: method, Path: path, OperationID: id, Tags: []string{"opendsr"}, Summary: summary,
			Description: "OpenDSR 2.0 for access, portability and erasure, signed in X-OpenDSR-Signature. Callbacks go to the controller's declared addresses.",
			Responses:   map[string]*huma.Response{status: {Description: "OK", Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: body}}}},
		}
	}
	create := operation(http.MethodPost, path+"requests", "openDSRCreate", "Open a case by OpenDSR", "201", schemaOf[wire.OpenDSRReceived](a))
	create.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[wire.OpenDSRRequest](a)}}}
	a.route(create, (*call).openDSRCreate)
	a.route(operation(http.MethodGet, path+"requests/{case}", "openDSRStatus", "How a case stands, in OpenDSR's words", "200", schemaOf[wire.OpenDSRStatus](a)), (*call).openDSRStatus)
	a.route(operation(http.MethodDelete, path+"requests/{case}", "openDSRCancel", "Record that a request was withdrawn", "202", schemaOf[wire.OpenDSRReceived](a)), (*call).openDSRCancel)
	certificate := operation(http.MethodGet, path+"certificate", "openDSRCertificate", "The certificate that checks the signatures, in PEM", "200", nil)
	certificate.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{contentPEM: {Schema: &huma.Schema{Type: "string"}}}}}
	a.route(certificate, (*call).openDSRCertificate)
	a.route(operation(http.MethodGet, path+"discovery", "openDSRDiscovery", "What is supported", "200", schemaOf[wire.OpenDSRDiscovery](a)), (*call).openDSRDiscovery)
}

// identityKinds are OpenDSR's types of identities under the ledger's names.
func identityKinds() map[string]string {
	return map[string]string{"email": "email", "controller_customer_id": "customer", "phone": "phone"}
}

func (c *call) openDSRCreate() error {
	var in wire.OpenDSRRequest
	raw, err := c.readRaw(&in)
	if err != nil {
		return err
	}
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return err
	}
	r, people, err := c.fromDSR(controller, in)
	if err != nil {
		return err
	}
	stepped := commands.Stepped{Today: c.zoned(r.Calendar)}
	if _, err := c.api.cfg.Ledger.Open(c.ctx(), r, people, stepped); err != nil {
		return err
	}
	s, err := c.api.cfg.Ledger.Case(request.KeyOf(r))
	if err != nil {
		return err
	}
	return c.sendSigned(http.StatusCreated, wire.OpenDSRReceived{
		Controller: string(controller), Expected: expected(s), Received: c.api.cfg.Now().UTC(), Encoded: raw, ID: in.ID,
		Version: wire.OpenDSRVersion,
	})
}

// fromDSR reads a request as the opening of a case.
func (c *call) fromDSR(controller domain.ControllerID, in wire.OpenDSRRequest) (r request.Received, people []domain.Identifier, err error) {
	if in.Submitted.IsZero() || in.ID == "" {
		return r, nil, problem.New(wire.InvalidField, "submitted_time or subject_request_id is missing", "Send both: the clock runs from the day on which the person asked.")
	}
	declared := c.api.cfg.Ledger.State().Register.Controllers[controller]
	for i, address := range in.Callbacks {
		if !slices.Contains(declared.Callbacks, address) || slices.Contains(in.Callbacks[:i], address) {
			return r, nil, problem.Fields([]wire.FieldError{{Pointer: "/status_callback_urls/" + strconv.Itoa(i), Detail: "the address is not declared, or named twice"}},
				"Name addresses that the register declares as the controller's callbacks, each once; no other is called.")
		}
	}
	kind, err := request.KindFromDSR(in.Type)
	if err != nil {
		return r, nil, err
	}
	r, err = c.received(controller, wire.OpenCase{
		Case: in.ID, Kind: string(kind), Channel: string(request.ViaOpenDSR), Owner: string(c.anyOwner(controller)), Reference: in.ID,
	})
	if err != nil {
		return r, nil, err
	}
	r.Callbacks = in.Callbacks
	if r.Regime, err = request.RegimeFromDSR(in.Regulation, declared.Regime); err != nil {
		return r, nil, err
	}
	r.On, r.Reached = calendar.DateOf(in.Submitted.In(casework.Zone(r.Calendar))), c.zoned(r.Calendar)
	if again, err := c.api.cfg.Ledger.Case(request.KeyOf(r)); err == nil {
		// Sent again on a later day, it is the same request still.
		r.Reached, r.Owner = again.Received.Reached, again.Received.Owner
	}
	for i, identity := range in.Identities {
		id, err := identityFrom(identity)
		if err != nil {
			return r, nil, errors.Wrapf(err, "subject_identities[%d]", errors.Safe(i))
		}
		people = append(people, id)
	}
	return r, people, nil
}

func identityFrom(in wire.OpenDSRIdentity) (domain.Identifier, error) {
	if in.Format != "raw" {
		return domain.Identifier{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "format of an identity"),
			"Send identity_format raw: people are found through a keyed index, which no other hash leads to.")
	}
	kind, known := identityKinds()[in.Type]
	if !known {
		return domain.Identifier{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "type of an identity"),
			"Send identity_type email, controller_customer_id or phone; discovery lists them.")
	}
	return domain.ParseIdentifier(kind + ":" + string(in.Value))
}

// anyOwner gives who looks after cases that come without an owner: the processor's contact for privacy, else the first of its contacts,
// else the first of the controller's.
func (c *call) anyOwner(controller domain.ControllerID) domain.ContactID {
	var owner domain.ContactID
	best := 3
	for key, contact := range c.api.cfg.Ledger.State().Register.Contacts {
		rank := 3
		switch {
		case key.Controller == register.Itself && strings.Contains(strings.ToLower(contact.Role), "privacy"):
			rank = 0
		case key.Controller == register.Itself:
			rank = 1
		case key.Controller == controller:
			rank = 2
		}
		if rank < best || rank == best && rank < 3 && key.Contact < owner {
			best, owner = rank, key.Contact
		}
	}
	return owner
}

// expected gives the limit in law as a time, nil while there is none.
func expected(s request.State) *time.Time {
	legal := s.Legal()
	if legal.Due.IsZero() {
		return nil
	}
	due := legal.Due.Time()
	return &due
}

// dsrCase gives a case that came by OpenDSR.
func (c *call) dsrCase() (request.Key, request.State, error) {
	key, err := c.caseKey()
	if err != nil {
		return key, request.State{}, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err == nil && s.Received.Channel != request.ViaOpenDSR {
		err = problem.New(wire.NotFound, "the case did not come by OpenDSR", "Look it up among the cases.")
	}
	return key, s, err
}

func (c *call) openDSRStatus() error {
	key, s, err := c.dsrCase()
	if err != nil {
		return err
	}
	status, exact := s.DSRStatus()
	stage := s.Stage()
	out := wire.OpenDSRStatus{
		Controller: string(key.Controller), Expected: expected(s), ID: string(key.Case), Status: string(status), Version: wire.OpenDSRVersion,
		Extensions: wire.OpenDSRExtensions{Daybook: wire.OpenDSRDaybook{Case: string(key.Case), Stage: string(stage), Words: stage.Words(), Exact: exact}},
	}
	if s.Decided != nil {
		out.Extensions.Daybook.Outcome = string(s.Decided.Outcome)
	}
	if status == request.DSRCompleted && s.Received.Kind == request.Access {
		out.Results = c.base() + "/controllers/" + string(key.Controller) + "/cases/" + string(key.Case) + "/report"
	}
	return c.answerSigned(out)
}

func (c *call) openDSRCancel() error {
	if err := c.bodiless(); err != nil {
		return err
	}
	key, s, err := c.dsrCase()
	if err != nil {
		return err
	}
	today := c.zoned(s.Received.Calendar)
	if s.Withdrawn.IsZero() {
		step := request.Withdrawn{Of: request.Of{Controller: key.Controller, Case: key.Case, On: today}}
		if _, err := c.api.cfg.Ledger.TakeStep(c.ctx(), commands.Stepped{Step: step, Today: today}); err != nil {
			return err
		}
	}
	return c.sendSigned(http.StatusAccepted, wire.OpenDSRReceived{
		Controller: string(key.Controller), Received: c.api.cfg.Now().UTC(), ID: string(key.Case), Version: wire.OpenDSRVersion,
	})
}

func (c *call) openDSRDiscovery() error {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return err
	}
	if _, known := c.api.cfg.Ledger.State().Register.Controllers[controller]; !known {
		return problem.New(wire.NotFound, "there is no such controller", "Declare the controller in the register first.")
	}
	out := wire.OpenDSRDiscovery{Version: wire.OpenDSRVersion, Types: []string{}, Identities: []wire.OpenDSRIdentityKinds{}}
	for _, kind := range request.Kinds() {
		if name, known := kind.DSR(); known {
			out.Types = append(out.Types, name)
		}
	}
	for kind := range identityKinds() {
		out.Identities = append(out.Identities, wire.OpenDSRIdentityKinds{Type: kind, Format: "raw"})
	}
	slices.SortFunc(out.Identities, func(a, b wire.OpenDSRIdentityKinds) int { return strings.Compare(a.Type, b.Type) })
	if c.api.cfg.Signer != nil {
		out.Certificate = c.dsrBase(controller) + "certificate"
	}
	return c.answerSigned(out)
}
