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
		cmd.Example = continued(cmd.Example, width)
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

// continued breaks commands that are too long for a line as a shell takes them: before a word outside of quotes, behind a backslash.
func continued(commands string, width int) string {
	var lines []string
	for line := range strings.SplitSeq(commands, "\n") {
		for len(line) > width {
			at, quoted := 0, false
			for i, r := range line[:width-1] {
				quoted = quoted != (r == '"')
				if r == ' ' && !quoted && i > len("      ") {
					at = i
				}
			}
			if at == 0 {
				break
			}
			lines, line = append(lines, line[:at]+" \\"), "      "+line[at+1:]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
