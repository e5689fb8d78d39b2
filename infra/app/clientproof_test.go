package app_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/client"
)

// What a service keeps of an action proves it without the ledger, by the SDK's own code: a changed bit of the proof, of the leaf or of the
// position proves nothing, and neither does another key.
func TestAServiceChecksTheProofOfWhatItRecorded(t *testing.T) {
	r := start(t, filepath.Join(t.TempDir(), "data"))
	key := strings.TrimSpace(string(r.get(t, "/api/v1/proof/key")))
	c, err := client.Connect(t.Context(), r.at.NATS, client.WithController("fenland-cycles"), client.WithService("webshop"), client.WithProofs(key))
	must(t, err)
	defer func() { must(t, c.Close(t.Context())) }()
	var last client.Receipt
	for n := range 6 {
		r.event(t, fmt.Sprint("between-", n), "")
		last, err = c.Record(t.Context(), client.Action{Operation: client.Store, Subjects: []string{adaHere}, Instruction: "orders", Categories: []string{"pd:Name"}})
		if err != nil || last.Proof == "" {
			t.Fatalf("action %d: proof %q, %v", n, last.Proof, err)
		}
		must(t, client.CheckProof(last, key))
	}
	for at := range last.Proof {
		changed := last
		changed.Proof = last.Proof[:at] + string(last.Proof[at]^1) + last.Proof[at+1:]
		if err := client.CheckProof(changed, key); !errors.Is(err, client.ErrProof) {
			t.Errorf("a proof changed at %d of %d holds: %v", at, len(last.Proof), err)
		}
	}
	leaf, place, none := last, last, last
	leaf.Leaf = append([]byte{last.Leaf[0] ^ 1}, last.Leaf[1:]...)
	place.Position++
	none.Proof = ""
	other := "daybook/ledger+6fd7c025+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"
	for rule, row := range map[string]struct {
		receipt client.Receipt
		key     string
	}{"another leaf": {leaf, key}, "another position": {place, key}, "no proof": {none, key}, "another key": {last, other}, "no key": {last, "key"}} {
		if err := client.CheckProof(row.receipt, row.key); !errors.Is(err, client.ErrProof) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := client.Connect(t.Context(), r.at.NATS, client.WithController("fenland-cycles"), client.WithService("webshop"), client.WithProofs("nonsense")); !errors.Is(err, client.ErrOptions) {
		t.Errorf("a key that is none: %v", err)
	}
	stranger, err := client.Connect(t.Context(), r.at.NATS, client.WithController("fenland-cycles"), client.WithService("webshop"), client.WithProofs(other))
	must(t, err)
	defer func() { must(t, stranger.Close(t.Context())) }()
	receipt, err := stranger.Record(t.Context(), client.Action{Operation: client.Store, Subjects: []string{adaHere}, Instruction: "orders", Categories: []string{"pd:Name"}})
	if !errors.Is(err, client.ErrProof) || receipt.Position <= last.Position {
		t.Errorf("a ledger with another key: %+v, %v", receipt, err)
	}
}
