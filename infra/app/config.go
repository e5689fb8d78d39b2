package app

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// The default addresses. Until access control exists nothing listens beyond loopback.
const (
	DefaultHTTP = "127.0.0.1:8430"
	DefaultNATS = "127.0.0.1:4222"
)

// Config says how a ledger runs. Data is required; zero values of the rest mean the defaults.
type Config struct {
	// Data is the one directory that holds everything; it is made where it does not exist.
	Data string
	// HTTP is the address of the HTTP API; DefaultHTTP. A port of 0 lets the system choose.
	HTTP string
	// NATS is the address of the embedded server; DefaultNATS. A port of 0 lets the system choose.
	NATS string
	// NATSURL names an external server instead of the embedded one.
	NATSURL string
	// NATSMonitors are URLs of the external servers' HTTP monitoring; a server that does not sync what it acknowledges is refused.
	NATSMonitors []string
	// Engine keeps the log: EngineNATS, which is the default, or EngineKurrentDB. Everything else stays where it is: the vault must
	// be able to destroy what it holds, and the doors of services are NATS's.
	Engine string
	// KurrentDBURL is the connection string of the KurrentDB server; it may hold a password and is never repeated.
	KurrentDBURL string
	// KurrentDBMaxAppend is that server's setting MaxAppendSize in bytes; 1 MiB, as there.
	KurrentDBMaxAppend int
	// Replicas is how many copies an external cluster keeps of each stream; 1.
	Replicas int
	// SharedVault keeps who is who on the external server, so that other processes of the ledger can go on with it. Where the server has
	// a vault already it is used in any case.
	SharedVault bool
	// Name names the ledger where one server holds several.
	Name string
	// WitnessPolicy names a C2SP tlog-policy file of the witnesses that cosign checkpoints; none.
	WitnessPolicy string
	// Sweep is the pause between looking for what is due; a minute. Patience is how long a service may leave an order unanswered
	// before a person is told; seven days.
	Sweep, Patience time.Duration

	Version string
	Now     func() time.Time
	Logger  *slog.Logger

	existing  bool // nothing is made on a server elsewhere
	restoring bool // the one who puts a ledger back may open what is not whole yet
}

func (c *Config) fill() error {
	if c.Data == "" {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "data directory"), "Name the directory with --data.")
	}
	if c.HTTP == "" {
		c.HTTP = DefaultHTTP
	}
	if c.NATS == "" {
		c.NATS = DefaultNATS
	}
	if c.Version == "" {
		c.Version = "0.0.0"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.checkEngine(); err != nil {
		return err
	}
	if c.SharedVault && c.NATSURL == "" {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "a shared vault without a server that others reach"),
			"Name the NATS server with --nats-url, or leave --shared-vault out.")
	}
	if _, _, err := loopback(c.HTTP); err != nil {
		return errors.Wrap(err, "HTTP address")
	}
	_, _, err := loopback(c.NATS)
	return errors.Wrap(err, "NATS address")
}

func (c *Config) path(name string) string { return filepath.Join(c.Data, name) }

// loopback splits an address. It returns domain.ErrForbidden for one that others could reach.
func loopback(address string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, errors.WithHint(errors.Wrap(domain.ErrInvalid, "address"), "Write an address as host:port, for example 127.0.0.1:8430.")
	}
	if port, err = strconv.Atoi(number); err != nil || port < 0 || port > 65535 {
		return "", 0, errors.WithHint(errors.Wrap(domain.ErrInvalid, "port of an address"), "A port is a number from 0 to 65535.")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return "", 0, errors.WithHint(errors.Wrap(domain.ErrForbidden, "address beyond loopback"),
			"Article 32: there is no access control yet, so daybook listens on 127.0.0.1, ::1 or localhost only.")
	}
	return host, port, nil
}
