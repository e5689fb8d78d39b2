package export

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// The logs of processing as Dutch authorities name their fields, one JSON object a line.
const (
	// LDV is the Logboek dataverwerkingen of Logius.
	LDV = "ldv"
	// VNG is the action of VNG's GEMMA Verwerkingenlogging.
	VNG = "vng"
)

// Processed is one action on one person, as logs of processing need it.
type Processed struct {
	EventID, Action     string
	Controller, Service string
	Operation           string
	Instruction         string
	Version             int
	Subject             string // the random key of the person; nothing outside of the ledger leads from it to anybody
	Categories          []string
	System, Recipient   string
	Time, Recorded      time.Time
	Confidential        bool // the law forbids telling of it now
}

// activity names the instruction's version that an action was done under: an entry of the register, new for each change.
func (p Processed) activity() string {
	if p.Instruction == "" {
		return "urn:daybook:" + p.Controller
	}
	return "urn:daybook:" + p.Controller + ":" + p.Instruction + ":" + strconv.Itoa(p.Version)
}

func (p Processed) action() string {
	if p.Action != "" {
		return p.Action
	}
	return p.EventID
}

// InLDV gives the line of an action in the Logboek dataverwerkingen. An action is a trace, and each person of it an operation; the times
// are one, because a service reports when something was done and not how long it took.
func (p Processed) InLDV() any {
	type resource struct {
		Service    string `json:"service.name"`
		Controller string `json:"service.namespace"`
	}
	type attributes struct {
		Activity string `json:"dpl.core.processing_activity_id"`
		Subject  string `json:"dpl.core.data_subject_id"`
	}
	type foreign struct {
		Entity string `json:"entity"`
	}
	line := struct {
		Trace      string     `json:"trace_id"`
		Operation  string     `json:"operation_id"`
		Status     int        `json:"status_code"`
		Name       string     `json:"name"`
		Start      time.Time  `json:"start_time"`
		End        time.Time  `json:"end_time"`
		Foreign    *foreign   `json:"foreign_operation,omitempty"`
		Resource   resource   `json:"resource"`
		Attributes attributes `json:"attributes"`
	}{
		Trace: trace(p.action()), Operation: short(p.Service + " " + p.EventID), Status: 1, Name: p.Operation, Start: p.Time, End: p.Time,
		Resource: resource{p.Service, p.Controller}, Attributes: attributes{p.activity(), p.Subject},
	}
	if p.Recipient != "" {
		line.Foreign = &foreign{p.Recipient}
	}
	return line
}

// InVNG gives the line of an action in GEMMA Verwerkingenlogging.
func (p Processed) InVNG() any {
	type kind struct {
		Name string `json:"soortGegeven"`
	}
	type object struct {
		Type  string `json:"objecttype"`
		Kind  string `json:"soortObjectId"`
		ID    string `json:"objectId"`
		Role  string `json:"betrokkenheid"`
		Kinds []kind `json:"verwerkteSoortenGegevens"`
	}
	kinds := make([]kind, len(p.Categories))
	for i, c := range p.Categories {
		kinds[i] = kind{c}
	}
	secrecy, recipient := "normaal", ""
	if p.Confidential {
		secrecy = "vertrouwelijk"
	}
	if p.Recipient != "" {
		recipient = "daybook"
	}
	return struct {
		ID         string    `json:"actieId"`
		Name       string    `json:"actieNaam"`
		Processing string    `json:"verwerkingId"`
		Activity   string    `json:"verwerkingsactiviteitId"`
		Secrecy    string    `json:"vertrouwelijkheid"`
		By         string    `json:"uitvoerder"`
		System     string    `json:"systeem"`
		Source     string    `json:"gegevensbron,omitempty"`
		Recipients string    `json:"soortAfnemerId,omitempty"`
		Recipient  string    `json:"afnemerId,omitempty"`
		Time       time.Time `json:"tijdstip"`
		Recorded   time.Time `json:"tijdstipRegistratie"`
		Objects    []object  `json:"verwerkteObjecten"`
	}{
		p.EventID, p.Operation, p.action(), p.activity(), secrecy, p.Controller, p.Service, p.System, recipient, p.Recipient, p.Time, p.Recorded,
		[]object{{"persoon", "daybook", p.Subject, "Betrokkene", kinds}},
	}
}

// trace gives 16 bytes for an action: those of its id where that is a UUID.
func trace(id string) string {
	if u, err := uuid.Parse(id); err == nil {
		return hex.EncodeToString(u[:])
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// short gives 8 bytes for one of the operations of a trace.
func short(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}
