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

// text is what the checks below take, so that a decoder need not copy what it is about to refuse.
type text interface{ ~string | ~[]byte }

// ValidName says whether s is a name of the register: 1 to 32 of a-z, 0-9 and the hyphen, beginning with a letter or a digit.
func ValidName[T text](s T) bool { return within(s, MaxNameBytes, inName) && s[0] != '-' }

// ValidID says whether s is the id of an event: 1 to 64 of letters, digits and . _ : -. An id is never forgotten, so the
// characters of an e-mail address and of a sentence are not among them.
func ValidID[T text](s T) bool { return within(s, MaxIDBytes, inID) }

// ValidToken says whether s is an operation, a category or a system: 1 to 64 of letters, digits and . _ : / -. Tokens rest in
// the clear for ever, so they are made of the same sober characters as ids.
func ValidToken[T text](s T) bool { return within(s, MaxTokenBytes, inToken) }

// ValidCode says whether s is a location or a basis: 1 to 16 of letters, digits and . _ : -.
func ValidCode[T text](s T) bool { return within(s, MaxCodeBytes, inID) }

// ValidSource says whether s can be the source of an event: 1 to 256 of letters, digits and . _ ~ : / -, such as
// /fenland-cycles/webshop or https://shop.example.org/checkout.
func ValidSource[T text](s T) bool { return within(s, MaxSourceBytes, inSource) }

// The sets of characters, one bit each.
const (
	inName = 1 << iota
	inID
	inToken
	inSource
)

// alphabet gives the sets that each byte is in. It is never written to after it is made.
var alphabet = func() (sets [256]uint8) {
	fill := func(set uint8, characters string) {
		for i := range len(characters) {
			sets[characters[i]] |= set
		}
	}
	const small, digits, capitals = "abcdefghijklmnopqrstuvwxyz", "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	fill(inName, small+digits+"-")
	fill(inID, small+digits+capitals+"._:-")
	fill(inToken, small+digits+capitals+"._:/-")
	fill(inSource, small+digits+capitals+"._~:/-")
	return sets
}()

func within[T text](s T, limit int, set uint8) bool {
	if len(s) == 0 || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if alphabet[s[i]]&set == 0 {
			return false
		}
	}
	return true
}
