package cloudevents

import (
	"github.com/jigowatt/daybook/infra/wire"
)

// batch reads an array of events. The array is split before its items are read, so that an item which is not even JSON fails
// alone as long as its brackets and quotes are paired.
func (d *Decoder) batch(body []byte) ([]Result, bool, error) {
	if len(body) > wire.MaxBodyBytes {
		return nil, true, tooLong()
	}
	items, f := split(body)
	if f != nil {
		return nil, true, f
	}
	r := d.readers.Get().(*reader)
	defer d.readers.Put(r)
	defer r.release()
	results := make([]Result, len(items))
	for i, item := range items {
		results[i].Raw = item
		f := r.open(item)
		if f == nil {
			f = r.event(&results[i].Event)
		}
		if f != nil {
			results[i] = Result{Raw: item, Err: f.within(i)}
		}
	}
	return results, true, nil
}

// split gives the items of a JSON array, without judging what is in them.
func split(body []byte) ([][]byte, *fault) {
	start, end := skipSpace(body, 0), len(body)
	for end > start && isSpace(body[end-1]) {
		end--
	}
	if end-start < len("[]") || body[start] != '[' || body[end-1] != ']' {
		return nil, refuse(wire.Malformed, "", "a batch is a JSON array", "Send an array of events.")
	}
	inner := body[start+1 : end-1]
	if skipSpace(inner, 0) == len(inner) {
		return nil, refuse(wire.InvalidField, "", "the batch is empty", "Send 1 to 1,000 events in a batch.")
	}
	var items [][]byte
	depth, from := 0, 0
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			for i++; i < len(inner) && inner[i] != '"'; i++ {
				if inner[i] == '\\' {
					i++
				}
			}
			if i >= len(inner) {
				return nil, unpaired()
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return nil, unpaired()
			}
		case ',':
			if depth == 0 {
				items = append(items, inner[from:i])
				from = i + 1
				if len(items) == wire.MaxBatchEvents {
					return nil, refuse(wire.TooLarge, "", "a batch carries at most 1,000 events", "Send several batches.")
				}
			}
		}
	}
	if depth != 0 {
		return nil, unpaired()
	}
	return append(items, inner[from:]), nil
}

func unpaired() *fault {
	return refuse(wire.Malformed, "", "brackets or quotes of the batch are not paired", "Send UTF-8 JSON (RFC 8259).")
}
