package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var golden = flag.Bool("golden", false, "write the layers into .golangci.yml")

// The linter says in the editor what the layering test says when tests run; both go by one table.
func TestTheLinterRefusesWhatTheLayersRefuse(t *testing.T) {
	const begin, end = "        # layers begin\n", "        # layers end\n"
	path := filepath.Join("..", "..", ".golangci.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		t.Fatal(".golangci.yml does not say where the layers stand")
	}
	want := slices.Concat(before, []byte(begin), []byte(rules()), []byte(end), after)
	if bytes.Equal(text, want) {
		return
	}
	if !*golden {
		t.Fatal(".golangci.yml has other layers than the layering test: run this test with -golden")
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// rules writes the table of layers as rules of depguard: nothing of ours but what is listed.
func rules() string {
	var b strings.Builder
	names := slices.Sorted(maps.Keys(layers))
	for _, name := range names {
		files := []string{glob(name), "!$test"}
		for _, other := range names {
			// The row that names a package most closely binds, so that it is not this row's.
			if other != name && allows([]string{name}, strings.TrimSuffix(other, "/...")) {
				files = append(files, "!"+glob(other))
			}
		}
		if name == "." {
			files = append(files, "!**/scripts/**")
		}
		// The linter takes a full stop for a path in its configuration.
		rule := strings.Replace(strings.Replace(name, "/...", "/below", 1), ".", "main", 1)
		fmt.Fprintf(&b, "        %q:\n          list-mode: lax\n          files: [%s]\n", rule, quoted(files))
		var allow []string
		deny := []string{module}
		for _, entry := range layers[name] {
			if excepted, is := strings.CutPrefix(entry, "!"); is {
				deny = append(deny, module+"/"+excepted)
				continue
			}
			below, all := strings.CutSuffix(entry, "/...")
			if !all {
				allow = append(allow, module+"/"+entry+"$")
				continue
			}
			allow = append(allow, module+"/"+below+"$", module+"/"+below+"/")
		}
		if len(allow) > 0 {
			fmt.Fprintf(&b, "          allow: [%s]\n", quoted(allow))
		}
		b.WriteString("          deny:\n")
		for _, pkg := range deny {
			fmt.Fprintf(&b, "            - {pkg: %q, desc: See the table of layers in ARCHITECTURE.md.}\n", pkg)
		}
	}
	return b.String()
}

func glob(name string) string {
	if name == "." {
		return "**/main.go"
	}
	if above, all := strings.CutSuffix(name, "/..."); all {
		return "**/" + above + "/**.go"
	}
	return "**/" + name + "/*.go"
}

func quoted(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(q, ", ")
}
