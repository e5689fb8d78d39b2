package wire

import "time"

// OrdersStream is the JetStream stream in which orders wait for the services. A service takes those of its own subject, with a
// durable consumer that is named by Durable and filtered by the subject, and acknowledges each when it has acted on it.
const OrdersStream = "DAYBOOK_ORDERS"

// Durable names the consumer of a service's orders. Names have no underscore, so that no two services have one consumer.
func Durable(controller, service string) string { return controller + "_" + service }

// OrderKind is what an order asks for.
type OrderKind string

// The kinds of orders.
const (
	OrderErase    OrderKind = "erase"
	OrderRestrict OrderKind = "restrict"
	OrderRectify  OrderKind = "rectify"
	OrderStop     OrderKind = "stop"
	// OrderRecall takes back the order that it names, because a hold forbids it (Art. 17(3)): it is not to be carried out, and nothing
	// answers it. Whom it is about cannot be claimed.
	OrderRecall OrderKind = "recall"
	OrderTell   OrderKind = "tell" // a recipient, what became of the data it was given (Art. 19)
)

// Order is a task from the ledger to a service, which the service answers by recording what it did with Action.Order set. It rests
// on disk until the service has it, so it names no person: whom it is about is asked for with a ClaimRequest.
type Order struct {
	// Order is its id.
	Order       string    `json:"order"`
	Kind        OrderKind `json:"kind"`
	Controller  string    `json:"controller"`
	Service     string    `json:"service"`
	Instruction string    `json:"instruction"`
	// System is where the data is, empty for what the service itself holds.
	System string `json:"system,omitempty"`
	// Categories are those concerned, empty for all.
	Categories []string `json:"categories,omitempty"`
	// Reason is retention, consent-withdrawn, instruction-withdrawn, objection, restriction or case.
	Reason string `json:"reason"`
	// Due is when it was due.
	Due time.Time `json:"due"`
	// Case is the id of the case that the order belongs to, empty for none.
	Case string `json:"case,omitempty"`
	// Return says that the data is handed back to the controller before it is erased (Art. 28(3)(g)).
	Return bool `json:"return,omitempty"`
	// Recipient is who is to be told, by its name in the register.
	Recipient string `json:"recipient,omitempty"`
}

// ClaimRequest asks whom an order is about.
type ClaimRequest struct {
	Order string `json:"order"`
}

// Claim answers whom an order is about. There is none for an order that was answered, or never sent to the service.
type Claim struct {
	Order string `json:"order"`
	// Subjects are the names of the person that the ledger knows under the controller, each as kind:value.
	Subjects []Text `json:"subjects"`
}
