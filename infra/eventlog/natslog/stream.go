package natslog

import (
	"context"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

// streamPrefix begins the name of a stream of a ledger that has a name.
const streamPrefix = "DAYBOOK_LOG_"

// stream names the ledger's stream. The prefix keeps ledgers apart from the streams for the inbox and for orders.
func (cfg Config) stream() string {
	if cfg.Name == "" {
		return "DAYBOOK"
	}
	return streamPrefix + strings.ToUpper(cfg.Name)
}

// subject names the subject that frames are published on; services have no business there.
func (cfg Config) subject() string {
	if cfg.Name == "" {
		return "daybook.log"
	}
	return "daybook.log." + cfg.Name
}

// bell names the subject on which processes tell each other that the stream has grown.
func (cfg Config) bell() string {
	if cfg.Name == "" {
		return "daybook.bell"
	}
	return "daybook.bell." + cfg.Name
}

// settings are those of a stream that neither loses nor rewrites anything.
func (cfg Config) settings() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              cfg.stream(),
		Description:       "Daybook: frames of events, in order, for ever",
		Subjects:          []string{cfg.subject()},
		Storage:           jetstream.FileStorage,
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardNew,
		Compression:       jetstream.NoCompression,
		PersistMode:       jetstream.DefaultPersistMode,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgsPerSubject: -1,
		MaxMsgSize:        -1,
		MaxConsumers:      -1,
		Replicas:          max(1, cfg.Replicas),
		DenyDelete:        true,
		DenyPurge:         true,
		AllowDirect:       true,
	}
}

// prepare makes the stream where there is none, and checks what is there and that frames may be published. A cluster that was just
// started refuses for a moment what it can do when all its servers have found each other.
func (l *Log) prepare(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	for {
		s, err := l.openStream(ctx, cfg)
		if err == nil {
			if err := checkSettings(s.CachedInfo().Config, cfg); err != nil {
				return err
			}
			return l.permitted(ctx)
		}
		if cfg.Existing && errors.Is(err, jetstream.ErrStreamNotFound) {
			return errors.WithHint(errors.Wrap(domain.ErrNotFound, "stream of the ledger on the NATS server"),
				"Name with --nats-url the server that keeps the ledger's log, and with --name the ledger's name where it has one.")
		}
		if !passing(err) || !eventlog.Pause(ctx, lookAgainTime) {
			return l.explain(err)
		}
	}
}

// openStream gives the stream, and makes it where there is none and may be one.
func (l *Log) openStream(ctx context.Context, cfg Config) (jetstream.Stream, error) {
	s, err := l.js.Stream(ctx, l.stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) && !cfg.Existing {
		s, err = l.js.CreateStream(ctx, cfg.settings())
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process made it just now, perhaps otherwise
		s, err = l.js.Stream(ctx, l.stream)
	}
	return s, err
}

// finding is one setting of a stream that is as it must be, or is not.
type finding struct {
	good   bool
	danger string
}

// dangers says which settings of a stream could lose or rewrite events, or hide them from reading.
func dangers(got jetstream.StreamConfig, cfg Config) []string {
	var found []string
	for _, f := range []finding{
		{slices.Equal(got.Subjects, []string{cfg.subject()}), "it takes messages from other subjects than the ledger's"},
		{got.Storage == jetstream.FileStorage, "it keeps events in memory only (storage)"},
		{got.Retention == jetstream.LimitsPolicy, "it drops events that were read (retention)"},
		{got.Discard == jetstream.DiscardNew, "it drops old events for new ones (discard)"},
		{got.MaxAge == 0, "it drops events that are old (max_age)"},
		{got.MaxMsgs <= 0, "it limits the number of frames (max_msgs)"},
		{got.MaxBytes <= 0, "it limits the size of the ledger (max_bytes)"},
		{got.MaxMsgsPerSubject <= 0, "it limits the number of frames (max_msgs_per_subject)"},
		{got.MaxMsgSize <= 0, "it limits the size of a frame (max_msg_size)"},
		{got.DenyDelete, "it lets events be deleted (deny_delete)"},
		{got.DenyPurge, "it lets events be purged (deny_purge)"},
		{!got.AllowRollup, "it lets one message replace all others (allow_rollup_hdrs)"},
		{!got.AllowMsgTTL && got.SubjectDeleteMarkerTTL == 0, "it lets messages expire (allow_msg_ttl)"},
		{!got.AllowMsgCounter, "it rewrites messages as counters (allow_msg_counter)"},
		{!got.AllowMsgSchedules, "it replaces scheduled messages (allow_msg_schedules)"},
		{!got.NoAck, "it does not acknowledge what it stored (no_ack)"},
		{got.PersistMode == jetstream.DefaultPersistMode, "it acknowledges before it stores (persist_mode)"},
		{got.Compression == jetstream.NoCompression, "it compresses, so that one damaged bit costs a block (compression)"},
		{got.Mirror == nil && len(got.Sources) == 0, "it copies from another stream (mirror, sources)"},
		{got.SubjectTransform == nil, "it renames subjects (subject_transform)"},
		{got.RePublish == nil, "it sends every event to another subject as well (republish)"},
		{got.FirstSeq <= 1, "it does not begin at the first sequence (first_seq)"},
		{!got.Sealed, "it is sealed and takes no events (sealed)"},
		{got.AllowDirect, "it cannot be read directly (allow_direct)"},
		{got.Replicas >= max(1, cfg.Replicas), "it keeps fewer copies than asked for (num_replicas)"},
	} {
		if !f.good {
			found = append(found, f.danger)
		}
	}
	return found
}

// checkSettings returns domain.ErrConflict where a stream's settings could lose or rewrite events, or hide them from reading.
func checkSettings(got jetstream.StreamConfig, cfg Config) error {
	found := dangers(got, cfg)
	if len(found) == 0 {
		return nil
	}
	return errors.WithHint(
		errors.Wrapf(domain.ErrConflict, "the stream %s is not safe for a ledger: %s",
			errors.Safe(got.Name), errors.Safe(strings.Join(found, "; "))),
		"Set these settings of the stream right with the nats command, or give the ledger another name. "+
			"Settings that deny or allow something for good can only be had with a new stream.")
}
