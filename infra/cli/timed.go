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

	"github.com/jigowatt/daybook/infra/wire"
)

// timed lets a command that looks at a view look at it as it was known earlier.
func (p *program) timed(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&p.at, "at", "", "as it was known when the ledger had so many entries, or at a time: 2026-06-30, which\n"+
		"stands for its end in UTC, or 2026-06-30T12:00:00Z")
	return cmd
}

// dated lets a command look at how it was on a date, by when things happened, beside as it was known.
func (p *program) dated(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&p.on, "on", "", "as it was on a day, 2026-11-14, which stands for its end in UTC, or at a moment, by when\n"+
		"things happened, with all that is known now or as of --at: what was reported late counts")
	return p.timed(cmd)
}

// onDay is dated for views of many people, for which the whole history is put in order.
func (p *program) onDay(cmd *cobra.Command) *cobra.Command {
	p.dated(cmd).Flags().Lookup("on").Usage += ".\nThe history is put in order for it, some ten seconds for a million entries"
	return cmd
}

// asItWas says on which date an answer is, and with what was known; empty where it is of no date.
func (p *program) asItWas() string {
	if p.on == "" {
		return ""
	}
	words := "As it was on " + dayWords(p.on) + ", with what "
	switch {
	case p.at == "":
		return words + "is known now."
	case strings.ContainsAny(p.at, "-:"):
		return words + "was known on " + dayWords(p.at) + "."
	}
	return words + "was known when the ledger had " + p.at + " entries."
}

// dayWords writes a day or a moment that was typed as people do.
func dayWords(text string) string {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Format("2 January 2006")
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return brief(at) + " UTC"
	}
	return text
}

// showDated shows a list under what it is as of.
func (p *program) showDated(l listing) error {
	p.sayAsItWas()
	return p.show(l)
}

func (p *program) sayAsItWas() {
	if words := p.asItWas(); words != "" {
		p.say(words, "")
	}
}

// asOf adds to an address as of when the command asks, and on which date: of several questions all with what is known at the first.
func (r remote) asOf(path string) string {
	at := r.at
	if at == "" && r.on != "" {
		at = *r.pinned
	}
	for _, of := range [][2]string{{"at", at}, {"on", r.on}} {
		if of[1] == "" {
			continue
		}
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + of[0] + "=" + url.QueryEscape(of[1])
	}
	return path
}

// The waiting for a view that is built as of an earlier position: an hour at most.
const (
	buildingPause = time.Second
	buildingTries = 3_600
)

// patient sends a request until the view as of then is built, and shows how far it is.
func (r remote) patient(ctx context.Context, method, path, contentType string, body any) (*http.Response, error) {
	if r.at == "" && r.on == "" {
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
		if err == nil {
			*r.pinned = res.Header.Get(wire.HeaderPosition)
		}
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
