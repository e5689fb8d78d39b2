package natslog

import (
	"context"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
)

// Examined is what can be seen of a ledger's stream from outside.
type Examined struct {
	Stream  string
	Dangers []string // which settings could lose, rewrite or hide events, each as the rest of a sentence; none where all is well
	Copies  int      // that the stream is meant to have
	Behind  int      // of them, that its leader has not heard of lately, or that lack something
	Cluster bool     // that the server is one of several
}

// Account is what the NATS account lets a ledger keep.
type Account struct {
	Limit int64 // bytes on disk; negative where there is no limit
	Used  int64 // bytes on disk
}

// Examine looks at every ledger's stream that the connection reaches, and changes nothing. It returns domain.ErrUnavailable where
// JetStream does not answer.
func Examine(ctx context.Context, nc *nats.Conn) ([]Examined, Account, error) {
	ctx, cancel := context.WithTimeout(ctx, DefaultAnswerTime)
	defer cancel()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, Account{}, errors.Wrap(err, "prepare the connection for JetStream")
	}
	info, err := js.AccountInfo(ctx)
	if err != nil {
		return nil, Account{}, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask for the limits of the account"), err)
	}
	account := Account{Limit: info.Limits.MaxStore, Used: int64(info.Store)}
	var all []Examined
	streams := js.ListStreams(ctx)
	for s := range streams.Info() {
		name, is := ledgerOf(s.Config.Name)
		if !is {
			continue
		}
		e := Examined{Stream: s.Config.Name, Dangers: dangers(s.Config, Config{Name: name}), Copies: s.Config.Replicas}
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
		return nil, account, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "list the streams"), err)
	}
	return all, account, nil
}

// ledgerOf gives the name of the ledger whose stream this is, and whether it is one.
func ledgerOf(stream string) (string, bool) {
	if stream == (Config{}).stream() {
		return "", true
	}
	name, is := strings.CutPrefix(stream, streamPrefix)
	return strings.ToLower(name), is
}
