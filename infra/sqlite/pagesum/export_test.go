package pagesum

// For tests.
var (
	Seal  = seal
	Whole = whole
)
