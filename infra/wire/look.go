package wire

import "time"

// Headers by which whoever looks says who they are and why. There is no access control yet, so that what they say is recorded as a
// claim. None of them may name a person by a name or an address.
const (
	// HeaderActor is a contact of the register, or the id of a user.
	HeaderActor = "Daybook-Actor"
	// HeaderReason is one of LookReasons.
	HeaderReason = "Daybook-Reason"
	// HeaderCase is the case for which somebody looks.
	HeaderCase = "Daybook-Case"
)

// LookReasons are the reasons that can be stated for looking.
var LookReasons = []string{"request", "complaint", "instruction", "audit", "incident", "authority", "support", "operation"}

// Look is one look into the ledger.
type Look struct {
	Position uint64    `json:"position"`
	Time     time.Time `json:"time"`
	// Kind is viewed, revealed, exported or verified.
	Kind string `json:"kind"`
	// Actor is who looked, by an id; empty where nobody was named.
	Actor string `json:"actor,omitempty"`
	// Known is claimed or unnamed: nothing confirms yet who looks.
	Known      string `json:"known"`
	Reason     string `json:"reason"`
	Case       string `json:"case,omitempty"`
	Controller string `json:"controller,omitempty"`
	// Identifiers shows whose record it was, masked, in lists that are not of one person.
	Identifiers []Text `json:"identifiers,omitempty"`
	Forgotten   bool   `json:"forgotten,omitempty"`
	// View is what was looked at; At is the end of the ledger as of which.
	View string `json:"view,omitempty"`
	At   uint64 `json:"at,omitempty"`
	// Export and Verification say more of those kinds.
	Export       *LookExport       `json:"export,omitempty"`
	Verification *LookVerification `json:"verification,omitempty"`
	Sentence     string            `json:"sentence"`
}

// LookExport is a file that was made of what is recorded.
type LookExport struct {
	What   string `json:"what"`
	Format string `json:"format"`
	// Until is the end of the ledger that the file rests on.
	Until  uint64 `json:"until"`
	Rows   uint64 `json:"rows"`
	Bytes  uint64 `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Revealed says that the file holds what rests sealed in the ledger.
	Revealed bool `json:"revealed,omitempty"`
}

// LookVerification is a check of the history, from one entry to before an end.
type LookVerification struct {
	From   uint64 `json:"from"`
	Until  uint64 `json:"until"`
	Root   string `json:"root,omitempty"` // 64 hexadecimal digits
	Intact bool   `json:"intact"`
	// Bad is the first position that was found wrong.
	Bad *uint64 `json:"bad,omitempty"`
}

// Looks is one page of looks, the newest first.
type Looks struct {
	Looks []Look `json:"looks"`
	// Next is the cursor of the next page: hand it in as after. Absent on the last.
	Next     *uint64 `json:"next,omitempty"`
	Position uint64  `json:"position"`
}

// LooksQuery asks who looked at one person's record.
type LooksQuery struct {
	Person Text `json:"person"`
	// After is Looks.Next of the page before.
	After *uint64 `json:"after,omitempty"`
	// Limit is the most looks to give: 1 to 1,000, 100 by default.
	Limit int `json:"limit,omitempty"`
}

// ExportRequest asks for a file of what is recorded.
type ExportRequest struct {
	// What is log, trail, findings, disclosures, recipients, retention or article30.
	What string `json:"what"`
	// Format is jsonl, csv, xlsx or parquet for all of them; ldv or vng for the log; ico, cnil or dpv for article30.
	Format string `json:"format"`
	// Controller narrows it down to one controller; a trail needs it.
	Controller string `json:"controller,omitempty"`
	// Person is whose trail it is, as kind:value.
	Person Text `json:"person,omitempty"`
	// At is the end of the ledger as of which the log, a trail, findings and article30 are exported; the newest.
	At *uint64 `json:"at,omitempty"`
	// Contacts asks for the particulars of contacts in article30.
	Contacts bool `json:"contacts,omitempty"`
	// Secret asks also for what the law forbids telling the controller and the person (Art. 28(3)(a)).
	Secret bool `json:"secret,omitempty"`
}

// BundleRequest asks for an evidence bundle: of all that is a controller's, or of one person or one case; of a period where one is
// named.
type BundleRequest struct {
	Controller string `json:"controller"`
	// Person is whose bundle it is, as kind:value; Case is of which case it is. At most one of them is named.
	Person Text   `json:"person,omitempty"`
	Case   string `json:"case,omitempty"`
	// From and To are positions, To excluded; Since and Before are times at which entries were recorded, Before excluded.
	From   *uint64    `json:"from,omitempty"`
	To     *uint64    `json:"to,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Before *time.Time `json:"before,omitempty"`
	// Regulator asks also for what the law forbids telling the controller and the person (Art. 28(3)(a)), and counts it.
	Regulator bool `json:"regulator,omitempty"`
}

// Trailers of an export, which say what was recorded of it when its last byte is sent.
const (
	// TrailerSHA256 is the digest of the file in hexadecimal digits.
	TrailerSHA256 = "Daybook-Export-Sha256"
	// TrailerRows is how many rows are in it.
	TrailerRows = "Daybook-Export-Rows"
	// TrailerEntry is the position of the entry that says that the export was made.
	TrailerEntry = "Daybook-Export-Entry"
)
