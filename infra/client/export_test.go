package client

// Seams for the tests of the spool's format.
var (
	AppendFrame = appendFrame
	CutFrame    = cutFrame
)

// ParseFrame gives what a frame says.
func ParseFrame(b []byte) (sequence uint64, ids []string, sealed []byte, err error) {
	p, err := parseFrame(b)
	return p.sequence, p.message.ids, p.message.body, err
}

// Scan counts what a segment holds.
func Scan(b []byte) (whole, damaged, tail int) {
	frames, spans, rest := scan(b)
	for _, f := range frames {
		whole += f.to - f.from
	}
	for _, s := range spans {
		damaged += s.to - s.from
	}
	return whole, damaged, rest.to - rest.from
}
