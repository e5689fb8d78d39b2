package app_test

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The functions of cockroachdb/errors that take a message for machines or a hint for people, and where in the arguments it
// stands.
var messages = map[string]int{
	"New": 0, "Newf": 0, "Wrap": 1, "Wrapf": 1, "AssertionFailedf": 0, "NewAssertionErrorWithWrappedErrf": 1, "WithMessage": 1,
	"WithMessagef": 1, "WithHint": 1, "WithHintf": 1, "HandledWithMessage": 1,
}

const cockroach, standard = "github.com/cockroachdb/errors", "errors"

// The client and the contract are imported by other people's programs, which need not carry our errors along; the stand-alone
// verifier uses the standard library only.
var apart = []string{"infra/client", "infra/client/clienttest", "infra/wire", "scripts/verifier"}

func TestErrorsAreCockroachs(t *testing.T) {
	for name, files := range packages(t) {
		if slices.Contains(apart, name) {
			continue
		}
		for at, file := range files {
			if named(file, standard) != "" || named(file, "github.com/pkg/errors") != "" {
				t.Errorf("%s imports another package of errors than %s", at, cockroach)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && calls(call, "fmt") == "Errorf" {
					t.Errorf("%s calls fmt.Errorf", at)
				}
				return true
			})
		}
	}
}

// Two errors of equal type and text are one error to errors.Is, so that sentinels of equal text would stand for each other.
func TestSentinelsOfTheWholeProgramHaveTextsOfTheirOwn(t *testing.T) {
	texts := map[string]string{}
	for _, files := range packages(t) {
		for at, file := range files {
			for _, decl := range file.Decls {
				group, ok := decl.(*ast.GenDecl)
				if !ok || group.Tok != token.VAR {
					continue
				}
				for _, spec := range group.Specs {
					values := spec.(*ast.ValueSpec)
					for i, value := range values.Values {
						call, ok := value.(*ast.CallExpr)
						if !ok {
							continue
						}
						sentinel(t, texts, at+" "+values.Names[i].Name, file, call)
					}
				}
			}
		}
	}
	if len(texts) < 10 {
		t.Errorf("only %d sentinels found: the test looks in the wrong place", len(texts))
	}
}

func sentinel(t *testing.T, texts map[string]string, who string, file *ast.File, call *ast.CallExpr) {
	f := calls(call, named(file, cockroach))
	if f == "" && named(file, standard) != "" {
		f = calls(call, named(file, standard))
	}
	if f == "Mark" {
		t.Errorf("%s is marked with its kind: two sentinels of one mark are one error to errors.Is; wrap the kind", who)
	}
	at, isMessage := messages[f]
	if !isMessage || at >= len(call.Args) {
		return
	}
	literal, ok := call.Args[at].(*ast.BasicLit)
	if !ok {
		t.Errorf("%s has a text that is not a literal", who)
		return
	}
	if other, twice := texts[literal.Value]; twice {
		t.Errorf("%s and %s have the same text %s", other, who, literal.Value)
	}
	texts[literal.Value] = who
}

// Messages count as safe where errors are redacted, so a value joined to one would leave the process with it. A message or hint
// is a literal, or the parameter of a function whose callers give literals.
func TestMessagesAndHintsAreLiterals(t *testing.T) {
	for name, files := range packages(t) {
		if slices.Contains(apart, name) || strings.HasPrefix(name, "scripts/") {
			continue
		}
		constants := constantsOf(files)
		own := map[string]int{} // our functions that take a message, and where
		for changed := true; changed; {
			changed = false
			for at, file := range files {
				for _, decl := range file.Decls {
					changed = literals(t, file, decl, constants, own, at) || changed
				}
			}
		}
	}
}

// literals checks the messages in one declaration, and says whether it found one more function that takes a message.
func literals(t *testing.T, file *ast.File, decl ast.Decl, constants map[string]bool, own map[string]int, at string) (found bool) {
	f, _ := decl.(*ast.FuncDecl)
	known := texts(constants, f)
	ast.Inspect(decl, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		where, isMessage := messages[calls(call, named(file, cockroach))]
		if local, ok := call.Fun.(*ast.Ident); ok {
			where, isMessage = own[local.Name]
		}
		if !isMessage || where >= len(call.Args) || isLiteral(known, call.Args[where]) {
			return true
		}
		if i := parameter(f, call.Args[where]); i >= 0 {
			key := f.Name.Name
			if known, twice := own[key]; !twice {
				own[key], found = i, true
			} else if known != i {
				own[key+"#"], found = i, false // a second message; its callers are held to the first only
			}
			return true
		}
		t.Errorf("%s: a message or hint is put together from more than literals, in %s", at, describe(f))
		return true
	})
	return found
}

func describe(f *ast.FuncDecl) string {
	if f == nil {
		return "a variable"
	}
	return f.Name.Name
}

// isLiteral says that an expression is text known when the program is compiled: literals, joined literals, constants of the
// package.
func isLiteral(constants map[string]bool, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return e.Op == token.ADD && isLiteral(constants, e.X) && isLiteral(constants, e.Y)
	case *ast.ParenExpr:
		return isLiteral(constants, e.X)
	case *ast.Ident:
		return constants[e.Name]
	}
	return false
}

func constantsOf(files map[string]*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					names[name.Name] = true
				}
			}
		}
	}
	return names
}

// texts gives the constants and the variables of a function that never hold anything but literals.
func texts(constants map[string]bool, f *ast.FuncDecl) map[string]bool {
	if f == nil {
		return constants
	}
	known, others := maps.Clone(constants), map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if set, ok := n.(*ast.AssignStmt); ok {
			for i, left := range set.Lhs {
				if name, ok := left.(*ast.Ident); ok {
					literal := len(set.Lhs) == len(set.Rhs) && isLiteral(constants, set.Rhs[i])
					known[name.Name], others[name.Name] = true, others[name.Name] || !literal
				}
			}
		}
		return true
	})
	for name, is := range others {
		if is {
			delete(known, name)
		}
	}
	return known
}

// parameter gives the place of a function's parameter that an expression is, -1 where it is none.
func parameter(f *ast.FuncDecl, e ast.Expr) int {
	name, ok := e.(*ast.Ident)
	if f == nil || !ok {
		return -1
	}
	i := 0
	for _, field := range f.Type.Params.List {
		for _, n := range field.Names {
			if n.Name == name.Name {
				return i
			}
			i++
		}
	}
	return -1
}

// named gives the name by which a file knows a package, empty where it does not import it.
func named(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return importPath[strings.LastIndexByte(importPath, '/')+1:]
	}
	return ""
}

// calls gives the name of the function of a package that is called, empty where it is not of that package.
func calls(call *ast.CallExpr, pkg string) string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || pkg == "" {
		return ""
	}
	if x, ok := f.X.(*ast.Ident); ok && x.Name == pkg {
		return f.Sel.Name
	}
	return ""
}
