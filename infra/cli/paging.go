package cli

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// filter is what a command hands on to the ledger as the query of an address; empty values are left out.
type filter url.Values

func (f filter) set(name, value string) filter {
	if value != "" {
		url.Values(f).Set(name, value)
	}
	return f
}

// path gives the address with the query.
func (f filter) path(path string) string {
	if len(f) == 0 {
		return path
	}
	return path + "?" + url.Values(f).Encode()
}

// pageLimit is how many things are asked for at once.
const pageLimit = 500

// pages asks for page after page until there are no more or there are enough; 0 is never enough. fetch gives the cursor of the next
// page, empty after the last, and how many things there are by now.
func pages(limit int, fetch func(after string, n int) (next string, total int, err error)) (more bool, err error) {
	if limit < 0 {
		return false, usage("The limit is below nothing.", "Give --limit 0 for all.")
	}
	for after, total := "", 0; ; {
		n := pageLimit
		if limit > 0 {
			n = min(n, limit-total)
		}
		next, now, err := fetch(after, n)
		if err != nil || next == "" || next == after {
			return false, err
		}
		if limit > 0 && now >= limit {
			return true, nil
		}
		after, total = next, now
	}
}

func cursor(next *uint64) string {
	if next == nil {
		return ""
	}
	return strconv.FormatUint(*next, 10)
}

// secretUsage says of flags that show or count what must not be told what they take, and what becomes of it.
const secretUsage = "with what the law forbids telling the client and the person; needs --as and --reason, and is recorded"

// secretFlag adds the flag that shows what must not be told.
func secretFlag(cmd *cobra.Command, secret *bool) {
	cmd.Flags().BoolVar(secret, "secret", false, secretUsage)
}

func secretValue(secret bool) string {
	if secret {
		return "show"
	}
	return ""
}

// who names a person by masked identifiers.
func who(masked []wire.Text, forgotten bool) string {
	if forgotten {
		return "forgotten"
	}
	return orText(strings.Join(plain(masked), ", "), "unknown")
}
