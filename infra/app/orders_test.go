package app_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/wire"
)

const enquiries = `{"processor":{"name":"Aldgate","regime":"UK","territory":["GB"],"measures":["encryption"]},
	"controllers":[{"id":"fenland-cycles","name":"Fenland Cycles Ltd","regime":"UK","country":"GB",
		"contacts":[{"id":"owner","role":"Owner","name":"Hettie"}],
		"services":[{"id":"crm","name":"Customer records","reportsWithin":"24h"}],
		"instructions":[{"id":"enquiries","title":"Answer enquiries","purpose":"CommunicationForCustomerCare","basis":"A6-1-f","interest":"Answering",
			"operations":["Collect","Store","Erase"],"categories":["pd:Name"],"territory":["GB"],
			"retention":[{"after":"enquiry-answered","keep":"P0D"}],"given":{"by":"owner","on":"2025-03-03","how":"contract","reference":"1"}}]}]}`

// TestAnAnsweredEnquiryIsErased goes the whole way round: a service reports what it has and that the enquiry was answered, the ledger
// orders it to erase, the service asks whom the order is about, erases, and answers.
func TestAnAnsweredEnquiryIsErased(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), app.Config{
		Data: filepath.Join(t.TempDir(), "data"), HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Sweep: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ready := make(chan app.Addresses, 1)
	var all sync.WaitGroup
	all.Go(func() {
		if err := a.Run(ctx, func(at app.Addresses) { ready <- at }); err != nil {
			t.Errorf("%+v", err)
		}
	})
	defer all.Wait()
	defer cancel()
	at := <-ready
	res, err := http.Post(at.HTTP+"/api/v1/register", "application/json", strings.NewReader(enquiries))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Fatalf("register: %s", body)
	}
	crm, err := client.Connect(ctx, at.NATS, client.WithController("fenland-cycles"), client.WithService("crm"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = crm.Close(context.Background()) }()
	who := []string{"email:ada@example.org"}
	if _, err := crm.Record(ctx, client.Action{
		Operation: client.Collect, Subjects: who, Instruction: "enquiries", Categories: []string{"pd:Name"}, System: "crm", Location: "GB",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := crm.Occasion(ctx, client.Occasion{Occasion: client.EnquiryAnswered, Subjects: who, Instruction: "enquiries"}); err != nil {
		t.Fatal(err)
	}
	taking, taken := context.WithCancel(ctx)
	defer taken()
	var order client.Order
	var receipt client.Receipt
	if err := crm.Orders(taking, func(ctx context.Context, o client.Order) error {
		defer taken()
		order = o
		receipt, err = o.Answer(ctx, client.Action{Location: "GB"})
		return err
	}); err != nil || ctx.Err() != nil {
		t.Fatalf("no order came: %v, %v", err, ctx.Err())
	}
	if order.Kind != client.OrderErase || order.Instruction != "enquiries" || order.System != "crm" || order.Reason != "retention" ||
		!slices.Equal(order.Subjects, who) || !slices.Equal(order.Categories, []string{"pd:Name"}) {
		t.Errorf("the order is %+v", order)
	}
	if receipt.Verdict != wire.Conformant {
		t.Errorf("the answer: %+v", receipt)
	}
}
