package natslog

import (
	"context"
	"encoding/json"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

// The codes with which JetStream refuses to make a stream, or to take a message.
const (
	codeNoPeers         jetstream.ErrorCode = 10005 // fewer servers than copies
	codeNoResources     jetstream.ErrorCode = 10023
	codeMostStreams     jetstream.ErrorCode = 10027
	codeMostStorage     jetstream.ErrorCode = 10047
	codeAccountFull     jetstream.ErrorCode = 10002
	codeNotAvailable    jetstream.ErrorCode = 10008 // no server leads JetStream yet
	codeNotEnabled      jetstream.ErrorCode = 10039 // for the account
	codeOtherExpected   jetstream.ErrorCode = 10060 // another stream than the one that holds the subject
	codeOverlap         jetstream.ErrorCode = 10065 // another stream takes the subject
	codeNoCluster       jetstream.ErrorCode = 10074
	codeMaxBytesMissing jetstream.ErrorCode = 10113 // the account asks for a limit on every stream
)

// apiError gives what JetStream itself said, or nil.
func apiError(err error) *jetstream.APIError {
	var said jetstream.JetStreamError
	if !errors.As(err, &said) {
		return nil
	}
	return said.APIError()
}

// passing says that a refusal may be over in a moment.
func passing(err error) bool {
	refusal := apiError(err)
	return refusal != nil && (refusal.ErrorCode == codeNoPeers || refusal.ErrorCode == codeNotAvailable)
}

// explain says why the stream could not be opened, and what to do. It wraps domain.ErrConflict where the server is set up otherwise
// than a ledger needs, domain.ErrForbidden where permissions are missing, and domain.ErrUnavailable otherwise.
func (l *Log) explain(err error) error {
	if denied := l.denied(); denied != nil {
		return denied
	}
	kind, hint := domain.ErrUnavailable, "Check that JetStream is enabled on the NATS server and that its cluster has a leader."
	if refusal := apiError(err); refusal != nil {
		switch refusal.ErrorCode {
		case codeOverlap:
			kind, hint = domain.ErrConflict, "Another stream takes messages from the ledger's subject: find it with nats stream find --subject, and "+
				"take the subject out of it, or give the ledger a NATS account of its own."
		case codeNoCluster:
			kind, hint = domain.ErrConflict, "The NATS server stands alone and keeps one copy: leave --replicas out, or make a cluster of three servers."
		case codeNoPeers:
			hint = "The cluster has fewer servers with JetStream, or with room, than copies are asked for with --replicas."
		case codeNoResources, codeMostStreams, codeMostStorage, codeAccountFull, codeMaxBytesMissing:
			kind, hint = domain.ErrConflict, "The limits of the NATS account leave no room for a ledger: raise max_streams and max_store, and do not ask "+
				"for max_bytes on every stream. A ledger only grows."
		case codeNotEnabled:
			kind, hint = domain.ErrConflict, "Enable JetStream for the NATS account that the ledger uses."
		}
	}
	return errors.WithHint(errors.WithSecondaryError(errors.Wrap(kind, "open the ledger's stream"), err), hint)
}

// denied returns domain.ErrForbidden where the server said last that it does not let us do what we asked: it answers such a question
// with nothing, so that it looks like a time-out.
func (l *Log) denied() error {
	if !errors.Is(l.nc.LastError(), nats.ErrPermissionViolation) {
		return nil
	}
	return errors.WithHintf(errors.WithSecondaryError(errors.Wrap(domain.ErrForbidden, "use the ledger's stream"), l.nc.LastError()),
		"The NATS user of the ledger must be allowed to publish on %s, %s, %s, $JS.API.STREAM.* and $JS.API.DIRECT.GET for the stream %s, "+
			"and to subscribe to %s and _INBOX.>.", l.subject, l.bell, "daybook.>", l.stream, l.bell)
}

// permitted makes sure that frames may be published, before the first that is lost in silence: it publishes a message that the stream
// must refuse, since it is meant for another. On a cluster, a server learns a moment late of a stream that was made just now, and says
// until then that nobody listens.
func (l *Log) permitted(ctx context.Context) error {
	ask := func() (*nats.Msg, error) {
		return l.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: l.subject, Header: nats.Header{
			jetstream.ExpectedStreamHeader: {l.stream + "_OTHER"},
		}})
	}
	reply, err := ask()
	for errors.Is(err, nats.ErrNoResponders) && eventlog.Pause(ctx, lookAgainTime) {
		reply, err = ask()
	}
	if err != nil {
		return l.explain(err)
	}
	var ack acknowledgement
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask whether frames may be published"), err)
	}
	if ack.Error == nil || ack.Error.ErrorCode != codeOtherExpected {
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "something else than the ledger's stream answers on its subject"),
			"Find who subscribes to the ledger's subject with a reply, and stop it.")
	}
	return nil
}
