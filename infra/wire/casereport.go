package wire

import "time"

// AccessReport answers a person's request for access, point by point of Article 15(1). It names the person, and nobody else: other
// people whose data were part of an action, and whoever worked for a service, are not in it.
type AccessReport struct {
	Case           string `json:"case"`
	Controller     string `json:"controller"`
	ControllerName string `json:"controllerName"`
	ProcessorName  string `json:"processorName,omitempty"`
	Received       string `json:"received"`
	// Made is when the report was made, and Position how many entries the ledger had.
	Made     time.Time `json:"made"`
	Position uint64    `json:"position"`
	// Identifiers are the names by which the person is known, in the clear: the report is theirs.
	Identifiers []Text `json:"identifiers"`
	// Purposes answer Article 15(1)(a).
	Purposes []ReportPurpose `json:"purposes"`
	// Held answers Article 15(1)(b) and (d): the categories held, where, and how long.
	Held []ReportHeld `json:"held"`
	// Recipients answer Article 15(1)(c) and 15(2): those who actually received data.
	Recipients []ReportRecipient `json:"recipients"`
	// Used lists every consultation and use with its day and purpose (CJEU C-579/21).
	Used []ReportUse `json:"used"`
	// Rights answer Article 15(1)(e) and (f).
	Rights []ReportRight `json:"rights"`
	// Complaint says where to complain (Art. 15(1)(f)).
	Complaint string `json:"complaint"`
	// Sources answer Article 15(1)(g).
	Sources []ReportSource `json:"sources"`
	// Automated answers Article 15(1)(h).
	Automated string `json:"automated"`
	// Withheld counts what is left out, by ground (Art. 12(4), 15(4)).
	Withheld []CaseWithheld `json:"withheld"`
}

// ReportPurpose is one purpose of processing with its basis.
type ReportPurpose struct {
	Instruction string `json:"instruction"`
	Title       string `json:"title"`
	Purpose     string `json:"purpose"`
	Basis       string `json:"basis"`
	// Words give the basis in words with its article.
	Words    string `json:"words"`
	Interest string `json:"interest,omitempty"`
}

// ReportHeld is one category that is held in one system.
type ReportHeld struct {
	Category string    `json:"category"`
	Name     string    `json:"name"`
	System   string    `json:"system,omitempty"`
	Location string    `json:"location,omitempty"`
	Since    time.Time `json:"since"`
	Purpose  string    `json:"purpose,omitempty"`
	// Until is when it is to be erased, where that is known; Retention says the rules.
	Until     *time.Time `json:"until,omitempty"`
	Retention string     `json:"retention"`
}

// ReportRecipient is one who received data of the person.
type ReportRecipient struct {
	Recipient  string    `json:"recipient"`
	Name       string    `json:"name"`
	Kind       string    `json:"kind,omitempty"`
	Country    string    `json:"country,omitempty"`
	Safeguard  string    `json:"safeguard,omitempty"`
	Categories []string  `json:"categories"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Times      int       `json:"times"`
	// Compelled says that a court or an authority ordered it.
	Compelled bool `json:"compelled,omitempty"`
}

// ReportUse is one consultation or use.
type ReportUse struct {
	At         time.Time `json:"at"`
	Operation  string    `json:"operation"`
	What       string    `json:"what"`
	Purpose    string    `json:"purpose"`
	Position   uint64    `json:"position"`
	Categories []string  `json:"categories"`
}

// ReportRight is a right that the person has.
type ReportRight struct {
	Article string `json:"article"`
	Words   string `json:"words"`
	// Purposes name those for which the right usually stands; empty for all.
	Purposes []string `json:"purposes,omitempty"`
}

// ReportSource is where data came from.
type ReportSource struct {
	Name     string    `json:"name"`
	Category string    `json:"category"`
	Words    string    `json:"words"`
	First    time.Time `json:"first"`
}
