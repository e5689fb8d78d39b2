package commands

import (
	"sync"

	"github.com/jigowatt/daybook/domain"
)

// claims holds the messages that are on their way: added by the resolver, dropped once the memory has them.
type claims struct {
	mu    sync.Mutex
	byKey map[MessageKey]*claim // under mu
}

func (c *claims) drop(keys ...MessageKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.byKey, key)
	}
}

func receipt(id string, s Seen, duplicate bool) Receipt {
	return Receipt{
		ID: id, Position: s.Position, Events: int(s.Events), Recorded: s.Recorded, Findings: s.Findings, Leaf: s.Leaf,
		Duplicate: duplicate,
	}
}

// frame is what one append will write, and whom it will answer.
type frame struct {
	at       domain.Position
	buffer   []byte // the events, one after the other
	ends     []int  // where each ends in the buffer
	tasks    []*task
	commands []settledCommand
	state    State  // after the frame
	kept     []Kept // what a memory is to keep, the newest last
}

type settledCommand struct {
	command *command
	result  commandResult
}

func (f *frame) empty() bool { return len(f.tasks) == 0 && len(f.commands) == 0 }

// size gives the bytes of the frame as an engine's limit counts them.
func (f *frame) size() int { return len(f.buffer) + len(f.ends)*domain.EventOverhead }

func (f *frame) events() [][]byte {
	events := make([][]byte, len(f.ends))
	start := 0
	for i, end := range f.ends {
		events[i] = f.buffer[start:end:end]
		start = end
	}
	return events
}

// fail answers everybody whom the frame would have answered.
func (f *frame) fail(err error) {
	for _, t := range f.tasks {
		t.fail(err)
	}
	for _, c := range f.commands {
		c.command.done <- commandResult{err: err}
	}
}
