package request

import (
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// ID names a case of one controller: what domain.ParseID reads. It rests in the clear for ever and must not identify a person.
type ID string

// SafeValue marks the id as free of personal data.
func (ID) SafeValue() {}

// Kind is the right that a case exercises, or a complaint.
type Kind string

// The kinds.
const (
	Access            Kind = "access"
	Rectification     Kind = "rectification"
	Erasure           Kind = "erasure"
	Restriction       Kind = "restriction"
	Portability       Kind = "portability"
	Objection         Kind = "objection"
	AutomatedDecision Kind = "automated-decision"
	Complaint         Kind = "complaint"
)

// kindTerms holds what is the same for all cases of a kind.
type kindTerms struct {
	article string
	uk      string // of the United Kingdom alone
	words   string
	// task is what an order asks a service to do, none where the kind changes no data.
	task Task
	// reviewed says that a copy goes out, so that somebody must have looked for other people's data in it.
	reviewed bool
	// told says that recipients must be told (Art. 19).
	told bool
}

var kinds = map[Kind]kindTerms{
	Access:            {article: "Art. 15", words: "access and a copy", reviewed: true},
	Rectification:     {article: "Art. 16", words: "rectification", task: Rectify, told: true},
	Erasure:           {article: "Art. 17", words: "erasure", task: Erase, told: true},
	Restriction:       {article: "Art. 18", words: "restriction of processing", task: Restrict, told: true},
	Portability:       {article: "Art. 20", words: "data portability", reviewed: true},
	Objection:         {article: "Art. 21", words: "objection", task: Stop},
	AutomatedDecision: {article: "Art. 22", uk: "Art. 22A to 22D", words: "human review of an automated decision"},
	Complaint:         {article: "Art. 77", uk: "DPA 2018 s.164A, s.165", words: "complaint"},
}

// Kinds lists the kinds in the order of their articles.
func Kinds() []Kind {
	return []Kind{Access, Rectification, Erasure, Restriction, Portability, Objection, AutomatedDecision, Complaint}
}

// ParseKind reads a kind's name. It returns ErrInvalid.
func ParseKind(s string) (Kind, error) {
	if _, known := kinds[Kind(s)]; !known {
		return "", wrong(domain.ErrInvalid, "kind of case",
			"Articles 15 to 22: name access, rectification, erasure, restriction, portability, objection or automated-decision; or complaint.")
	}
	return Kind(s), nil
}

// Article gives the place in the law of a regime, for example Art. 17. Where the UK has a provision of its own, it is that: Articles 22
// and 77 stand in UK law no more.
func (k Kind) Article(r domain.Regime) string {
	if own := kinds[k].uk; own != "" && r == domain.UK {
		return own
	}
	return kinds[k].article
}

// Words gives the kind in plain words.
func (k Kind) Words() string { return kinds[k].words }

// CarriedOut says that accepting such a case changes or stops processing, place by place (Art. 16 to 18, 21).
func (k Kind) CarriedOut() bool { return kinds[k].task != "" }

// Task is what an order asks a service to do.
type Task string

// The tasks. Tell asks a service to tell a recipient (Art. 19).
const (
	Rectify  Task = "rectify"
	Erase    Task = "erase"
	Restrict Task = "restrict"
	Stop     Task = "stop"
	Tell     Task = "tell"
)

// Task gives the task that carries the kind out, none where it changes no data.
func (k Kind) Task() Task { return kinds[k].task }

// Channel is how a request came.
type Channel string

// The channels.
const (
	ByEmail    Channel = "e-mail"
	ByPost     Channel = "post"
	ByPhone    Channel = "telephone"
	InPerson   Channel = "in-person"
	ByPortal   Channel = "portal"
	ByAgent    Channel = "agent"
	ViaOpenDSR Channel = "opendsr"
)

// ParseChannel reads a channel's name. It returns ErrInvalid.
func ParseChannel(s string) (Channel, error) {
	c := Channel(s)
	if !slices.Contains([]Channel{ByEmail, ByPost, ByPhone, InPerson, ByPortal, ByAgent, ViaOpenDSR}, c) {
		return "", wrong(domain.ErrInvalid, "channel of a request",
			"Article 12(2): say how it came: e-mail, post, telephone, in-person, portal, agent or opendsr.")
	}
	return c, nil
}

// wrong gives an error of one of the five kinds, with what is wrong and, for people, what to do.
func wrong(kind error, what, hint string) error {
	return errors.WithHint(errors.Wrapf(kind, "%s", errors.Safe(what)), hint)
}
