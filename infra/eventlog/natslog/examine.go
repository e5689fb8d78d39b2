package natslog

import (
	"context"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Examined is what can be seen of a ledger's stream from outside.
type Examined struct {
	Stream  string
	Ledger  string   // its name, empty for the one without
	Dangers []string // which settings could lose, rewrite or hide events, each as the rest of a sentence; none where all is well
	Copies  int      // that the stream is meant to have
	Behind  int      // of them, that its leader has not heard of lately, or that lack something
	Cluster bool     // that the server is one of several
}

// Account is what the NATS account lets a ledger keep.
type Account struct {
	Limit int64 // bytes on disk; negative where there is no limit
	Used  int64 // bytes on disk
	// Streams and MaxStreams say how many streams there are and may be; negative where there is no limit.
	Streams, MaxStreams int
	// LimitsWanted says that the account takes no stream without a limit of its own.
	LimitsWanted bool
	// Taker is a stream of somebody else that takes what is published on the subject of the ledger without a name; empty for none.
	Taker string
}

// Examine looks at every ledger's stream that the connection reaches, and changes nothing. It returns what Open returns where
// JetStream does not answer: domain.ErrForbidden where permissions are missing, domain.ErrConflict where the account has no JetStream,
// and domain.ErrUnavailable.
func Examine(ctx context.Context, nc *nats.Conn) ([]Examined, Account, error) {
	ctx, cancel := context.WithTimeout(ctx, DefaultAnswerTime)
	defer cancel()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, Account{}, errors.Wrap(err, "prepare the connection for JetStream")
	}
	unnamed := seen(nc, "")
	info, err := js.AccountInfo(ctx)
	if err != nil {
		return nil, Account{}, unnamed.explain(err)
	}
	account := Account{
		Limit: info.Limits.MaxStore, Used: int64(info.Store), Streams: info.Streams, MaxStreams: info.Limits.MaxStreams,
		LimitsWanted: info.Limits.MaxBytesRequired,
	}
	if taker, err := js.StreamNameBySubject(ctx, unnamed.subject); err == nil && taker != unnamed.stream {
		account.Taker = taker
	}
	var all []Examined
	streams := js.ListStreams(ctx)
	for s := range streams.Info() {
		name, is := ledgerOf(s.Config.Name)
		if !is {
			continue
		}
		e := Examined{Stream: s.Config.Name, Ledger: name, Dangers: dangers(s.Config, Config{Name: name}), Copies: s.Config.Replicas}
		if s.Cluster != nil {
			e.Cluster = s.Cluster.Name != ""
			for _, r := range s.Cluster.Replicas {
				if r.Offline || !r.Current || r.Active > 10*time.Second {
					e.Behind++
				}
			}
		}
		all = append(all, e)
	}
	if err := streams.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return nil, account, unnamed.explain(err)
	}
	return all, account, nil
}

// publishTime is how long it is waited for the answer that a server gives to whom it lets publish.
const publishTime = 2 * time.Second

// Publishable returns what Open would where the user of the connection may not publish the frames of a ledger that has its stream:
// domain.ErrForbidden with a hint. It sends a message that the stream must refuse.
func Publishable(ctx context.Context, nc *nats.Conn, ledger string) error {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	return seen(nc, ledger).permitted(ctx)
}

// seen is a ledger's log that is only asked about, not opened.
func seen(nc *nats.Conn, name string) *Log {
	cfg := Config{Name: name}
	return &Log{nc: nc, stream: cfg.stream(), subject: cfg.subject(), bell: cfg.bell()}
}

// ledgerOf gives the name of the ledger whose stream this is, and whether it is one.
func ledgerOf(stream string) (string, bool) {
	if stream == (Config{}).stream() {
		return "", true
	}
	name, is := strings.CutPrefix(stream, streamPrefix)
	return strings.ToLower(name), is
}
