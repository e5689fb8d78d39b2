package cli

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"
)

// timed lets a command that looks at a view look at it as it was known earlier.
func (p *program) timed(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&p.at, "at", "", "as it was known when the ledger had so many entries, or at a time: 2026-06-30, which\n"+
		"stands for its end in UTC, or 2026-06-30T12:00:00Z")
	return cmd
}

// asOf adds to an address as of when the command asks.
func (r remote) asOf(path string) string {
	if r.at == "" {
		return path
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "at=" + url.QueryEscape(r.at)
}

// The waiting for a view that is built as of an earlier position: an hour at most.
const (
	buildingPause = time.Second
	buildingTries = 3_600
)

// patient sends a request until the view as of then is built, and shows how far it is.
func (r remote) patient(ctx context.Context, method, path, contentType string, body any) (*http.Response, error) {
	if r.at == "" {
		return r.send(ctx, method, path, contentType, body)
	}
	var bar *progress
	defer func() {
		if bar != nil {
			bar.finish()
		}
	}()
	for tries := 1; ; tries++ {
		res, err := r.send(ctx, method, r.asOf(path), contentType, body)
		var refused *refusal
		if err == nil || !errors.As(err, &refused) || refused.building == "" || tries == buildingTries {
			return res, err
		}
		if bar == nil {
			bar = r.bar("Building the view as of then", -1)
		}
		done, of, _ := strings.Cut(refused.building, "/")
		position, _ := strconv.ParseInt(done, 10, 64)
		end, _ := strconv.ParseInt(of, 10, 64)
		bar.reach(position, end)
		pause := time.NewTimer(buildingPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}
