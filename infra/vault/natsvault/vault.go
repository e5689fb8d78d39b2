package natsvault

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Config says which vault to open and how much memory it may use.
type Config struct {
	// Name is the ledger's, where one server holds several; see natslog.Config.
	Name string
	// Replicas is how many copies a cluster keeps; 1.
	Replicas int
	// Cache is how many people are remembered, at most about 2 KiB for each; 0 means 16,384.
	Cache int
	// Random is where subject keys, data keys and secrets come from; nil means crypto/rand.
	Random io.Reader
	// Now says when somebody was forgotten; nil means time.Now.
	Now func() time.Time
}

// Vault is an open vault. All methods may be called concurrently, and other processes may use the same one.
type Vault struct {
	dossierkey.Sealer // by ready

	bucket *bucket
	kek    keys.KEK
	config Config
	people *people

	mu          sync.Mutex
	controllers map[domain.ControllerID][]byte // index keys; as many as the register has controllers; guarded by mu

	hearing jetstream.ConsumeContext // of who was forgotten
	once    sync.Once
}

var _ commands.Vault = (*Vault)(nil)

func bucketName(name string) string {
	if name == "" {
		return "DAYBOOK_VAULT"
	}
	return "DAYBOOK_VAULT_" + strings.ToUpper(name)
}

// Exists says whether there is a vault of that name on the server, whose key-encryption key must not be replaced then. It returns
// domain.ErrUnavailable.
func Exists(ctx context.Context, nc *nats.Conn, name string) (bool, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return false, errors.Wrap(err, "prepare the connection for JetStream")
	}
	_, err = js.Stream(ctx, newBucket(nc, bucketName(name)).stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return false, nil
	case err != nil:
		return false, unavailable(err)
	}
	return true, nil
}

// Open opens the vault of a ledger, and makes its bucket where there is none. The connection stays the caller's and must outlive the
// vault. It returns keys.ErrWrongKey where the vault belongs to another key-encryption key, domain.ErrConflict where the bucket's
// settings could lose something or keep what was destroyed, and domain.ErrUnavailable where the server does not answer.
func Open(ctx context.Context, nc *nats.Conn, kek keys.KEK, config Config) (*Vault, error) {
	if kek.IsZero() {
		return nil, errors.AssertionFailedf("a vault needs a key-encryption key")
	}
	if config.Cache <= 0 {
		config.Cache = 16_384
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	v := &Vault{
		bucket: newBucket(nc, bucketName(config.Name)), kek: kek, config: config, people: newPeople(config.Cache),
		controllers: map[domain.ControllerID][]byte{},
	}
	v.Sealer = v.ready
	if err := v.prepare(ctx); err != nil {
		return nil, errors.Wrap(err, "open the shared vault")
	}
	return v, nil
}

func (v *Vault) prepare(ctx context.Context) error {
	js, err := jetstream.New(v.bucket.nc)
	if err != nil {
		return errors.Wrap(err, "prepare the connection for JetStream")
	}
	stream, err := js.Stream(ctx, v.bucket.stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateStream(ctx, v.bucket.settings(v.config.Replicas))
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		stream, err = js.Stream(ctx, v.bucket.stream)
	}
	if err != nil {
		return unavailable(err)
	}
	if err := checkSettings(stream.CachedInfo().Config, v.config); err != nil {
		return err
	}
	if _, err := v.bucket.create(ctx, "check", v.kek.Check()); err != nil {
		return err
	}
	check, found, err := v.bucket.get(ctx, "check")
	if err != nil || !found {
		return errors.CombineErrors(err, unavailable(errors.New("the bucket keeps nothing")))
	}
	if err := v.kek.Fits(check.value); err != nil {
		return err
	}
	return v.hear(ctx, stream)
}

// checkSettings returns domain.ErrConflict where a bucket could lose entries or keep what was destroyed.
func checkSettings(got jetstream.StreamConfig, config Config) error {
	if got.Storage == jetstream.FileStorage && got.Retention == jetstream.LimitsPolicy && got.MaxAge == 0 && got.MaxMsgs <= 0 &&
		got.MaxBytes <= 0 && got.Discard == jetstream.DiscardNew && got.Compression == jetstream.NoCompression && !got.DenyDelete &&
		!got.AllowMsgTTL && !got.AllowRollup && !got.AllowDirect && !got.NoAck && got.PersistMode == jetstream.DefaultPersistMode &&
		got.Mirror == nil && len(got.Sources) == 0 && got.RePublish == nil && got.Replicas >= max(1, config.Replicas) {
		return nil
	}
	return errors.WithHint(errors.Wrap(domain.ErrConflict, "the settings of the vault's bucket could lose people or keep the forgotten"),
		"Put the settings back with the nats program: file storage, limits retention, discard new, no limits of age, number or size, no "+
			"expiry, no roll-ups, no direct reads, no republishing, deletes allowed, and as many copies as --replicas asks for.")
}

// hear drops from memory whom another process forgot. What is missed while the connection is lost comes when it is back; until then
// nothing is remembered.
func (v *Vault) hear(ctx context.Context, stream jetstream.Stream) error {
	c, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{v.bucket.prefix + "forgotten.*"}, DeliverPolicy: jetstream.DeliverNewPolicy, HeadersOnly: true,
	})
	if err != nil {
		return unavailable(err)
	}
	v.hearing, err = c.Consume(func(m jetstream.Msg) {
		key, err := strconv.ParseUint(m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:], 36, 64)
		if err != nil {
			v.people.clear()
			return
		}
		v.people.drop(domain.SubjectKey(key))
	}, jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) { v.people.clear() }))
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Close ends what the vault runs in the background. Closing twice is not an error.
func (v *Vault) Close() error {
	v.once.Do(func() {
		v.hearing.Stop()
		<-v.hearing.Closed()
		v.people.clear()
	})
	return nil
}

// Secret gives the random secret with a name, as vault.Vault does.
func (v *Vault) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	if _, err := domain.ParseName[string](name); err != nil || size < 1 || size > maxSecret {
		return nil, errors.Wrap(domain.ErrInvalid, "name or size of a shared secret")
	}
	secret, err := v.wrapped(ctx, "secret."+name, []byte("secret:"+name), size)
	if err != nil {
		return nil, errors.Wrap(err, "secret")
	}
	if len(secret) != size {
		return nil, errors.Wrap(domain.ErrConflict, "the shared secret has another size")
	}
	return secret, nil
}

const maxSecret = 4096

// wrapped gives the random bytes that are kept wrapped under a key, and makes them where there are none and size is not 0.
func (v *Vault) wrapped(ctx context.Context, key string, owner []byte, size int) ([]byte, error) {
	e, found, err := v.bucket.get(ctx, key)
	if err == nil && !found && size > 0 {
		made := make([]byte, size)
		if _, err := io.ReadFull(v.config.Random, made); err != nil {
			return nil, errors.Wrap(err, "make a shared secret")
		}
		if _, err := v.bucket.create(ctx, key, v.kek.Wrap(made, owner)); err != nil {
			return nil, err
		}
		e, found, err = v.bucket.get(ctx, key) // another process may have been faster
	}
	if err != nil || !found {
		return nil, err
	}
	secret, err := v.kek.Unwrap(e.value, owner)
	return bytes.Clone(secret), err
}
