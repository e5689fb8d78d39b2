package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// outcome is what became of a damage.
type outcome int

const (
	harmless outcome = iota
	mended
	repaired // found, and put right by daybook repair
	found
	silent
	kindsOfOutcome
)

var outcomes = []string{"harmless", "mended", "repaired", "found", "SILENT"}

// table counts outcomes by kind of file and fault.
type table struct {
	rows map[string]*[kindsOfOutcome]int
}

func (t *table) add(row string, o outcome) {
	if t.rows == nil {
		t.rows = map[string]*[kindsOfOutcome]int{}
	}
	if t.rows[row] == nil {
		t.rows[row] = &[kindsOfOutcome]int{}
	}
	t.rows[row][o]++
}

func (t *table) silent() (n int) {
	for _, counts := range t.rows {
		n += counts[silent]
	}
	return n
}

func (t *table) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "file\ttrials\t%s\t\n", strings.Join(outcomes, "\t"))
	var total [kindsOfOutcome]int
	names := make([]string, 0, len(t.rows))
	for name := range t.rows {
		names = append(names, name)
	}
	slices.Sort(names)
	line := func(name string, c [kindsOfOutcome]int) {
		all := 0
		for _, n := range c {
			all += n
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t\n", name, all, strings.ReplaceAll(strings.Trim(fmt.Sprint(c), "[]"), " ", "\t"))
	}
	for _, name := range names {
		line(name, *t.rows[name])
		for i, n := range t.rows[name] {
			total[i] += n
		}
	}
	line("all", total)
	_ = w.Flush()
}
