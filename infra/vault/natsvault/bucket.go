package natsvault

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
)

const (
	askTime   = 2 * time.Second  // for one answer
	patience  = 10 * time.Second // for an answer at all: a cluster may be choosing a leader
	againTime = 50 * time.Millisecond

	codeNotFound     jetstream.ErrorCode = 10037
	codeSequenceGone jetstream.ErrorCode = 10043
)

// exists are the codes with which JetStream refuses a second entry under one key, on one server and on a cluster.
var exists = map[jetstream.ErrorCode]bool{10071: true, 10164: true}

// bucket is the key-value bucket. What it returns beside values is domain.ErrUnavailable.
type bucket struct {
	nc     *nats.Conn
	stream string
	prefix string // of subjects
}

func newBucket(nc *nats.Conn, name string) *bucket {
	return &bucket{nc: nc, stream: "KV_" + name, prefix: "$KV." + name + "."}
}

// settings are those of a bucket that other programs for key-value buckets understand, except that it keeps nothing that was replaced,
// lets entries be destroyed, and is read from its leader.
func (b *bucket) settings(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: b.stream, Description: "Daybook: who is who, wrapped and sealed", Subjects: []string{b.prefix + ">"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Compression: jetstream.NoCompression,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: 1, MaxMsgSize: -1, MaxConsumers: -1, Replicas: max(1, replicas), DenyPurge: true,
	}
}

// entry is one value, and its number in the bucket: entries are numbered in the order in which they were written.
type entry struct {
	value []byte
	seq   uint64
}

// get gives the entry under a key, and whether there is one.
func (b *bucket) get(ctx context.Context, key string) (e entry, found bool, err error) {
	var answer struct {
		Message struct {
			Seq  uint64 `json:"seq"`
			Data []byte `json:"data"`
		} `json:"message"`
	}
	refusal, err := b.ask(ctx, "$JS.API.STREAM.MSG.GET."+b.stream, nil, []byte(`{"last_by_subj":"`+b.prefix+key+`"}`), &answer)
	switch {
	case err != nil:
		return entry{}, false, err
	case refusal != nil && refusal.ErrorCode == codeNotFound:
		return entry{}, false, nil
	case refusal != nil:
		return entry{}, false, refused(refusal)
	}
	return entry{answer.Message.Data, answer.Message.Seq}, true, nil
}

// create writes an entry where there is none under its key, and says whether it did. An answer that was lost may make it say that it
// did not where it did: the caller compares. Where it did not, the entry that is there can be read: a cluster refuses a second entry
// already while the first is on its way, which may be one of ours whose answer came too late, and may still be lost.
func (b *bucket) create(ctx context.Context, key string, value []byte) (created bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var answer struct {
		Seq uint64 `json:"seq"`
	}
	header := nats.Header{jetstream.ExpectedStreamHeader: {b.stream}, jetstream.ExpectedLastSubjSeqHeader: {"0"}}
	for {
		refusal, err := b.ask(ctx, b.prefix+key, header, value, &answer)
		switch {
		case err != nil:
			return false, err
		case refusal == nil:
			return true, nil
		case !exists[refusal.ErrorCode]:
			return false, refused(refusal)
		}
		if _, found, err := b.get(ctx, key); err != nil || found {
			return false, err
		}
		select {
		case <-ctx.Done():
			return false, unavailable(ctx.Err())
		case <-time.After(againTime):
		}
	}
}

// destroy overwrites an entry on every copy; that it is gone already is no error.
func (b *bucket) destroy(ctx context.Context, seq uint64) error {
	refusal, err := b.ask(ctx, "$JS.API.STREAM.MSG.DELETE."+b.stream, nil, []byte(`{"seq":`+strconv.FormatUint(seq, 10)+`}`), &struct{}{})
	if err != nil {
		return err
	}
	if refusal != nil && refusal.ErrorCode != codeNotFound && refusal.ErrorCode != codeSequenceGone {
		return refused(refusal)
	}
	return nil
}

// under gives the keys that begin with a prefix, which ends at a dot, without it.
func (b *bucket) under(ctx context.Context, prefix string) ([]string, error) {
	var answer struct {
		State struct {
			Subjects map[string]uint64 `json:"subjects"`
		} `json:"state"`
	}
	refusal, err := b.ask(ctx, "$JS.API.STREAM.INFO."+b.stream, nil, []byte(`{"subjects_filter":"`+b.prefix+prefix+`*"}`), &answer)
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refused(refusal)
	}
	keys := make([]string, 0, len(answer.State.Subjects))
	for subject := range answer.State.Subjects {
		keys = append(keys, strings.TrimPrefix(subject, b.prefix+prefix))
	}
	return keys, nil
}

// ask sends a question until it is answered, and decodes the answer. Questions are safe to repeat.
func (b *bucket) ask(ctx context.Context, subject string, header nats.Header, body []byte, answer any) (*jetstream.APIError, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		asking, cancel := context.WithTimeout(ctx, askTime)
		reply, err := b.nc.RequestMsgWithContext(asking, &nats.Msg{Subject: subject, Header: header, Data: body})
		cancel()
		var refusal struct {
			Error *jetstream.APIError `json:"error"`
		}
		if err == nil {
			err = errors.CombineErrors(json.Unmarshal(reply.Data, &refusal), json.Unmarshal(reply.Data, answer))
		}
		if err == nil && (refusal.Error == nil || refusal.Error.Code != 503) {
			return refusal.Error, nil
		}
		select {
		case <-ctx.Done():
			return nil, unavailable(errors.CombineErrors(ctx.Err(), err))
		case <-time.After(againTime):
		}
	}
}

func refused(refusal *jetstream.APIError) error {
	return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the vault's bucket refuses"), refusal)
}

func unavailable(err error) error {
	return errors.Mark(errors.Wrap(err, "the vault's bucket does not answer"), domain.ErrUnavailable)
}
