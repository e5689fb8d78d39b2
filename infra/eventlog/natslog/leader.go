package natslog

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

// fate is what became of a frame whose append was not answered well.
type fate uint8

const (
	nothing fate = iota // the end is where it was: the frame is not there, and may still come
	ours                // the frame is there
	others              // another frame is there, so that this one can never be
)

// became asks the leader what the stream holds where a frame should be. It waits for a lost connection to come back.
func (l *Log) became(ctx context.Context, f frame) (fate, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	if err := l.connected(ctx); err != nil {
		return nothing, err
	}
	last, err := l.refresh(ctx)
	if err != nil || last < f.seq {
		return nothing, err
	}
	m, err := l.message(ctx, f.seq)
	if err != nil {
		return nothing, err
	}
	h, err := parseHead(m.Header, f.seq)
	if err != nil {
		return nothing, err
	}
	if h.id == f.id {
		return ours, nil
	}
	return others, nil
}

// connected waits until the connection is up. It returns domain.ErrUnavailable when ctx ends first or the connection was closed.
func (l *Log) connected(ctx context.Context) error {
	if l.nc.IsConnected() {
		return nil
	}
	changes := l.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer l.nc.RemoveStatusListener(changes)
	for !l.nc.IsConnected() && !l.nc.IsClosed() {
		select {
		case <-changes:
		case <-ctx.Done():
			return errors.Wrap(domain.ErrUnavailable, "wait for the NATS connection")
		}
	}
	if l.nc.IsClosed() {
		return errors.Wrap(domain.ErrUnavailable, "the NATS connection was closed")
	}
	return nil
}

// look asks the leader for the end of the stream, as refresh does.
func (l *Log) look(ctx context.Context) error {
	_, err := l.refresh(ctx)
	return err
}

// refresh asks the leader for the end of the stream, tells the tail, and gives the last sequence. It returns an assertion failure
// where the stream has a hole or is shorter than it was.
func (l *Log) refresh(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	known, end, id := l.tail.newest()
	s, err := l.state(ctx)
	if err != nil {
		return 0, err
	}
	switch {
	case s.LastSeq < known:
		return 0, errors.WithHint(errors.AssertionFailedf(
			"the stream ends at message %d, and ended at message %d, position %s, before: events were lost",
			errors.Safe(s.LastSeq), errors.Safe(known), end),
			"Stop writing. The NATS server lost acknowledged messages: restore the stream from the ledger's own copy.")
	case s.LastSeq > 0 && (s.FirstSeq != 1 || s.NumDeleted != 0 || s.Msgs != s.LastSeq):
		return 0, errors.WithHint(errors.AssertionFailedf(
			"the stream has lost %d of its %d messages", errors.Safe(s.LastSeq-s.Msgs), errors.Safe(s.LastSeq)),
			"Stop writing. Reading the log from its start names the positions; restore them from the ledger's own copy.")
	}
	if err := l.unchanged(ctx, known, id, s); err != nil || s.LastSeq == known {
		return known, err
	}
	m, err := l.message(ctx, s.LastSeq)
	if err != nil {
		return 0, err
	}
	h, err := parseHead(m.Header, s.LastSeq)
	if err != nil {
		return 0, err
	}
	between := domain.Position(h.seq - known - 1) // frames that hold at least one event each
	if h.at < end+between || between == 0 && h.at != end {
		return 0, errors.AssertionFailedf("the frame from %s to %s, message %d, stands where %s, message %d, must follow",
			h.at, h.end(), errors.Safe(h.seq), end, errors.Safe(known+1))
	}
	l.tail.hear(h)
	return s.LastSeq, nil
}

// unchanged makes sure that the newest frame that was known is still where it was. Where it is not, the stream was lost and has
// grown anew, perhaps beyond its old end. The time of the last message tells whether anything can have changed.
func (l *Log) unchanged(ctx context.Context, known uint64, id string, s jetstream.StreamState) error {
	last := s.LastTime.UnixNano()
	if known == 0 || s.LastSeq == known && l.lastTime.Load() == last {
		return nil
	}
	m, err := l.message(ctx, known)
	if err != nil {
		return err
	}
	h, err := parseHead(m.Header, known)
	if err != nil {
		return err
	}
	if h.id != id {
		return errors.WithHint(errors.AssertionFailedf("message %d, position %s, is another than it was: the stream was replaced",
			errors.Safe(known), h.at), "Stop writing. Restore the stream from the ledger's own copy.")
	}
	l.lastTime.Store(last)
	return nil
}

const (
	// freshTime is how lately a leader must have heard of a copy to count it. Copies hear of their leader every second, and choose
	// another one no sooner than four seconds after they last did, so that a leader who was replaced counts too few by then.
	freshTime     = 3 * time.Second
	lookAgainTime = 100 * time.Millisecond
)

// state asks the leader for the state of the stream, until one answers that most copies follow: a server that was cut off or hung
// believes for some time that it still leads, and knows nothing of what was written meanwhile.
func (l *Log) state(ctx context.Context) (jetstream.StreamState, error) {
	for {
		var answer struct {
			State   jetstream.StreamState `json:"state"`
			Cluster jetstream.ClusterInfo `json:"cluster"`
			Error   *jetstream.APIError   `json:"error"`
		}
		if err := l.api(ctx, "STREAM.INFO", nil, &answer); err != nil {
			return answer.State, err
		}
		if answer.Error != nil {
			return answer.State, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask for the end of the stream"), answer.Error)
		}
		if followed(answer.Cluster) {
			return answer.State, nil
		}
		if !eventlog.Pause(ctx, lookAgainTime) {
			return answer.State, errors.WithHint(errors.Wrap(domain.ErrUnavailable, "most copies of the stream do not answer its leader"),
				"Check that most servers of the NATS cluster run and reach each other.")
		}
	}
}

// followed says that a leader lately heard of so many copies that, with its own, they are most of them.
func followed(c jetstream.ClusterInfo) bool {
	heard := 1
	for _, r := range c.Replicas {
		if r.Active > 0 && r.Active <= freshTime { // 0 where it was never heard of
			heard++
		}
	}
	return 2*heard > len(c.Replicas)+1
}

// leaderMessage asks the leader for one message. It returns an assertion failure where the leader does not have it.
func (l *Log) leaderMessage(ctx context.Context, seq uint64) (*nats.Msg, error) {
	var answer struct {
		Message struct {
			Header []byte `json:"hdrs"`
			Data   []byte `json:"data"`
		} `json:"message"`
		Error *jetstream.APIError `json:"error"`
	}
	if err := l.api(ctx, "STREAM.MSG.GET", []byte(`{"seq":`+strconv.FormatUint(seq, 10)+`}`), &answer); err != nil {
		return nil, err
	}
	if answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
		return nil, errors.AssertionFailedf("message %d of the stream is missing", errors.Safe(seq))
	}
	if answer.Error != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask for a message of the stream"), answer.Error)
	}
	if len(answer.Message.Header) == 0 {
		return &nats.Msg{Data: answer.Message.Data}, nil
	}
	header, err := nats.DecodeHeadersMsg(answer.Message.Header)
	if err != nil {
		return nil, errors.AssertionFailedf("the headers of message %d cannot be read", errors.Safe(seq))
	}
	return &nats.Msg{Header: header, Data: answer.Message.Data}, nil
}

// api asks JetStream something about the stream and decodes the answer.
func (l *Log) api(ctx context.Context, verb string, request []byte, answer any) error {
	reply, err := l.nc.RequestWithContext(ctx, "$JS.API."+verb+"."+l.stream, request)
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask JetStream"), err)
	}
	return errors.Wrap(json.Unmarshal(reply.Data, answer), "decode the answer of JetStream")
}
