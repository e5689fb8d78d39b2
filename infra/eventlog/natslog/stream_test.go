package natslog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// settings are those of the stream as the log makes it.
func settings(t *testing.T) jetstream.StreamConfig {
	s := serve(t, bus.Config{DontListen: true})
	open(t, s.Conn())
	js, err := jetstream.New(s.Conn())
	must(t, err)
	stream, err := js.Stream(t.Context(), "DAYBOOK")
	must(t, err)
	return stream.CachedInfo().Config
}

func TestAStreamThatCouldLoseOrRewriteIsRefused(t *testing.T) {
	good := settings(t)
	for _, c := range []struct {
		setting string // as the refusal names it
		spoil   func(*jetstream.StreamConfig)
	}{
		{"other subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"daybook.log", "other"} }},
		{"(storage)", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }},
		{"(retention)", func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }},
		{"(retention)", func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }},
		{"(discard)", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }},
		{"(max_age)", func(c *jetstream.StreamConfig) { c.MaxAge, c.Duplicates = time.Hour, time.Minute }},
		{"(max_msgs)", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 << 40 }},
		{"(max_bytes)", func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 40 }},
		{"(max_msgs_per_subject)", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 << 40 }},
		{"(max_msg_size)", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 << 20 }},
		{"(deny_delete)", func(c *jetstream.StreamConfig) { c.DenyDelete = false }},
		{"(deny_purge)", func(c *jetstream.StreamConfig) { c.DenyPurge = false }},
		{"(allow_rollup_hdrs)", func(c *jetstream.StreamConfig) { c.AllowRollup, c.DenyPurge = true, false }},
		{"(allow_msg_ttl)", func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }},
		{"(allow_msg_counter)", func(c *jetstream.StreamConfig) { c.AllowMsgCounter = true; c.Discard = jetstream.DiscardOld }},
		{"(allow_msg_schedules)", func(c *jetstream.StreamConfig) {
			c.AllowMsgSchedules, c.AllowRollup, c.DenyPurge, c.Discard = true, true, false, jetstream.DiscardOld
		}},
		{"(no_ack)", func(c *jetstream.StreamConfig) { c.NoAck = true }},
		{"(persist_mode)", func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode }},
		{"(compression)", func(c *jetstream.StreamConfig) { c.Compression = jetstream.S2Compression }},
		{"(mirror, sources)", func(c *jetstream.StreamConfig) { c.Sources = []*jetstream.StreamSource{{Name: "OTHER"}} }},
		{"(subject_transform)", func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "daybook.log", Destination: "elsewhere"}
		}},
		{"(republish)", func(c *jetstream.StreamConfig) {
			c.RePublish = &jetstream.RePublish{Source: "daybook.log", Destination: "elsewhere"}
		}},
		{"(first_seq)", func(c *jetstream.StreamConfig) { c.FirstSeq = 100 }},
		{"(allow_direct)", func(c *jetstream.StreamConfig) { c.AllowDirect = false }},
	} {
		t.Run(c.setting, func(t *testing.T) {
			s := serve(t, bus.Config{DontListen: true})
			js, err := jetstream.New(s.Conn())
			must(t, err)
			cfg := good
			c.spoil(&cfg)
			_, err = js.CreateStream(t.Context(), cfg)
			must(t, err)
			_, err = natslog.Open(t.Context(), s.Conn(), natslog.Config{})
			if !errors.Is(err, domain.ErrConflict) || !strings.Contains(err.Error(), c.setting) {
				t.Errorf("the stream was judged %v, want a conflict that names %s", err, c.setting)
			}
			if errors.FlattenHints(err) == "" {
				t.Error("the refusal gives no hint")
			}
			seen, _, err := natslog.Examine(t.Context(), s.Conn())
			must(t, err)
			if len(seen) != 1 || !strings.Contains(strings.Join(seen[0].Dangers, "; "), c.setting) {
				t.Errorf("whoever examines the stream is told %v, want %s", seen, c.setting)
			}
		})
	}
}

func TestAStreamThatWasMadeByTheLogIsTaken(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	js, err := jetstream.New(s.Conn())
	must(t, err)
	_, err = js.CreateStream(t.Context(), settings(t))
	must(t, err)
	logtest.Check(t, open(t, s.Conn()), nil)
}

func TestASealedStreamIsRefused(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	open(t, s.Conn())
	js, err := jetstream.New(s.Conn())
	must(t, err)
	cfg := settings(t)
	cfg.Sealed = true
	_, err = js.UpdateStream(t.Context(), cfg)
	must(t, err)
	if _, err := natslog.Open(t.Context(), s.Conn(), natslog.Config{}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("a sealed stream was judged %v, want a conflict", err)
	}
}

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	for name, cfg := range map[string]natslog.Config{
		"capital letters":   {Name: "Ledger"},
		"a dot":             {Name: "a.b"},
		"a wildcard":        {Name: "*"},
		"a space":           {Name: "a b"},
		"a long name":       {Name: strings.Repeat("a", 21)},
		"six copies":        {Replicas: 6},
		"fewer than none":   {Replicas: -1},
		"too small a frame": {MaxFrame: domain.MaxEventBytes},
		"a negative frame":  {MaxFrame: -1},
	} {
		if _, err := natslog.Open(t.Context(), s.Conn(), cfg); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: opened with %v, want it invalid", name, err)
		}
	}
	small := serve(t, bus.Config{DontListen: true, MaxPayload: 65_536})
	if _, err := natslog.Open(t.Context(), small.Conn(), natslog.Config{}); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("a server with small messages: opened with %v, want it invalid", err)
	}
}

func TestMoreCopiesThanThereAreServersAreRefused(t *testing.T) {
	s := serve(t, bus.Config{DontListen: true})
	if _, err := natslog.Open(t.Context(), s.Conn(), natslog.Config{Replicas: 3}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("three copies on one server: opened with %v, want a conflict", err)
	}
	open(t, s.Conn())
	if _, err := natslog.Open(t.Context(), s.Conn(), natslog.Config{Replicas: 3}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("a stream of one copy where three are asked for: opened with %v, want a conflict", err)
	}
}
