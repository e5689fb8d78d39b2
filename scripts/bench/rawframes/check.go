package rawframes

import (
	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
)

// CheckedSubjects is what the responder answers after it has decoded every event, as a ledger at least must.
const CheckedSubjects = "checked.v1.record.*.*"

// event is as much of a CloudEvent as a responder that checks its input has to read.
type event struct {
	SpecVersion     string `json:"specversion"`
	ID              string `json:"id"`
	Source          string `json:"source"`
	Type            string `json:"type"`
	Time            string `json:"time"`
	Sequence        string `json:"sequence"`
	DataContentType string `json:"datacontenttype"`
	Data            struct {
		Operation   string            `json:"operation"`
		Subjects    []string          `json:"subjects"`
		Instruction string            `json:"instruction"`
		Categories  []string          `json:"categories"`
		System      string            `json:"system"`
		Location    string            `json:"location"`
		Basis       string            `json:"basis"`
		Details     map[string]string `json:"details"`
	} `json:"data"`
}

func (e *event) valid() bool {
	return e.SpecVersion == "1.0" && e.ID != "" && e.Source != "" && len(e.Data.Subjects) > 0
}

// validated says whether a request is one event or an array of them.
func validated(m *nats.Msg) bool {
	if len(m.Data) > 0 && m.Data[0] == '[' {
		var all []event
		if json.Unmarshal(m.Data, &all, json.RejectUnknownMembers(true)) != nil {
			return false
		}
		for i := range all {
			if !all[i].valid() {
				return false
			}
		}
		return len(all) > 0
	}
	var e event
	return json.Unmarshal(m.Data, &e, json.RejectUnknownMembers(true)) == nil && e.valid()
}
