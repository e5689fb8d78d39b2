package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"go.yaml.in/yaml/v4"

	"github.com/jigowatt/daybook/infra/wire"
)

// maxFile bounds a file that is read whole, and maxNodes what it may expand to: YAML can name a part again and again.
const (
	maxFile  = wire.MaxBodyBytes
	maxNodes = 200_000
)

// registerFile is a register as it stands in a file, with the line and column of every member, so that whatever is wrong, be it
// found here or by the ledger, is shown where it was written.
type registerFile struct {
	name     string
	register wire.Register
	places   map[string]place // by JSON pointer
	nodes    int
}

type place struct{ line, column int }

// readFile reads a file, or standard input for -.
func (p *program) readFile(name string) ([]byte, error) {
	in := p.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(raw) > maxFile {
		return nil, invalid("The file is larger than the ledger takes.", "Split it: a file has at most 8 MiB.")
	}
	return raw, nil
}

func unreadable(name string, err error) error {
	sentence := "The file cannot be read: " + filepath.Base(name) + "."
	if errors.Is(err, os.ErrNotExist) {
		sentence = "There is no such file: " + filepath.Base(name) + "."
	}
	return usage(sentence, "Name the file as it stands from here, or - for standard input.")
}

// parseRegister reads YAML, of which JSON is a part, strictly: a name that is not known, or one twice, is refused with its place.
func parseRegister(name string, raw []byte) (*registerFile, error) {
	f := &registerFile{name: filepath.Base(name), places: map[string]place{}}
	if name == "-" {
		f.name = "standard input"
	}
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, invalid(f.name+" is not YAML: "+stopped(strings.TrimPrefix(err.Error(), "yaml: ")), "Indent with spaces; write a text with a colon in it in quotes.")
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, invalid(f.name+" is empty.", "daybook demo shows a register at work; scripts/sample/register.yaml is its file.")
	}
	value, err := f.value(document.Content[0], "", 0)
	if err != nil {
		return nil, err
	}
	document2, err := json.Marshal(value)
	if err != nil {
		return nil, errors.Wrap(err, "write the register as JSON")
	}
	if f.register, err = wire.ParseRegisterJSON(document2); err != nil {
		var fault *wire.Fault
		if errors.As(err, &fault) {
			return nil, f.at(fault.Pointer, fault.Error(), fault.Hint)
		}
		return nil, err
	}
	return f, nil
}

// value turns a node into what JSON has. Every scalar becomes text, because a register has nothing else: Norway is NO, not false.
func (f *registerFile) value(n *yaml.Node, pointer string, depth int) (any, error) {
	if _, known := f.places[pointer]; !known {
		f.places[pointer] = place{n.Line, n.Column}
	}
	if f.nodes++; f.nodes > maxNodes || depth > wire.MaxDepth {
		return nil, f.at(pointer, "the file expands to more than a register can hold", "Write the parts out instead of naming them again.")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return f.value(n.Alias, pointer, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := f.value(item, pointer+"/"+strconv.Itoa(i), depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		return f.mapping(n, pointer, depth)
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		return n.Value, nil
	default:
		return nil, f.at(pointer, "this is not a value", "Write text, a list or names with values.")
	}
}

func (f *registerFile) mapping(n *yaml.Node, pointer string, depth int) (any, error) {
	object := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		here := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key.Value)
		f.places[here] = place{key.Line, key.Column}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, f.at(here, "a name is wanted here", "Merging with << is not taken; write the parts out or use an alias for a value.")
		}
		if _, twice := object[key.Value]; twice {
			return nil, f.at(here, "the name stands twice among its neighbours", "Keep one of the two.")
		}
		v, err := f.value(n.Content[i+1], here, depth+1)
		if err != nil {
			return nil, err
		}
		object[key.Value] = v
	}
	return object, nil
}

// at gives the failure of a place: that of the nearest member above it which the file has.
func (f *registerFile) at(pointer, detail, hint string) error {
	return invalid(f.where(pointer)+": "+stopped(detail), hint)
}

func (f *registerFile) where(pointer string) string {
	for {
		if at, known := f.places[pointer]; known {
			return fmt.Sprintf("%s:%d:%d", f.name, at.line, at.column)
		}
		up := strings.LastIndexByte(pointer, '/')
		if up < 0 {
			return f.name
		}
		pointer = pointer[:up]
	}
}

// located adds the file's places to what the ledger says is wrong.
func (f *registerFile) located(err error) error {
	var r *refusal
	if !errors.As(err, &r) || len(r.problem.Errors) == 0 {
		return err
	}
	out := *r.failure
	if len(r.problem.Errors) == 1 {
		e := r.problem.Errors[0]
		out.sentence = f.where(e.Pointer) + ": " + stopped(wire.Path(e.Pointer)+": "+e.Detail)
		return &out
	}
	out.more = nil
	for _, e := range r.problem.Errors {
		out.more = append(out.more, f.where(e.Pointer)+": "+wire.Path(e.Pointer)+": "+e.Detail)
	}
	return &out
}
