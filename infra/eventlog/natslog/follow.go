package natslog

import (
	"context"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

const (
	pollTime        = time.Second // between two looks at the end that nobody asked for
	followAgainTime = 250 * time.Millisecond
	followTries     = 10 // without an answer, before readings are told: a cluster may be choosing a leader
)

// ring tells other processes that the stream has grown. It is a hint, and may be lost: they look at the stream themselves, now,
// or at the latest when pollTime is over.
func (l *Log) ring(seq uint64) {
	_ = l.nc.Publish(l.bell, strconv.AppendUint(nil, seq, 10))
}

// follow keeps the tail told of what other processes write, until ctx ends: it looks at the end of the stream whenever another
// process rings, and once in a while. A consumer on the stream would do the same, but the server would then load every frame once
// more, those of this process too. While it cannot look, readings that wait are ended rather than left to wait for what they would
// not hear of.
func (l *Log) follow(ctx context.Context, bell *nats.Subscription) {
	for failed := 0; ; {
		err := l.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failed = 0
			l.awaitRing(ctx, bell)
			continue
		}
		if failed++; failed >= followTries || !errors.Is(err, domain.ErrUnavailable) || l.nc.IsClosed() {
			failed = 0
			l.tail.interrupt(err)
		}
		if !eventlog.Pause(ctx, followAgainTime) {
			return
		}
	}
}

// awaitRing returns when the stream is said to have grown beyond what is known, or pollTime is over.
func (l *Log) awaitRing(ctx context.Context, bell *nats.Subscription) {
	waiting, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	for {
		m, err := bell.NextMsgWithContext(waiting)
		if waiting.Err() != nil {
			return
		}
		if err != nil { // rings were missed, or there are no more: the poll goes on without them
			eventlog.Pause(waiting, followAgainTime)
			return
		}
		known, _ := l.tail.last()
		if seq, err := strconv.ParseUint(string(m.Data), 10, 64); err == nil && seq > known {
			return
		}
	}
}
