package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/jigowatt/daybook"

// layers says which of our own packages each package may import: the table of ARCHITECTURE.md, which .golangci.yml repeats.
// A name that ends in /... stands for a package and all below it; the row that names a package most closely is the one that binds.
var layers = map[string][]string{
	".":                   {"infra/cli"},
	"domain":              {},
	"domain/instruction":  {"domain"},
	"domain/register":     {"domain"},
	"domain/merkle":       {},
	"domain/calendar":     {"domain"},
	"domain/disclosure":   {"domain"},
	"domain/request":      {"domain", "domain/calendar"},
	"domain/source":       {"domain"},
	"domain/oversight":    {"domain"},
	"domain/custody":      {"domain"},
	"domain/dossier":      {"domain", "domain/disclosure", "domain/instruction", "domain/register"},
	"domain/catalog":      {"domain/..."},
	"commands":            {"domain/..."},
	"projections":         {"domain/..."},
	"projections/...":     {"domain/...", "projections", "projections/packed", "projections/sorted"}, // never another view
	"projections/replay":  {"domain", "projections"},
	"projections/history": {"domain/...", "projections"},
	"projections/packed":  {},
	"projections/sorted":  {"domain"},
	"projections/projectiontest": {
		"domain/...", "projections", "commands", "infra/eventlog/memlog", "infra/sqlite",
	},
	"infra/wire":               {},
	"infra/client":             {"infra/wire"},
	"infra/client/clienttest":  {"infra/client", "infra/wire", "infra/cloudevents"},
	"infra/telemetry":          {"domain"},
	"infra/bus":                {"domain"},
	"infra/bus/clustertest":    {"domain", "infra/bus"},
	"infra/sqlite":             {"domain", "infra/sqlite/pagesum"},
	"infra/sqlite/pagesum":     {"domain"},
	"infra/keys":               {"domain"},
	"infra/relay":              {"domain"},
	"infra/tiles":              {"domain", "domain/merkle"},
	"infra/backup":             {"domain", "infra/tiles"},
	"infra/witness":            {"domain", "domain/merkle"},
	"infra/cloudevents":        {"domain", "infra/wire"},
	"infra/problem":            {"domain", "infra/wire"},
	"infra/accesslog":          {"domain", "infra/wire"},
	"infra/export":             {"domain", "infra/sentence", "infra/wire"},
	"infra/bundle":             {"domain", "domain/merkle", "infra/tiles", "infra/bundle/derive"},
	"infra/bundle/derive":      {},
	"infra/report":             {"domain/...", "commands", "infra/cloudevents", "infra/wire"},
	"infra/eventlog":           {"domain"},
	"infra/eventlog/migrate":   {"domain", "domain/merkle", "commands", "infra/eventlog"},
	"infra/eventlog/...":       {"domain", "commands", "infra/eventlog", "infra/eventlog/natslog/blocks"},
	"infra/endmark":            {"domain", "domain/merkle"},
	"infra/vault/natsvault":    {"domain", "commands", "infra/keys", "infra/vault/internal/..."},
	"infra/vault/...":          {"domain", "commands", "infra/keys", "infra/sqlite", "infra/vault/internal/..."},
	"infra/vault/internal/...": {"domain"},
	"infra/memory":             {"domain", "commands"},
	"infra/intake": {
		"commands", "domain/...", "infra/cloudevents", "infra/problem", "infra/relay", "infra/report", "infra/wire",
	},
	"infra/casework":  {"commands", "projections/...", "domain/..."},
	"infra/opendsr":   {"commands", "projections/...", "domain/...", "infra/wire"},
	"infra/reactions": {"commands", "projections/...", "domain/...", "infra/wire"},
	"infra/api": {
		"commands", "projections/...", "domain/...", "infra/casework", "infra/cloudevents", "infra/problem", "infra/report",
		"infra/sentence", "infra/wire", "infra/export", "infra/bundle",
	},
	"infra/sentence": {"domain/..."},
	"infra/console":  {"commands", "projections/...", "domain/...", "infra/problem", "infra/sentence", "infra/wire"},
	"infra/app":      {"commands", "domain/...", "projections/...", "infra/...", "!infra/cli", "!infra/client"},
	"infra/cli":      {"domain", "infra/app", "infra/client", "infra/wire", "infra/accesslog", "infra/telemetry", "scripts/sample"},
	"scripts/...":    {"domain", "infra/wire", "infra/client", "infra/cloudevents", "infra/cli", "infra/app", "infra/bus/clustertest", "infra/keys", "scripts/..."},
	"scripts/sample": {},
}

// others says which modules beyond the standard library a package may import, where that is part of what it is.
var others = map[string][]string{
	"domain":         {"github.com/cockroachdb/errors"},
	"domain/...":     {"github.com/cockroachdb/errors"},
	"domain/merkle":  {},
	"domain/catalog": {"github.com/cockroachdb/errors", "github.com/go-json-experiment/json/..."},
	"commands": {
		"github.com/cockroachdb/errors", "github.com/go-json-experiment/json", "github.com/google/uuid", "golang.org/x/sync/errgroup",
		"golang.org/x/sync/semaphore",
	},
	"infra/wire":   {"github.com/go-json-experiment/json/..."},
	"infra/client": {"github.com/nats-io/nats.go/...", "github.com/google/uuid", "github.com/go-json-experiment/json/..."},
}

// impure are the packages of the standard library whose use makes a decision depend on more than its arguments.
var impure = []string{
	"context", "os/...", "net", "net/http/...", "io/...", "sync/...", "math/rand/...", "crypto/rand", "database/sql/...", "runtime/...", "unsafe", "log",
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	for name, files := range packages(t) {
		row, listed := closest(slices.Collect(maps.Keys(layers)), name)
		if !listed {
			t.Errorf("%s is not in the table of layers: say there, in ARCHITECTURE.md and in .golangci.yml what it may import", name)
			continue
		}
		other, bound := closest(slices.Collect(maps.Keys(others)), name)
		for _, imported := range imports(files) {
			ours, isOurs := strings.CutPrefix(imported+"/", module+"/")
			switch ours = strings.TrimSuffix(ours, "/"); {
			case isOurs && !allows(layers[row], ours):
				t.Errorf("%s imports %s; it may import %v", name, ours, layers[row])
			case !isOurs && bound && strings.Contains(imported, ".") && !allows(others[other], imported):
				t.Errorf("%s imports %s; of other modules it may import %v", name, imported, others[other])
			}
		}
	}
}

// The client is what other people's programs import, so what it brings along is counted to the end.
func TestTheClientBringsNothingOfTheLedgerAlong(t *testing.T) {
	all := packages(t)
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, imported := range imports(all[name]) {
			if ours, isOurs := strings.CutPrefix(imported, module+"/"); isOurs {
				visit(ours)
			}
		}
	}
	visit("infra/client")
	delete(seen, "infra/client")
	delete(seen, "infra/wire")
	if len(seen) > 0 {
		t.Errorf("the client brings along %v", slices.Sorted(maps.Keys(seen)))
	}
}

// domain decides and is pure: no context, clock, I/O or goroutine.
func TestTheDomainIsPure(t *testing.T) {
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for name, files := range packages(t) {
		if name != "domain" && !strings.HasPrefix(name, "domain/") {
			continue
		}
		for _, imported := range imports(files) {
			if allows(impure, imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
		for at, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt, *ast.SelectStmt, *ast.ChanType:
					t.Errorf("%s has a goroutine or a channel", at)
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
						t.Errorf("%s looks at the clock: time.%s", at, n.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// The write side takes its clock from Config.
func TestTheWriteSideLooksAtNoClockOfItsOwn(t *testing.T) {
	for at, file := range packages(t)["commands"] {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Now" {
				if x, ok := f.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s calls time.Now", at)
				}
			}
			return true
		})
	}
}

// closest finds the row of a table that names a package most closely.
func closest(rows []string, name string) (row string, found bool) {
	for _, r := range rows {
		if allows([]string{r}, name) && (!found || len(r) > len(row) || r == name) {
			row, found = r, true
			if r == name {
				return row, true
			}
		}
	}
	return row, found
}

// allows says that a list names a package, itself or by one above it, and does not except it by an exclamation mark.
func allows(list []string, name string) bool {
	allowed := false
	for _, entry := range list {
		pattern, excepted := strings.CutPrefix(entry, "!")
		above, all := strings.CutSuffix(pattern, "/...")
		if pattern == name || all && (above == name || strings.HasPrefix(name, above+"/")) {
			allowed = !excepted
		}
	}
	return allowed
}

func imports(files map[string]*ast.File) []string {
	var list []string
	for _, file := range files {
		for _, spec := range file.Imports {
			list = append(list, strings.Trim(spec.Path.Value, `"`))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// packages parses every package of the module, without its tests, by its path below the module's; files go by path.
func packages(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	set, all := token.NewFileSet(), map[string]map[string]*ast.File{}
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		switch base := path.Base(p); {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, filepath.Join(root, p), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name := path.Dir(p)
		if all[name] == nil {
			all[name] = map[string]*ast.File{}
		}
		all[name][p] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 || all["domain"] == nil {
		t.Fatalf("only %d packages found: the module is not where the test looks", len(all))
	}
	return all
}
