package request_test

import (
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
)

func TestEveryStepCarriesANote(t *testing.T) {
	for _, step := range []request.Step{
		request.Received{}, request.Assigned{}, request.Acknowledged{}, request.Asked{}, request.Replied{}, request.Extended{},
		request.Found{}, request.Reviewed{}, request.Decided{}, request.Ordered{}, request.Settled{}, request.Delivered{},
		request.Answered{}, request.Corresponded{}, request.Withdrawn{}, request.Transferred{}, request.Closed{}, request.Notified{},
	} {
		noted := request.Noted(step, domain.Sealed("sealed"))
		if got := request.Details(noted).Note; string(got) != "sealed" || noted.EventType() != step.EventType() {
			t.Errorf("%s: the note is %q", step.EventType(), got)
		}
	}
}
