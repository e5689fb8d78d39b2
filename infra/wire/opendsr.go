package wire

import (
	"encoding/json"
	"time"
)

// OpenDSRVersion is the version of the OpenDSR messages: https://github.com/opengdpr/opendsr, 2.0.
const OpenDSRVersion = "2.0"

// The headers of every OpenDSR answer and callback: the domain of the certificate that discovery names, and the base64 of the
// signature over the exact body (RSASSA-PKCS1-v1_5 with SHA-256).
const (
	HeaderDSRDomain    = "X-OpenDSR-Processor-Domain"
	HeaderDSRSignature = "X-OpenDSR-Signature"
)

// OpenDSRCallback tells a controller's system how its request stands.
type OpenDSRCallback struct {
	Controller string     `json:"controller_id"`
	Expected   *time.Time `json:"expected_completion_time,omitempty"`
	// Callback is the address to which it goes, so that it serves at no other.
	Callback string `json:"status_callback_url"`
	ID       string `json:"subject_request_id"`
	Status   string `json:"request_status"`
	Version  string `json:"api_version"`
}

// OpenDSRRequest is a controller's request to its processor.
type OpenDSRRequest struct {
	Regulation string `json:"regulation"`
	// ID is a UUID of the controller's; it becomes the id of the case.
	ID         string            `json:"subject_request_id"`
	Type       string            `json:"subject_request_type"`
	Identities []OpenDSRIdentity `json:"subject_identities"`
	// Submitted is when the person asked the controller: the client's clock runs from that day.
	Submitted time.Time `json:"submitted_time"`
	Version   string    `json:"api_version,omitempty"`
	// Callbacks are of those that the register declares of the controller; others are refused.
	Callbacks  []string        `json:"status_callback_urls,omitempty"`
	Extensions json.RawMessage `json:"extensions,omitempty"`
}

// OpenDSRIdentity names a person.
type OpenDSRIdentity struct {
	Type   string `json:"identity_type"`
	Value  Text   `json:"identity_value"`
	Format string `json:"identity_format"`
}

// OpenDSRReceived answers a request or its cancellation.
type OpenDSRReceived struct {
	Controller string     `json:"controller_id"`
	Expected   *time.Time `json:"expected_completion_time,omitempty"`
	Received   time.Time  `json:"received_time"`
	// Encoded is the request's body in base64.
	Encoded []byte `json:"encoded_request,omitempty"`
	ID      string `json:"subject_request_id"`
	Version string `json:"api_version"`
}

// OpenDSRStatus says how a request stands.
type OpenDSRStatus struct {
	Controller string     `json:"controller_id"`
	Expected   *time.Time `json:"expected_completion_time,omitempty"`
	ID         string     `json:"subject_request_id"`
	Status     string     `json:"request_status"`
	Version    string     `json:"api_version"`
	// Results is where the answer to a request for access is.
	Results    string            `json:"results_url,omitempty"`
	Extensions OpenDSRExtensions `json:"extensions"`
}

// OpenDSRExtensions says what OpenDSR has no words for: refusals, parts, and what is being done.
type OpenDSRExtensions struct {
	Daybook OpenDSRDaybook `json:"daybook"`
}

// OpenDSRDaybook is a case as this ledger sees it.
type OpenDSRDaybook struct {
	Case    string `json:"case"`
	Stage   string `json:"stage"`
	Words   string `json:"words"`
	Outcome string `json:"outcome,omitempty"`
	// Exact is false where request_status says less than the case does.
	Exact bool `json:"exact"`
}

// OpenDSRDiscovery says what is supported.
type OpenDSRDiscovery struct {
	Version    string                 `json:"api_version"`
	Types      []string               `json:"supported_subject_request_types"`
	Identities []OpenDSRIdentityKinds `json:"supported_identities"`
	// Certificate is the address of the certificate that checks the signatures, in PEM.
	Certificate string `json:"processor_certificate"`
}

// OpenDSRIdentityKinds is one type of identity with its format.
type OpenDSRIdentityKinds struct {
	Type   string `json:"identity_type"`
	Format string `json:"identity_format"`
}
