package commands

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
)

// sequencer is the second stage. It judges in order, against a state that is ahead of the log by what is being written, and
// fills a frame as long as the appender is busy with the one before.
type sequencer struct {
	cfg     Config
	state   State // owned by run
	matters *matters
	last    time.Time // the recorded time of the newest event; owned by run
	open    *frame    // owned by run
	spare   <-chan []byte
}

// run takes tasks until in is closed, and hands frames to out, which it closes.
func (s *sequencer) run(ctx context.Context, in <-chan []*task, out chan<- *frame, failed <-chan struct{}) {
	defer close(out)
	s.open = s.newFrame()
	var waiting []*task
	for in != nil || len(waiting) > 0 || !s.open.empty() {
		waiting = s.fill(ctx, waiting)
		var full chan<- *frame
		if !s.open.empty() {
			full = out
		}
		more := in
		if len(waiting) > 0 {
			more = nil
		}
		select {
		case tasks, ok := <-more:
			if !ok {
				in = nil
			}
			waiting = tasks
		case full <- s.open:
			s.open = s.newFrame()
		case <-failed:
			s.giveUp(in, waiting)
			return
		}
	}
}

// giveUp answers whatever is still to come.
func (s *sequencer) giveUp(in <-chan []*task, waiting []*task) {
	s.open.fail(ErrReset)
	for _, t := range waiting {
		t.fail(ErrReset)
	}
	if in == nil {
		return
	}
	for tasks := range in {
		for _, t := range tasks {
			t.fail(ErrReset)
		}
	}
}

func (s *sequencer) newFrame() *frame {
	f := &frame{at: s.state.End, state: s.state}
	select {
	case f.buffer = <-s.spare:
	default:
		f.buffer = make([]byte, 0, 8<<10)
	}
	return f
}

// fill decides tasks into the open frame and gives those for which it has no room.
func (s *sequencer) fill(ctx context.Context, tasks []*task) []*task {
	for i, t := range tasks {
		switch {
		case t.sub.command != nil:
			if s.full(0, s.cfg.commandBytes()) {
				return tasks[i:]
			}
			s.command(ctx, t.sub.command)
		case t.repeats != nil:
			s.repeat(t)
		default:
			if s.full(len(t.subjects), t.action().size()) {
				return tasks[i:]
			}
			s.record(t)
		}
	}
	return nil
}

// full says that the open frame has no room for so much more, counted with what an event takes beside its bytes. An empty frame has
// room for anything that was let in.
func (s *sequencer) full(events, bytes int) bool {
	f := s.open
	return len(f.ends) > 0 && (len(f.ends)+events > s.cfg.MaxFrameEvents || f.size()+bytes > s.cfg.MaxFrameBytes)
}

// now gives the ledger's time, which never runs backwards within a log whatever the clock does.
func (s *sequencer) now() time.Time {
	if now := millis(s.cfg.Now()); now.After(s.last) {
		s.last = now
	}
	return s.last
}

// record judges a new action, or takes in a statement, and writes its events into the open frame.
func (s *sequencer) record(t *task) {
	a, c, now := t.action(), t.claim, s.now()
	f := s.open
	start, first := len(f.buffer), len(f.ends)
	var found domain.FindingSet
	events := make([]domain.Event, 0, len(t.subjects))
	judgement := s.judge(a, now)
	for i, subject := range t.subjects {
		fact, findings, err := s.fact(t, i, subject, judgement, now)
		found |= findings
		event := domain.Event{ID: eventID(a.ID, i), Source: a.Source(), Time: a.Time, Recorded: now, Sequence: a.Sequence, Fact: fact}
		if err == nil {
			f.buffer, err = catalog.Append(f.buffer, event)
		}
		if err != nil {
			f.buffer, f.ends = f.buffer[:start], f.ends[:first]
			c.failed = err
			s.cfg.claims.drop(t.key)
			t.fail(err)
			return
		}
		f.ends = append(f.ends, len(f.buffer))
		events = append(events, event)
	}
	s.follow(first, events)
	c.seen.Position, c.seen.Events = s.state.End, uint32(len(t.subjects))
	c.seen.Recorded, c.seen.Findings = now, found
	c.seen.Leaf = merkle.Leaf(f.buffer[start:f.ends[first]])
	f.tasks = append(f.tasks, t)
	s.state.End += domain.Position(len(t.subjects))
	f.state.End = s.state.End
}

// follow takes the events that stand in the open frame from the first on into what stands about people and cases.
func (s *sequencer) follow(first int, events []domain.Event) {
	f := s.open
	for i, event := range events {
		start := 0
		if first+i > 0 {
			start = f.ends[first+i-1]
		}
		f.kept = append(f.kept, s.matters.evolve(domain.Recorded{Bytes: f.buffer[start:f.ends[first+i]], Event: event})...)
	}
}

// judge holds an action against the state; what stands about each person comes later.
func (s *sequencer) judge(a *Action, now time.Time) dossier.Judgement {
	known := s.state.Known(a.Action)
	switch a.Says.(type) {
	case nil:
	case Question:
		return dossier.Judge(a.Action, known)
	default:
		return dossier.Judgement{}
	}
	known.Now, known.ReportsWithin = now, s.state.Register.ReportsWithin(a.Controller, a.Service)
	return dossier.Judge(a.Action, known)
}

// fact gives what is to be recorded of a task for its nth person.
func (s *sequencer) fact(t *task, n int, subject domain.SubjectKey, j dossier.Judgement, now time.Time) (domain.Fact, domain.FindingSet, error) {
	a, standing := t.action(), s.matters.standings.get(subject)
	if a.Says != nil {
		fact := a.Says.About(dossier.Of{Controller: a.Controller, Subject: subject}, a.Action, a.ID)
		if asked, is := fact.(dossier.AnswerRecorded); is {
			findings := j.Of(a.Action, standing)
			return asked.With(j, findings), findings, nil
		}
		if matter, is := fact.(dossier.Matter); is {
			_, err := matter.Decide(standing, now)
			return fact, 0, err
		}
		return fact, 0, nil
	}
	var sealed domain.Sealed
	if t.sealed != nil {
		sealed = t.sealed[n]
	}
	findings := j.Of(a.Action, standing)
	fact := dossier.Record(a.Action, j, findings, subject, t.kinds[n], sealed)
	if n > 0 {
		fact.Action = a.ID
	}
	return fact, findings, nil
}

// repeat answers a repetition together with the frame that is open: what it repeats is in this frame or in one before.
func (s *sequencer) repeat(t *task) {
	if err := t.repeats.failed; err != nil {
		if t.differs {
			err = ErrReset // sent again, it is the first of its id
		}
		t.fail(err)
		return
	}
	s.open.tasks = append(s.open.tasks, t)
}

// command decides a command that is not an action.
func (s *sequencer) command(ctx context.Context, c *command) {
	now := s.now()
	value, events, err := c.decide(ctx, deciding{s.state, s.matters, now})
	f := s.open
	start, first := len(f.buffer), len(f.ends)
	state := s.state.draft()
	for _, event := range events {
		event.Recorded = now
		before := len(f.buffer)
		if err == nil {
			f.buffer, err = catalog.Append(f.buffer, event)
		}
		if err != nil {
			break
		}
		f.ends = append(f.ends, len(f.buffer))
		state.evolve(domain.Recorded{Position: state.End, Bytes: f.buffer[before:], Event: event})
	}
	n := len(f.ends) - first
	if err == nil && (n > s.cfg.MaxFrameEvents || len(f.buffer)-start+n*domain.EventOverhead > s.cfg.commandBytes()) {
		err = errors.WithHint(errors.Wrap(domain.ErrInvalid, "too many changes at once"), "Declare the register in smaller parts.")
	}
	if err != nil {
		f.buffer, f.ends = f.buffer[:start], f.ends[:first]
		c.done <- commandResult{err: err}
		return
	}
	s.follow(first, events)
	result := commandResult{value: value, position: s.state.End, events: len(events)}
	f.commands = append(f.commands, settledCommand{c, result})
	s.state, f.state = state.State, state.State
}
