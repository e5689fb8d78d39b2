package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// gate proves what it is asked for once it is open.
type gate struct{ asked, open chan struct{} }

func (g gate) Await(ctx context.Context, _ domain.Position, witnessed bool) error {
	g.asked <- struct{}{}
	if witnessed {
		return domain.ErrUnavailable
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return domain.ErrUnavailable
	}
}

func (g gate) Inclusion(_ context.Context, at domain.Position, _ bool) ([]byte, error) {
	return fmt.Appendf(nil, "proof of %s\n", at), nil
}

// A receipt that waits for its proof holds up no other.
func TestAReceiptCarriesTheProofThatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	g := gate{make(chan struct{}, 200), make(chan struct{})}
	w.prover = g
	w.open()
	w.run()
	wanted := func(proof, body string) wire.Receipt {
		m := msg(subject(wire.Record), "", body)
		m.Header = nats.Header{wire.HeaderProof: {proof}}
		return read[wire.Receipt](w, w.ask(m))
	}
	first := make(chan wire.Receipt)
	go func() { first <- wanted("signed", event("first")) }()
	<-g.asked
	if r := read[wire.Receipt](w, w.ask(msg(subject(wire.Record), "", event("second")))); r.Proof != "" || r.ID != "second" {
		t.Errorf("%+v", r)
	}
	close(g.open)
	if r := <-first; r.Proof != fmt.Sprintf("proof of %d\n", r.Position) || r.ID != "first" {
		t.Errorf("%+v", r)
	}
	if r := wanted("signed", event("first")); r.Proof == "" || !r.Duplicate {
		t.Errorf("a repetition: %+v", r)
	}
	if r := wanted("witnessed", event("third")); r.Proof != "" || r.ID != "third" {
		t.Errorf("what cannot be proved in time is recorded all the same: %+v", r)
	}
	// Each item of a batch has its own.
	m := msg(subject(wire.Record), "", "["+event("b1")+","+event("b2")+"]")
	m.Header = nats.Header{wire.HeaderProof: {"signed"}}
	for _, item := range read[[]wire.Item](w, w.ask(m)) {
		if item.Receipt == nil || item.Receipt.Proof != fmt.Sprintf("proof of %d\n", item.Receipt.Position) {
			t.Errorf("%+v", item)
		}
	}
	// What cannot be given is refused before anything is recorded.
	end := w.log.End()
	many := strings.Repeat(event("m")+",", wire.MaxProofs) + event("m")
	for rule, row := range map[string][2]string{"no such proof": {"notary", event("n")}, "too many": {"signed", "[" + many + "]"}} {
		m := msg(subject(wire.Record), "", row[1])
		m.Header = nats.Header{wire.HeaderProof: {row[0]}}
		if p := problemOf(w, w.ask(m)); p.Status != 422 || w.log.End() != end {
			t.Errorf("%s: %+v", rule, p)
		}
	}
}
