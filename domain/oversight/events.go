package oversight

import "github.com/jigowatt/daybook/domain"

// RecordViewed is the event that somebody looked at what is recorded of one person: the consultation of Art. 4(2), of which the
// person may ask when and why it was (CJEU C-579/21). Looks of one By at one record within one minute are one event.
type RecordViewed struct {
	By
	Controller domain.ControllerID `json:"controller"`
	// Subjects are the keys of the person, MaxSubjects at most.
	Subjects []domain.SubjectKey `json:"subjects"`
	View     View                `json:"view"`
	// At is the end of the ledger as of which the view was asked for, 0 for the newest.
	At uint64 `json:"at,string,omitzero"`
}

// EventType names the event.
func (RecordViewed) EventType() string { return "daybook.record.viewed.v1" }

// DetailsRevealed is the event that somebody had opened what rests sealed: a person's identifiers, the details of entries, the
// particulars of contacts. It is durable before anything is shown.
type DetailsRevealed struct {
	By
	Controller domain.ControllerID `json:"controller,omitzero"` // empty where contacts of several were opened
	Subjects   []domain.SubjectKey `json:"subjects,omitempty"`  // of the person; none where contacts were opened
	View       View                `json:"view"`
	At         uint64              `json:"at,string,omitzero"`
}

// EventType names the event.
func (DetailsRevealed) EventType() string { return "daybook.details.revealed.v1" }

// ExportMade is the event that a file was made of what is recorded: what was in it, how much, and the digest by which the file is
// known again.
type ExportMade struct {
	By
	Controller domain.ControllerID `json:"controller,omitzero"` // empty for all
	Subjects   []domain.SubjectKey `json:"subjects,omitempty"`  // of the person whose trail it is
	What       string              `json:"what"`                // trail, log, findings …
	Format     string              `json:"format"`              // jsonl, csv, xlsx …
	// Until is the end of the ledger that the file rests on.
	Until  uint64 `json:"until,string"`
	Rows   uint64 `json:"rows,string"`
	Bytes  uint64 `json:"bytes,string"`
	SHA256 string `json:"sha256"` // 64 hexadecimal digits
	// Revealed says that the file holds what rests sealed in the ledger.
	Revealed bool `json:"revealed,omitzero"`
	// Broken says that the file was not taken whole; counts and digest are then of what was.
	Broken bool `json:"broken,omitzero"`
}

// EventType names the event.
func (ExportMade) EventType() string { return "daybook.export.made.v1" }

// VerificationMade is the event that somebody checked the history, from the first entry to before the end, and what came of it.
type VerificationMade struct {
	By
	From  uint64 `json:"from,string"`
	Until uint64 `json:"until,string"`
	// Root is the Merkle root that was found, in 64 hexadecimal digits; empty where none was.
	Root   string `json:"root,omitzero"`
	Intact bool   `json:"intact"`
	// Bad is the first position that was found wrong, where one was.
	Bad *uint64 `json:"bad,string,omitzero"`
}

// EventType names the event.
func (VerificationMade) EventType() string { return "daybook.verification.made.v1" }
