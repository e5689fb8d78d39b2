package commands_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

// An engine may take far less in one append than one action could have. Whatever comes together, nothing is ever sent to it that
// it must refuse, since that would end the epoch and come again for ever; what can never fit is refused at the door.
func TestALogThatTakesSmallAppendsIsNeverSentALargerOne(t *testing.T) {
	w := empty(t, func(c *commands.Config) { c.MaxFrameBytes = 256 << 10 })
	w.stop()
	w.log = memlog.New(memlog.Config{MaxFrame: 256 << 10})
	w.open()
	w.declare(organisation(), false)
	long := domain.NewPersonal(`{"note":"` + strings.Repeat("x", 12<<10) + `"}`)
	var writing sync.WaitGroup
	for p := range 4 {
		writing.Go(func() {
			for i := range 8 {
				id := strconv.Itoa(p) + "-" + strconv.Itoa(i)
				a := action(id, customers(1+i), func(a *commands.Action) { a.Details = long })
				w.recorded(a)
				if i%4 != p {
					continue
				}
				var d commands.Declaration
				for n := range 220 {
					d.Recipients = append(d.Recipients, register.RecipientDeclared{
						Recipient: domain.RecipientID("r" + id + "-" + strconv.Itoa(n)), Name: strings.Repeat("R", 100), Kind: register.Authority, Country: "GB",
					})
				}
				w.declare(d, false)
			}
		})
	}
	writing.Wait()
	outcome := w.record(action("too-large", customers(20), func(a *commands.Action) { a.Details = long }))[0]
	if !errors.Is(outcome.Err, domain.ErrInvalid) || errors.FlattenHints(outcome.Err) == "" {
		t.Errorf("an action that no frame holds was answered with %v", outcome.Err)
	}
	w.check()
}
