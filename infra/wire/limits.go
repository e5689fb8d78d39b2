package wire

// Limits of what the ledger takes. The schemas state the same numbers; a test holds them together.
const (
	// MaxBodyBytes is the largest body of a message: a server's 8 MiB less room for headers and sealing.
	MaxBodyBytes = 8<<20 - 16<<10
	// MaxHeaderBytes is the most that the header values of one message may come to.
	MaxHeaderBytes = 8 << 10
	// MaxBatchEvents is the most events that one batch carries.
	MaxBatchEvents = 1000
	// MaxSubjects is the most people whom one action may concern.
	MaxSubjects = 1000
	// MaxSubjectBytes is the longest "kind:value" naming a person, in bytes of UTF-8.
	MaxSubjectBytes = 32 + 1 + 256
	// MaxCategories is the most categories of data that one action may name.
	MaxCategories = 64
	// MaxDetailsBytes is the largest details object, in bytes of compact JSON.
	MaxDetailsBytes = 16 << 10
	// MaxIDBytes is the longest id of an event.
	MaxIDBytes = 64
	// MaxNameBytes is the longest name of a controller, service, instruction or recipient.
	MaxNameBytes = 32
	// MaxTokenBytes is the longest operation, category or system.
	MaxTokenBytes = 64
	// MaxCodeBytes is the longest location or basis.
	MaxCodeBytes = 16
	// MaxSourceBytes is the longest source of an event.
	MaxSourceBytes = 256
	// MaxDepth is how deeply arrays and objects may be nested in a body.
	MaxDepth = 32
)

// ValidName says whether s is a name of the register: 1 to 32 of a-z, 0-9 and the hyphen, beginning with a letter or a digit.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxNameBytes || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ValidID says whether s is the id of an event: 1 to 64 of letters, digits and . _ : -. An id is never forgotten, so the
// characters of an e-mail address and of a sentence are not among them.
func ValidID(s string) bool { return within(s, MaxIDBytes, "._:-") }

// ValidToken says whether s is an operation, a category or a system: 1 to 64 of letters, digits and . _ : / -. Tokens rest in
// the clear for ever, so they are made of the same sober characters as ids.
func ValidToken(s string) bool { return within(s, MaxTokenBytes, "._:/-") }

// ValidCode says whether s is a location or a basis: 1 to 16 of letters, digits and . _ : -.
func ValidCode(s string) bool { return within(s, MaxCodeBytes, "._:-") }

// ValidSource says whether s can be the source of an event: 1 to 256 of letters, digits and . _ ~ : / -, such as
// /fenland-cycles/webshop or https://shop.example.org/checkout.
func ValidSource(s string) bool { return within(s, MaxSourceBytes, "._~:/-") }

func within(s string, limit int, punctuation string) bool {
	if s == "" || len(s) > limit {
		return false
	}
next:
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		for j := range len(punctuation) {
			if c == punctuation[j] {
				continue next
			}
		}
		return false
	}
	return true
}
