package report

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/wire"
)

// AppendReceipt appends the JSON of a receipt, as encoding/json would write what Receipt gives, at a tenth of the cost: every
// recorded action is answered by one. Ids have no characters that JSON escapes.
func AppendReceipt(b []byte, r commands.Receipt) []byte {
	b = append(append(b, `{"id":"`...), r.ID...)
	b = strconv.AppendUint(append(b, `","position":`...), uint64(r.Position), 10)
	b = strconv.AppendInt(append(b, `,"events":`...), int64(r.Events), 10)
	b = append(r.Recorded.AppendFormat(append(b, `,"recorded":"`...), "2006-01-02T15:04:05.999Z07:00"), '"')
	if r.Findings == 0 {
		b = append(b, `,"verdict":"conformant"`...)
	} else {
		b = append(b, `,"verdict":"findings","findings":[`...)
		for i, f := range r.Findings.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, `{"code":"`...), f.Code()...)
			b = append(append(b, `","article":"`...), f.Article()...)
			b = append(append(b, `","message":"`...), f.Message()...)
			b = append(b, `"}`...)
		}
		b = append(b, ']')
	}
	b = append(base64.StdEncoding.AppendEncode(append(b, `,"leaf":"`...), r.Leaf[:]), '"')
	if r.Duplicate {
		b = append(b, `,"duplicate":true`...)
	}
	if r.Note != (commands.Note{}) {
		b = append(append(b, `,"notes":[{"article":"`...), r.Note.Article...)
		b = append(append(append(b, `","message":"`...), r.Note.Message...), `"}]`...)
	}
	return append(b, '}')
}

// AppendItem appends the JSON of a batch's item: the receipt, with its proof where that is not nil, or the problem where there is one.
func AppendItem(b []byte, r commands.Receipt, proof []byte, p *wire.Problem) ([]byte, error) {
	if p == nil {
		return append(AppendProved(append(b, `{"receipt":`...), r, proof), '}'), nil
	}
	problem, err := json.Marshal(p)
	if err != nil {
		return b, err
	}
	return append(append(append(b, `{"problem":`...), problem...), '}'), nil
}
