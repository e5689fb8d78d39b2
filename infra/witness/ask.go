package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/jigowatt/daybook/domain"
)

const (
	// maxAnswer bounds what a witness may answer: a few signature lines.
	maxAnswer = 16 << 10
	// maxTries is how often a witness is asked about one checkpoint: once more where it says which tree it saw last.
	maxTries = 2
)

type question struct {
	signed []byte
	size   domain.Position
	prove  Prove
}

// refusal is why a witness did not cosign, in words without anything that it sent.
type refusal struct {
	what    string
	another bool // it saw another history
	seen    domain.Position
}

// ask has one witness cosign, and gives its signature line. known is the size that it saw last, as far as is known.
func (w *Witnesses) ask(ctx context.Context, a asked, known domain.Position, q question) ([]byte, *refusal) {
	for range maxTries {
		if known > q.size {
			return nil, &refusal{"it saw " + known.String() + " entries signed, more than the " + q.size.String() + " of this ledger", true, known}
		}
		status, answer, why := w.post(ctx, a, known, q)
		if why != nil {
			return nil, why
		}
		switch status {
		case http.StatusOK:
			if line := cosignature(q.signed, answer, a.verifier); line != nil {
				return line, nil
			}
			return nil, &refusal{what: "its answer is not its signature of the checkpoint"}
		case http.StatusConflict:
			seen, err := strconv.ParseUint(strings.TrimSuffix(string(answer), "\n"), 10, 63)
			if err != nil {
				return nil, &refusal{what: "it says that it saw another tree, and not which"}
			}
			known = domain.Position(seen)
		case http.StatusUnprocessableEntity:
			return nil, &refusal{what: "what it saw signed with " + known.String() + " entries is not the beginning of this history", another: true}
		case http.StatusNotFound:
			return nil, &refusal{what: "it does not know this ledger: give its operator the ledger's verifier key"}
		case http.StatusForbidden:
			return nil, &refusal{what: "it knows another key of this ledger"}
		default:
			return nil, &refusal{what: "it answers with status " + strconv.Itoa(status)}
		}
	}
	return nil, &refusal{what: "it goes on saying that it saw another tree"}
}

// post sends one add-checkpoint request of C2SP tlog-witness.
func (w *Witnesses) post(ctx context.Context, a asked, known domain.Position, q question) (int, []byte, *refusal) {
	body := append(strconv.AppendUint([]byte("old "), uint64(known), 10), '\n')
	if known > 0 && known < q.size {
		proof, err := q.prove(ctx, known)
		if err != nil {
			return 0, nil, &refusal{what: "the tiles do not prove that the history goes on from what it saw"}
		}
		for _, h := range proof {
			body = append(base64.StdEncoding.AppendEncode(body, h[:]), '\n')
		}
	}
	body = append(append(body, '\n'), q.signed...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, &refusal{what: "its address cannot be asked"}
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, nil, &refusal{what: "it does not answer"}
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(answer) > maxAnswer {
		return 0, nil, &refusal{what: "its answer is not whole"}
	}
	return res.StatusCode, answer, nil
}
