package cli

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) promises() *cobra.Command {
	var controller string
	var check, secret bool
	cmd := &cobra.Command{
		Use: "promises", Short: "The promises of the privacy notice, each with the evidence for and against it",
		Long: "Shows every promise of the notice: kept, broken or not yet shown, counted from what is recorded, with the newest entry that\n" +
			"says so. See an entry with daybook log read --from N --to N.",
		Example: "  daybook promises\n  daybook promises -c fenland-cycles --check -o json",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("secret", secretValue(secret))
			if check {
				f.set("check", "statistics")
			}
			path := "/promises"
			if controller != "" {
				if err := under(controller); err != nil {
					return err
				}
				path = "/controllers/" + controller + path
			}
			promises, err := p.fetchPromises(cmd.Context(), f.path(path))
			if err != nil {
				return err
			}
			return p.promiseTable(promises, false)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only by the evidence of this client")
	cmd.Flags().BoolVar(&check, "check", false, "check first that the statistics lead to nobody; reads the whole log")
	secretFlag(cmd, &secret)
	return cmd
}

func (p *program) fetchPromises(ctx context.Context, path string) (promises wire.Promises, err error) {
	return promises, p.ledger().call(ctx, http.MethodGet, path, "", nil, &promises)
}

// promiseTable shows the promises; brief leaves out the articles and what is beside.
func (p *program) promiseTable(promises wire.Promises, brief bool) error {
	l := listing{whole: promises, head: []string{"", "Promise", "Stands", "For", "Against", "Such as"}, empty: "Nothing is promised."}
	if p.format == "csv" {
		l.head = []string{"number", "promise", "article", "verdict", "for", "against", "open", "for-entries", "against-entries", "rests-on"}
	}
	for _, one := range promises.Promises {
		l.items = append(l.items, one)
		pro, con := strconv.FormatUint(one.For.Count, 10), strconv.FormatUint(one.Against.Count, 10)
		if p.format == "csv" {
			l.rows = append(l.rows, []string{strconv.Itoa(one.Number), one.Text, one.Article, one.Verdict, pro, con, strconv.FormatUint(one.Open, 10),
				positions(one.For.Examples), positions(one.Against.Examples), one.Rests})
			continue
		}
		words := one.Text
		if !brief {
			words += " (" + one.Article + ")"
		}
		if one.Beside > 0 && !brief {
			words += "\n" + strconv.FormatUint(one.Beside, 10) + " " + one.BesideWords
		}
		if one.Open > 0 && !brief {
			words += "\n" + strconv.FormatUint(one.Open, 10) + " not decided yet"
		}
		l.rows = append(l.rows, []string{strconv.Itoa(one.Number), words, strings.ReplaceAll(one.Verdict, "-", " "), pro, con, example(one)})
	}
	return p.showDated(l)
}

// promisePage shows the promises in brief, with how many of them stand how.
func (p *program) promisePage(promises wire.Promises) error {
	verdicts := map[string]int{}
	for _, one := range promises.Promises {
		verdicts[one.Verdict]++
	}
	p.title("The promises of the privacy notice")
	p.say(strconv.Itoa(verdicts[wire.PromiseKept])+" are kept, "+strconv.Itoa(verdicts[wire.PromiseBroken])+" broken and "+
		strconv.Itoa(verdicts[wire.PromiseNotShown])+" not shown yet, by what is recorded. The last column names the newest entry that says so "+
		"(daybook log read --from N --to N).", "")
	return p.promiseTable(promises, true)
}

func positions(list []uint64) string {
	words := make([]string, len(list))
	for i, at := range list {
		words[i] = strconv.FormatUint(at, 10)
	}
	return strings.Join(words, " ")
}

// example names the newest entry that decides: against where there is any, or else for.
func example(p wire.Promise) string {
	list := p.Against.Examples
	if len(list) == 0 {
		list = p.For.Examples
	}
	if len(list) == 0 {
		return ""
	}
	return "entry " + strconv.FormatUint(list[len(list)-1], 10)
}

func (p *program) statistics() *cobra.Command {
	var controller, instruction, kind, from, to string
	cmd := &cobra.Command{
		Use: "statistics", Short: "How much was done on each day, without anybody whose data it was",
		Example: "  daybook statistics --kind ip\n  daybook statistics check",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("instruction", instruction).set("kind", kind).set("from", from).set("to", to)
			var s wire.Statistics
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/statistics"), "", nil, &s); err != nil {
				return err
			}
			l := listing{whole: s, head: []string{"Client", "Day", "Instruction", "Named by", "Operation", "Entries"}, empty: "Nothing was done on those days."}
			for _, one := range s.Statistics {
				count := strconv.FormatUint(one.Entries, 10)
				if one.Few {
					count = "few"
				}
				l.items = append(l.items, one)
				l.rows = append(l.rows, []string{one.Controller, one.Day, orText(one.Instruction, "none"), one.Kind, one.Operation, count})
			}
			return p.showDated(l)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVarP(&instruction, "instruction", "i", "", "only under this instruction")
	f.StringVar(&kind, "kind", "", "only of people named by this kind of identifier: ip")
	f.StringVar(&from, "from", "", "the first day; 30 days before the last by default")
	f.StringVar(&to, "to", "", "the last day; today by default")
	cmd.AddCommand(p.statisticsCheck())
	return cmd
}

func (p *program) statisticsCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Check that the statistics lead to nobody; ends with exit code 3 where they do",
		Args: exact(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var proof wire.StatisticsProof
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/statistics/check", "", nil, &proof); err != nil {
				return err
			}
			l := listing{whole: proof, items: []any{proof}, head: []string{"holds", "columns", "keys", "bytes"},
				rows: [][]string{{strconv.FormatBool(proof.Holds), strconv.Itoa(proof.Columns), strconv.Itoa(proof.Keys), strconv.FormatInt(proof.Bytes, 10)}}}
			if p.format != "table" {
				if err := p.show(l); err != nil {
					return err
				}
			}
			if !proof.Holds {
				return &failure{errVerification, "The statistics lead to people: " + strings.Join(proof.Faults, "; ") + ".",
					"Build the view anew with daybook rebuild statistics, and check again.", nil}
			}
			p.say("The statistics lead to nobody: none of " + strconv.Itoa(proof.Keys) + " subject keys stands in their " +
				strconv.FormatInt(proof.Bytes, 10) + " bytes, and none of their " + strconv.Itoa(proof.Columns) + " columns is about a person.")
			return nil
		},
	}
}
