package bundle

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bundle/derive"
)

// format names what a bundle is; another layout of it is another name.
const format = "daybook-bundle/1"

// The files of a bundle, in their order.
const (
	eventsFile     = "events.jsonl"
	aroundFile     = "around.hashes"
	trailFile      = "trail.jsonl"
	recordFile     = "article30.json"
	checkpointFile = "checkpoint"
	keyFile        = "key"
	policyFile     = "policy" // only where the ledger asks witnesses
	formatFile     = "FORMAT.txt"
	summaryFile    = "summary.html"
	manifestFile   = "manifest.json"
)

// Manifest says what a bundle is. Nothing in it names a person but by keys.
type Manifest struct {
	Format string `json:"format"`
	// Created is when it was made, and Program the version that made it. Nothing proves either.
	Created time.Time `json:"created"`
	Program string    `json:"program"`
	// Derivation is the version of the rules by which the trail and the record were made, Summary that of the page for people.
	Derivation int   `json:"derivation"`
	Summary    int   `json:"summary"`
	Scope      Scope `json:"scope"`
	// Secret is how many of the entries the law forbids telling the controller and the person of; only where the regulator asked.
	Secret     *int       `json:"secret,omitempty"`
	Entries    int        `json:"entries"`
	Checkpoint signedHead `json:"checkpoint"`
	Files      []fileSum  `json:"files"`
}

// signedHead is what the checkpoint says.
type signedHead struct {
	Origin string          `json:"origin"`
	Size   domain.Position `json:"size"`
	Root   string          `json:"root"` // in hexadecimal digits
}

// fileSum is a file of the bundle and its digest.
type fileSum struct {
	Name   string `json:"name"`
	Bytes  uint64 `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (m Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), errors.Wrap(err, "encode a manifest")
}

// readManifest reads what encode wrote, and nothing else: a manifest that says the same in other words is none.
func readManifest(b []byte) (m Manifest, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil {
		return m, false
	}
	again, err := m.encode()
	return m, err == nil && bytes.Equal(again, b) && m.Format == format && m.Derivation == derive.Version && m.Scope.Kind != ""
}

// Scope says of what a bundle is.
type Scope struct {
	Kind       Kind                `json:"kind"`
	Controller domain.ControllerID `json:"controller"`
	// Subjects are the keys of the person, where it is one person's, or of those whose case it is.
	Subjects []domain.SubjectKey `json:"subjects,omitempty"`
	// Case is the case that was asked for, and Cases are all of the person's that the bundle speaks of.
	Case  string   `json:"case,omitempty"`
	Cases []string `json:"cases,omitempty"`
	// From and To are positions, To excluded; Since and Before are times at which entries were recorded, Before excluded. The register
	// is in the bundle from its beginning.
	From   *domain.Position `json:"from,omitempty"`
	To     *domain.Position `json:"to,omitempty"`
	Since  *time.Time       `json:"since,omitempty"`
	Before *time.Time       `json:"before,omitempty"`
	// Regulator says that it holds also what the law forbids telling the controller and the person of (Art. 28(3)(a)).
	Regulator bool `json:"regulator,omitempty"`
}

// Kind is what a scope is of.
type Kind string

// The kinds of scopes.
const (
	OfController Kind = "controller"
	OfPerson     Kind = "person"
	OfCase       Kind = "case"
)

// narrow says that the scope is of people rather than of all that is the controller's.
func (s Scope) narrow() bool { return s.Kind == OfPerson || s.Kind == OfCase }

// within says that an entry lies in the period; what is of the register may be older.
func (s Scope) within(e derive.Event) bool {
	at := domain.Position(e.Position)
	if s.To != nil && at >= *s.To {
		return false
	}
	recorded, err := time.Parse(time.RFC3339Nano, e.Recorded())
	if err != nil || s.Before != nil && !recorded.Before(*s.Before) {
		return false
	}
	return e.Register() || (s.From == nil || at >= *s.From) && (s.Since == nil || !recorded.Before(*s.Since))
}

// of says that an entry is of the scope's people, where it is of people: by whose it is, or by the case where it names nobody.
func (s Scope) of(e derive.Event) bool {
	if e.Data["subject"] == nil && e.Data["subjects"] == nil {
		return slices.Contains(s.Cases, e.Text("case"))
	}
	keys := append(e.Texts("subjects"), e.Text("subject"), e.Text("joined"))
	return slices.ContainsFunc(s.Subjects, func(key domain.SubjectKey) bool { return slices.Contains(keys, key.String()) })
}

// holds says that an entry may stand in a bundle of the scope, whatever else does.
func (s Scope) holds(e derive.Event) bool {
	if !s.within(e) {
		return false
	}
	switch owner := e.Controller(); {
	case owner == "":
		t := e.Type()
		return t == processorDeclared || t == recipientDeclared || t == contactDeclared
	case owner != string(s.Controller):
		return false
	}
	return !s.narrow() || e.Register() || isCourtOrder(e) || s.of(e)
}
