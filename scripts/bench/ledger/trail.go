package ledger

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/load"
)

// Trail reads the newest page of one person's trail after another's over HTTP, details opened as the table holds them, as long
// as next gives people, and times each. It gives how many entries it saw in all.
func (p *Process) Trail(ctx context.Context, next func() (person int, ok bool)) (load.Histogram, uint64, error) {
	var h load.Histogram
	var seen uint64
	for {
		person, ok := next()
		if !ok {
			return h, seen, nil
		}
		url := "http://" + p.address() + "/api/v1/controllers/" + load.ControllerName(load.ControllerOf(person)) + "/people/trail"
		body := []byte(`{"person":"` + load.PersonIdentifier(person) + `","limit":50,"details":true}`)
		began := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return h, seen, errors.Wrap(err, "request for a trail")
		}
		request.Header.Set("Content-Type", "application/json")
		page, err := p.do(request, http.StatusNotFound)
		if err != nil {
			return h, seen, errors.Wrap(err, "ask for a trail")
		}
		h.Add(time.Since(began))
		seen += uint64(bytes.Count(page, []byte(`"recorded":`)))
	}
}
