package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// fitHelp breaks the help of a command and of all beneath it where the page ends. What is set in is to be copied, and stays as it is.
func (p *program) fitHelp(root *cobra.Command) {
	width, _ := terminal(p.out)
	flags := "FlagUsagesWrapped " + strconv.Itoa(width)
	root.SetUsageTemplate(strings.NewReplacer(
		".LocalFlags.FlagUsages", ".LocalFlags."+flags, ".InheritedFlags.FlagUsages", ".InheritedFlags."+flags,
	).Replace(root.UsageTemplate()))
	var fit func(*cobra.Command)
	fit = func(cmd *cobra.Command) {
		cmd.Long = reflow(cmd.Long, width)
		for _, beneath := range cmd.Commands() {
			fit(beneath)
		}
	}
	fit(root)
}

// reflow sets the paragraphs of a text anew.
func reflow(text string, width int) string {
	var lines, paragraph []string
	end := func() {
		if paragraph != nil {
			lines, paragraph = append(lines, wrap(strings.Join(paragraph, " "), width)...), nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			end()
			lines = append(lines, line)
			continue
		}
		paragraph = append(paragraph, line)
	}
	end()
	return strings.Join(lines, "\n")
}
