// Package sample holds an invented organisation and one day of its work: the register that `daybook apply` takes, and what its
// services report, for `daybook demo`, tests and trying things out.
//
// It deliberately does not run anything: infra/cli plays the day.
package sample

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"go.yaml.in/yaml/v4"
)

//go:embed register.yaml
var register []byte

//go:embed day.yaml
var day []byte

// Register gives register.yaml.
func Register() []byte { return append([]byte(nil), register...) }

// Ways in which a step reaches the ledger.
const (
	Record = "record" // wait for the receipt
	Inbox  = "inbox"  // durable, without a receipt
	Ask    = "ask"    // may this be done?
	Link   = "link"   // the second of Who is another name of the first
	Raw    = "raw"    // the bytes of Raw, as they stand, to the inbox

	Consent  = "consent"  // people consented
	Withdraw = "withdraw" // people withdrew their consent
	Object   = "object"   // people objected
	Occasion = "occasion" // something happened that a retention period runs from
	Announce = "announce" // the service is about to act
	Count    = "count"    // how many people's data of What are in System
	Obey     = "obey"     // the service answers so many Orders that the ledger sent it

	Desk = "desk" // the privacy manager posts Body to Post over HTTP, and waits until the case there is at the stage Until
)

// Step is one thing that a service does in the course of the day.
type Step struct {
	At        string         `yaml:"at"` // by the clock, UTC: 08:20
	DaysAgo   int            `yaml:"daysAgo"`
	By        string         `yaml:"by"` // controller/service
	Way       string         `yaml:"way"`
	Operation string         `yaml:"do"`
	Who       []string       `yaml:"who"`
	Under     string         `yaml:"under"`
	What      []string       `yaml:"what"`
	System    string         `yaml:"system"`
	Location  string         `yaml:"location"`
	Recipient string         `yaml:"recipient"`
	Basis     string         `yaml:"basis"`
	Details   map[string]any `yaml:"details"`
	How       string         `yaml:"how"`
	Marketing bool           `yaml:"marketing"`
	Occasion  string         `yaml:"occasion"`
	Name      string         `yaml:"name"`     // of an announcement, within the day
	Confirms  string         `yaml:"confirms"` // the name of the announcement that an action confirms
	Again     bool           `yaml:"again"`
	Raw       string         `yaml:"raw"`
	People    uint64         `yaml:"people"`
	Orders    int            `yaml:"orders"`
	Order     string         `yaml:"order"` // that an action answers: of a court
	Post      string         `yaml:"post"`  // below the controller's address
	Body      map[string]any `yaml:"body"`
	Until     string         `yaml:"until"`
	Expect    []string       `yaml:"expect"`
	Refused   []string       `yaml:"refused"`
}

// Day gives the steps in the order in which the services take them: by the clock, and of one minute in the order of the file.
func Day() ([]Step, error) {
	var file struct {
		Steps []Step `yaml:"steps"`
	}
	if err := yaml.Load(day, &file, yaml.WithKnownFields()); err != nil {
		return nil, errors.Wrap(err, "the sample day")
	}
	for i := range file.Steps {
		if file.Steps[i].Way == "" {
			file.Steps[i].Way = Record
		}
	}
	return file.Steps, nil
}

// Service gives the controller and the service of the step.
func (s Step) Service() (controller, service string) {
	controller, service, _ = strings.Cut(s.By, "/")
	return controller, service
}

// Time gives when the step happened, if the day is the one on which midnight begins.
func (s Step) Time(midnight time.Time) (time.Time, error) {
	clock, err := time.Parse("15:04", s.At)
	if err != nil {
		return time.Time{}, errors.Wrap(err, "time of a sample step")
	}
	return midnight.AddDate(0, 0, -s.DaysAgo).Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute), nil
}

// BodyJSON gives the body as a JSON object. A text that begins with $day stands for the day on which midnight begins, $day-3 for three
// days before; what comes after it stays.
func (s Step) BodyJSON(midnight time.Time) (json.RawMessage, error) {
	raw, err := json.Marshal(onDay(s.Body, midnight))
	return raw, errors.Wrap(err, "body of a sample step")
}

var dayText = regexp.MustCompile(`^\$day([+-][0-9]+)?`)

func onDay(v any, midnight time.Time) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = onDay(member, midnight)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = onDay(member, midnight)
		}
		return out
	case string:
		found := dayText.FindStringSubmatch(v)
		if found == nil {
			return v
		}
		days, _ := strconv.Atoi(found[1]) // none is 0
		return midnight.AddDate(0, 0, days).Format(time.DateOnly) + v[len(found[0]):]
	default:
		return v
	}
}

// DetailsJSON gives the details as a JSON object, nil where there are none.
func (s Step) DetailsJSON() (json.RawMessage, error) {
	if len(s.Details) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(s.Details)
	return raw, errors.Wrap(err, "details of a sample step")
}
