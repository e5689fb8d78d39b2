package kurrentlog

import (
	"context"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

const (
	followAgainTime = 250 * time.Millisecond
	followTries     = 10 // without a subscription, before readings are told: a cluster may be choosing a leader
	beatTime        = time.Second
	beatPatience    = 3 * time.Second
)

// follow keeps the tail told of what is written, by one subscription, which it begins again wherever it was dropped, until the log
// is closed. While it has none, readings that wait are ended rather than left to wait for what they would not hear of.
func (l *Log) follow() {
	for failed := 0; ; {
		confirmed, err := l.subscribe(l.done)
		if l.done.Err() != nil {
			return
		}
		l.tail.report(err)
		if confirmed {
			failed = 0
		}
		if failed++; failed >= followTries || errors.HasAssertionFailure(err) {
			failed = 0
			l.tail.interrupt(err)
		}
		if !eventlog.Pause(l.done, followAgainTime) {
			return
		}
	}
}

// subscribe follows the stream from the end that is known, until the subscription is dropped or gives what cannot be. It says
// whether the server confirmed it.
func (l *Log) subscribe(ctx context.Context) (confirmed bool, err error) {
	if err := l.glance(ctx); err != nil { // a subscription would wait on a stream that is gone
		return false, err
	}
	c, err := l.take()
	if err != nil {
		return false, err
	}
	defer l.give(c, false)
	ctx, drop := context.WithCancelCause(leader(ctx))
	var beating sync.WaitGroup
	defer beating.Wait()
	defer drop(nil)
	impatient := time.AfterFunc(l.answerTime, func() { drop(nil) })
	defer impatient.Stop()
	next := l.tail.last()
	err = guarded(func() error {
		opts := esdb.SubscribeToStreamOptions{From: esdb.Start{}} // the client would begin at the end
		if next > 0 {
			opts.From = esdb.Revision(uint64(next) - 1)
		}
		s, err := c.SubscribeToStream(ctx, l.stream, opts)
		if err != nil {
			return err
		}
		defer s.Close()
		if impatient.Stop() {
			confirmed = true
			l.tail.report(nil)
			beating.Go(func() { l.beat(ctx, drop) })
		}
		for {
			e := s.Recv()
			switch {
			case e.SubscriptionDropped != nil:
				return e.SubscriptionDropped.Error
			case e.EventAppeared == nil:
				continue
			}
			event, err := l.bytesOf(e.EventAppeared, next)
			if err != nil {
				return err
			}
			l.tail.push(next, [][]byte{event})
			next++
		}
	})
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // why it was dropped
	}
	if !errors.HasAssertionFailure(err) && !errors.Is(err, domain.ErrUnavailable) {
		err = unavailable(err, "go on telling what is written")
	}
	return confirmed, err
}

// beat asks for the end of the stream where nothing was heard for a while, and drops the subscription when nobody answers: a server that
// hangs breaks no connection, and gRPC notices after some twenty seconds. What a subscription fails to tell is found this way, too.
func (l *Log) beat(ctx context.Context, drop context.CancelCauseFunc) {
	for known := l.tail.last(); eventlog.Pause(ctx, beatTime); known = l.tail.last() {
		if l.tail.last() != known {
			continue
		}
		if err := l.glance(ctx); err != nil {
			drop(err)
			return
		}
	}
}

// glance asks for the end of the stream, and waits no longer for it than it may stay unknown that nobody answers.
func (l *Log) glance(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatPatience)
	defer cancel()
	return l.refresh(ctx)
}
