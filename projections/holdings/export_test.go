package holdings

// Merge puts the packed records of later events upon those of earlier ones.
func Merge(older, newer []byte) []byte { return merge(nil, older, newer) }
