package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "How the ledger and its views are; ends with exit code 5 where it is not ready",
		Args: exact(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var s wire.Status
			if err := p.ledger().call(cmd.Context(), http.MethodGet, "/status", "", nil, &s); err != nil {
				return err
			}
			if p.format == "table" {
				ready := "It is ready."
				if !s.Ready {
					ready = stopped("It is not ready: " + strings.Join(s.Reasons, "; "))
				}
				p.say(fmt.Sprintf("The ledger at %s has %d entries. %s", p.ledger().base, s.End, ready))
				p.say(slices.Concat(proofWords(s), witnessWords(s.Witnessing), []string{""})...)
			}
			if f := s.Forked; f != nil && p.format == "table" {
				p.say(fmt.Sprintf("This ledger is a fork: it has its first %d entries from %s, of which others saw %d.", f.At, f.From, f.Seen),
					"Since then it signs as "+f.To+".", "")
			}
			l := listing{whole: s, head: []string{"View", "Reached", "Behind by", "State"}, empty: "There are no views."}
			for _, v := range s.Views {
				state := "follows"
				if v.Stopped != "" {
					state = "stopped: " + v.Stopped
				}
				l.items = append(l.items, v)
				l.rows = append(l.rows, []string{v.Name, strconv.FormatUint(v.Position, 10), strconv.FormatUint(v.Lag, 10), state})
			}
			if err := p.show(l); err != nil || s.Ready {
				return err
			}
			return &failure{errNotReady, "The ledger is not ready.", "See daybook doctor.", nil}
		},
	}
}

// witnessWords says how far the history is cosigned, and what is wrong with whom.
func witnessWords(w *wire.Witnessing) []string {
	if w == nil {
		return nil
	}
	words := []string{fmt.Sprintf("%d of them are cosigned as the witness policy demands.", w.Witnessed)}
	for _, witness := range w.Witnesses {
		switch {
		case witness.Refused:
			words = append(words, "ATTENTION: witness "+witness.Name+" refuses this history: "+witness.Problem+
				". The ledger was put back to an older copy, or somebody signs with its key.")
		case witness.Problem != "":
			words = append(words, "Witness "+witness.Name+": "+witness.Problem+"."+lastCosigned(witness))
		default:
			words = append(words, "Witness "+witness.Name+" cosigns."+lastCosigned(witness))
		}
	}
	return words
}

func lastCosigned(w wire.Witness) string {
	if w.At.IsZero() {
		return " It has cosigned nothing since the ledger started."
	}
	return fmt.Sprintf(" It last cosigned on %s, for %d entries.", moment(w.At), w.Cosigned)
}

// proofWords says how far the history is signed, and when it was last held against what was signed.
func proofWords(s wire.Status) []string {
	if s.Proof == nil {
		return nil
	}
	signed := fmt.Sprintf("%d entries are signed for", s.Proof.Signed)
	if !s.Proof.SignedAt.IsZero() {
		signed += ", the last time on " + moment(s.Proof.SignedAt)
	}
	return []string{signed + ". " + checkedWords(s.Proof)}
}

// checkedWords says when the log was last found to be what was signed.
func checkedWords(of *wire.ProofStatus) string {
	end, whole := "not since the ledger started", "not yet"
	if !of.EndCheckedAt.IsZero() {
		end = "on " + moment(of.EndCheckedAt)
	}
	if !of.CheckedAt.IsZero() {
		whole = fmt.Sprintf("of %d entries on %s", of.Checked, moment(of.CheckedAt))
	}
	return "Held against what was signed, and found the same: the end of the log " + end + ", the whole log " + whole + "."
}

func (p *program) rebuild() *cobra.Command {
	var of stoppedFlags
	cmd := &cobra.Command{
		Use:   "rebuild [VIEW…]",
		Short: "Build views anew from the log, beside the old ones, which answer meanwhile",
		Long: "Builds the named views, or all of them, from the entries of the log. A rebuilt view takes the place of the old one when\n" +
			"it has caught up. With --data it removes the views of a stopped ledger and builds them there.",
		Example: "  daybook rebuild trail\n  daybook rebuild\n  daybook rebuild --data ./daybook-data",
		RunE: func(cmd *cobra.Command, views []string) error {
			if of.data != "" {
				return p.rebuildStopped(cmd.Context(), of, views)
			}
			if len(views) == 0 {
				var s wire.Status
				if err := p.ledger().call(cmd.Context(), http.MethodGet, "/status", "", nil, &s); err != nil {
					return err
				}
				for _, v := range s.Views {
					views = append(views, v.Name)
				}
			}
			for _, view := range views {
				if err := p.rebuildView(cmd, view); err != nil {
					return err
				}
			}
			return nil
		},
	}
	of.add(cmd, "rebuild in")
	return cmd
}

func (p *program) rebuildView(cmd *cobra.Command, view string) error {
	if !wire.ValidName(view) {
		return usage("The name of a view is none.", "See the views' names with daybook status.")
	}
	bar := p.progress("Rebuilding "+view, -1)
	defer bar.finish()
	var last wire.Rebuild
	err := p.ledger().lines(cmd.Context(), http.MethodPost, "/views/"+view+"/rebuild", func(line []byte) (bool, error) {
		if err := json.Unmarshal(line, &last); err != nil {
			return false, errors.Wrap(err, "read the progress")
		}
		if last.Problem != nil {
			return false, refused(*last.Problem)
		}
		bar.reach(int64(last.Position), int64(last.End))
		return true, nil
	})
	if err != nil {
		return err
	}
	if !last.Done {
		return &failure{errUnfinished, "The rebuilding of " + view + " ended before it was done.", "The old view still answers. Look at the ledger's log, and try again.", nil}
	}
	bar.finish()
	return p.rebuilt(view, last.Position)
}

// rebuilt says that a view was built.
func (p *program) rebuilt(view string, position uint64) error {
	if p.format == "table" {
		p.say(fmt.Sprintf("Rebuilt %s from %d entries.", view, position))
		return nil
	}
	done := wire.Rebuild{View: view, Position: position, End: position, Done: true}
	return p.show(listing{whole: done, items: []any{done}, head: []string{"view", "position"}, rows: [][]string{{view, strconv.FormatUint(position, 10)}}})
}

func (p *program) quarantine() *cobra.Command {
	return group("quarantine", "Messages that could not be understood, set aside with the reason",
		p.quarantineList(), p.quarantineShow(), p.quarantineReplay())
}

func (p *program) quarantineList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what was set aside, and why", Args: exact(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []wire.Quarantined
			for after, more := "", true; more; {
				var page wire.Quarantine
				path := "/quarantine?limit=100&after=" + url.QueryEscape(after)
				if after == "" {
					path = "/quarantine?limit=100"
				}
				if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &page); err != nil {
					return err
				}
				all = append(all, page.Messages...)
				more = page.Next != "" && page.Next != after
				after = page.Next
			}
			l := listing{
				whole: wire.Quarantine{Messages: all}, head: []string{"Id", "Received (UTC)", "From", "Bytes", "Why"},
				empty: "Nothing is in quarantine: every message was understood.",
			}
			for _, m := range all {
				why := sentenceOf(m.Problem)
				if m.Problem.Hint != "" {
					why += " " + m.Problem.Hint
				}
				l.items = append(l.items, m)
				l.rows = append(l.rows, []string{m.ID, brief(m.Received), m.Controller + "/" + m.Service, strconv.Itoa(m.Bytes), why})
			}
			return p.show(l)
		},
	}
}

func (p *program) quarantineShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Open one message that was set aside", Args: exact(1, "one id, as daybook quarantine list shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var m wire.QuarantinedContent
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/quarantine/"+url.PathEscape(args[0])+"/show", "", nil, &m); err != nil {
				return err
			}
			if p.format != "table" {
				return p.show(listing{whole: m, items: []any{m}, head: []string{"id", "controller", "service", "received", "content-type", "body"},
					rows: [][]string{{m.ID, m.Controller, m.Service, m.Received.Format(time.RFC3339), m.ContentType, string(m.Body) + string(m.Base64)}}})
			}
			p.say(fmt.Sprintf("Message %s of %s/%s, received on %s", m.ID, m.Controller, m.Service, moment(m.Received)), sentenceOf(m.Problem))
			if m.Problem.Hint != "" {
				p.say(m.Problem.Hint)
			}
			p.say("", "Content type: "+orText(m.ContentType, "none"), "")
			if m.Base64 != "" {
				p.say("The body is not text; in base64:")
				return p.write(string(m.Base64) + "\n")
			}
			return p.write(clean(string(m.Body)) + "\n")
		},
	}
}

func (p *program) quarantineReplay() *cobra.Command {
	return &cobra.Command{
		Use: "replay ID", Short: "Record a message again that was set aside, after what was wrong was put right",
		Args: exact(1, "one id, as daybook quarantine list shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var r wire.Replayed
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/quarantine/"+url.PathEscape(args[0])+"/replay", "", nil, &r); err != nil {
				return err
			}
			raw, err := json.Marshal(r.Items)
			if err != nil {
				return errors.Wrap(err, "write the items")
			}
			return p.receipts(raw, true, false)
		},
	}
}
