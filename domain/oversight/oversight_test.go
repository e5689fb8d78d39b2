package oversight_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
)

func TestWhoLooksIsNamedByAnID(t *testing.T) {
	for _, c := range []struct {
		rule, actor, reason, inCase string
		want                        oversight.By
		err                         error
	}{
		{"who names nobody is unnamed", "", "", "", oversight.By{Known: oversight.Unnamed, Reason: oversight.Unstated}, nil},
		{"who names somebody claims it", "petra", "audit", "case-1", oversight.By{Actor: "petra", Known: oversight.Claimed, Reason: oversight.Audit, Case: "case-1"}, nil},
		{"an address is no id", "petra@example.org", "", "", oversight.By{}, domain.ErrInvalid},
		{"a name is no id", "Petra Quill", "", "", oversight.By{}, domain.ErrInvalid},
		{"free text is no reason", "petra", "Ada rang", "", oversight.By{}, domain.ErrInvalid},
		{"not to state a reason is no reason", "petra", "unstated", "", oversight.By{}, domain.ErrInvalid},
		{"nor does a case take free text", "petra", "audit", "Ada rang", oversight.By{}, domain.ErrInvalid},
	} {
		got, err := oversight.ParseBy(c.actor, c.reason, c.inCase)
		if !errors.Is(err, c.err) || err == nil && got != c.want {
			t.Errorf("%s: %+v, %v", c.rule, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "etra") || err != nil && strings.Contains(err.Error(), "Ada") {
			t.Errorf("%s: the error repeats it: %v", c.rule, err)
		}
	}
}
