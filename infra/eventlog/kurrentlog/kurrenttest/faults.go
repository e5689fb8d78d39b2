package kurrenttest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
)

// Fault is one way in which an append or a read goes wrong.
type Fault uint8

// The faults. Those that cut break every connection of the node.
const (
	// None lets it be.
	None Fault = iota
	// CutBeforeReading cuts before an append's events were read, or before a read gave any.
	CutBeforeReading
	// CutBeforeCommit cuts when an append was read and not written.
	CutBeforeCommit
	// CutAfterCommit cuts when an append was written and not answered.
	CutAfterCommit
	// CutHalfway cuts when a read has given half of its events.
	CutHalfway
	// Hang answers nothing and writes nothing, until the caller is gone.
	Hang
	// HangAfterCommit writes, and answers nothing until the caller is gone.
	HangAfterCommit
	// Late answers nothing, and writes when Release is called, be the caller there or not.
	Late
	// UnknownResult writes, or reads, and answers what the client does not know.
	UnknownResult
	// UnknownResultUnwritten answers an append with what the client does not know, and writes nothing.
	UnknownResultUnwritten
	// Forgetful writes, and answers that the expected revision was wrong.
	Forgetful
	// NotReady, TooBusy, NoLeaderInfo and PrepareTimesOut write nothing and say so.
	NotReady
	TooBusy
	NoLeaderInfo
	PrepareTimesOut
	// CommitTimesOut writes, and says that it took too long.
	CommitTimesOut
	// AccessDenied refuses.
	AccessDenied
)

// faults are those that are still to come. They concern the streams of users only.
type faults struct {
	waiting sync.Mutex // guards what follows
	appends []Fault
	reads   []Fault
	hung    chan struct{} // closed to free those who hang
	told    func()        // called when the next one begins to hang

	mute atomic.Bool // subscriptions are confirmed, and told nothing
}

// Mute makes subscriptions that begin from now on hear nothing.
func (f *faults) Mute() { f.mute.Store(true) }

// FailAppends makes the next appends go wrong, in order; None lets one pass.
func (f *faults) FailAppends(next ...Fault) {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	f.appends = append(f.appends, next...)
}

// FailReads makes the next reads go wrong, in order; None lets one pass. Subscriptions are no reads.
func (f *faults) FailReads(next ...Fault) {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	f.reads = append(f.reads, next...)
}

// Heal forgets the faults that are still to come.
func (f *faults) Heal() {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	f.appends, f.reads = nil, nil
}

// Waiting says how many faults are still to come.
func (f *faults) Waiting() int {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	return len(f.appends) + len(f.reads)
}

func (f *faults) nextAppend(stream string) Fault { return f.take(&f.appends, stream) }

func (f *faults) nextRead(stream string) Fault { return f.take(&f.reads, stream) }

func (f *faults) take(from *[]Fault, stream string) Fault {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	if len(*from) == 0 || strings.HasPrefix(stream, "$") {
		return None
	}
	next := (*from)[0]
	*from = (*from)[1:]
	return next
}

// hang waits until the caller is gone or the node stops.
func (f *faults) hang(ctx context.Context) {
	f.waiting.Lock()
	if f.hung == nil {
		f.hung = make(chan struct{})
	}
	hung, told := f.hung, f.told
	f.told = nil
	f.waiting.Unlock()
	if told != nil {
		told()
	}
	select {
	case <-ctx.Done():
	case <-hung:
	}
}

// WhenHanging calls told once, when the next call begins to hang.
func (f *faults) WhenHanging(told func()) {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	f.told = told
}

// Release ends every hang: what was late is written now.
func (f *faults) Release() {
	f.waiting.Lock()
	defer f.waiting.Unlock()
	if f.hung != nil {
		close(f.hung)
		f.hung = nil
	}
}
