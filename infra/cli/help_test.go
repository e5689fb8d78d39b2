package cli_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jigowatt/daybook/infra/cli"
)

var commandLine = regexp.MustCompile(`^  ([a-z][a-z0-9-]*) +\S`)

// Help is read on terminals of a hundred columns: no line of any command's is longer.
func TestTheHelpOfEveryCommandFitsAPage(t *testing.T) {
	walked := 0
	var walk func(path ...string)
	walk = func(path ...string) {
		var out, failed bytes.Buffer
		if code := cli.Main(append(path[:len(path):len(path)], "--help"), strings.NewReader(""), &out, &failed); code != 0 {
			t.Fatalf("%v: code %d, %s", path, code, failed.String())
		}
		walked++
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
				t.Errorf("%v: %d columns: %s", path, n, line)
			}
		}
		// What is beneath stands after the usage, under headings, and before the flags.
		_, rest, _ := strings.Cut(out.String(), "\nUsage:\n")
		rest, _, _ = strings.Cut(rest, "\nFlags:\n")
		_, examples, found := strings.Cut(rest, "\nExamples:\n")
		if found {
			_, rest, _ = strings.Cut(examples, "\n\n")
		}
		for line := range strings.Lines(rest) {
			if m := commandLine.FindStringSubmatch(line); m != nil && m[1] != "daybook" && m[1] != "help" {
				walk(append(path[:len(path):len(path)], m[1])...)
			}
		}
	}
	walk()
	if walked < 60 {
		t.Errorf("only %d commands were found", walked)
	}
}
