package commands

import (
	"bytes"
	"strings"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/request"
)

// cases holds every case as the stored bytes of its events, a line each: what a memory keeps of it, folded when it is needed.
type cases struct {
	mu sync.RWMutex
	of map[request.Key][]byte // guarded by mu; values are never changed
}

func newCases() *cases { return &cases{of: map[request.Key][]byte{}} }

// get gives a case as it stands, empty where it was never opened.
func (c *cases) get(key request.Key) (request.State, error) {
	c.mu.RLock()
	lines := c.of[key]
	c.mu.RUnlock()
	var s request.State
	if lines == nil {
		return s, nil
	}
	for line := range bytes.SplitSeq(lines, []byte{'\n'}) {
		event, err := catalog.Decode(line)
		if err != nil {
			return request.State{}, errors.Wrapf(err, "case %s", key.Case)
		}
		s = s.Evolve(event)
	}
	return s, nil
}

// evolve takes in an event with its stored bytes, and gives what a memory is to keep of it, nothing where it is about no case.
func (c *cases) evolve(e domain.Recorded) []Kept {
	step, is := e.Fact.(request.Step)
	if !is {
		return nil
	}
	key := request.KeyOf(step)
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := bytes.Clone(c.of[key])
	if lines != nil {
		lines = append(lines, '\n')
	}
	lines = append(lines, e.Bytes...)
	c.of[key] = lines
	return []Kept{{Key: casePrefix + string(key.Controller) + " " + string(key.Case), Value: lines}}
}

// casePrefix begins the keys under which cases are kept.
const casePrefix = "case "

// take reads one thing that a memory kept.
func (c *cases) take(k Kept) {
	name, is := strings.CutPrefix(k.Key, casePrefix)
	if !is {
		return
	}
	controller, id, _ := strings.Cut(name, " ")
	c.of[request.Key{Controller: domain.ControllerID(controller), Case: request.ID(id)}] = k.Value
}

// Case gives a case as it stands, ahead of what is durable by what is being written. It returns domain.ErrNotFound for one that was
// never opened.
func (l *Ledger) Case(key request.Key) (request.State, error) {
	s, err := l.matters.Load().cases.get(key)
	if err == nil && !s.Exists() {
		err = errors.WithHint(errors.Wrap(domain.ErrNotFound, "case"), "Open the case first, or look for its id in the list of cases.")
	}
	return s, err
}
