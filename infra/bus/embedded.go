package bus

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/jigowatt/daybook/domain"
)

const (
	// EmbeddedName is what the embedded server calls itself.
	EmbeddedName = "daybook"
	// DefaultHost is where the embedded server listens unless told otherwise.
	DefaultHost = "127.0.0.1"
	// DefaultMaxPayload is the largest message that the embedded server takes, 8 MiB: it bounds a frame of the log.
	DefaultMaxPayload = 8 << 20
	// RandomPort lets the system choose a port.
	RandomPort = -1

	maxPending = 8 * DefaultMaxPayload // what the server holds for one slow connection before it cuts it off
	noLimit    = 1 << 60               // more memory or disk than there is: 0 would mean three quarters of what is free
	readyTime  = 10 * time.Second      // for the listener, after the stored streams were recovered
)

// Config says how the embedded server runs. StoreDir is required.
type Config struct {
	// StoreDir is the directory that JetStream keeps its files in; it is made, for this user only, where it does not exist.
	StoreDir string
	// Host is a loopback address or "localhost"; "" means DefaultHost. Anything else is refused.
	Host string
	// Port is the TCP port; 0 and RandomPort let the system choose.
	Port int
	// DontListen leaves the server without a port: only connections from inside the process reach it.
	DontListen bool
	// MaxPayload is the largest message in bytes; 0 means DefaultMaxPayload.
	MaxPayload int32
	// Reserved are subjects, with wildcards or without, on which only connections of Dial publish. Others are told, and nothing of
	// what they publish there arrives. It does not say who may connect or listen.
	Reserved []string
	// Logger takes what the server says; nil discards it.
	Logger *slog.Logger
}

// Server is a NATS server inside the process, with one connection to it.
type Server struct {
	nats   atomic.Pointer[server.Server] // replaced by Restart; nil while none runs
	opts   *server.Options
	again  sync.Mutex // held by Restart and Close
	conn   *nats.Conn
	lock   *storeLock
	listen bool
	gone   bool        // under again: Close was called
	inside nats.Option // of the connections of Dial; nil where nothing is reserved
	log    *slog.Logger
	close  sync.Once
	closed error // set by the first Close
}

// Embedded starts a server, recovers its streams, and connects to it without a socket. ctx bounds the start only; the caller
// ends the server with Close. It returns domain.ErrInvalid for a configuration it refuses, and domain.ErrUnavailable where the
// port or the directory cannot be had.
func Embedded(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.StoreDir, 0o700); err != nil {
		return nil, errors.WithHint(because(errors.Wrap(domain.ErrUnavailable, "make the directory of the embedded server"), err),
			"Check that the data directory belongs to the user that runs daybook.")
	}
	lock, err := lockStore(filepath.Join(cfg.StoreDir, "lock"))
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock, listen: !cfg.DontListen, log: cfg.Logger}
	if len(cfg.Reserved) > 0 {
		if s.inside, err = reserve(opts, cfg.Reserved); err != nil {
			return nil, errors.CombineErrors(err, s.Close())
		}
	}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.WithSecondaryError(err, s.Close())
	}
	return s, nil
}

// options checks the configuration and turns it into the server's own.
func (cfg Config) options() (*server.Options, error) {
	if cfg.StoreDir == "" {
		return nil, errors.Wrap(domain.ErrInvalid, "the embedded server has no directory")
	}
	host, err := loopback(cfg.Host)
	if err != nil {
		return nil, err
	}
	if cfg.Port < RandomPort || cfg.Port > 65_535 {
		return nil, errors.Wrapf(domain.ErrInvalid, "port %d of the embedded server", errors.Safe(cfg.Port))
	}
	if cfg.Port == 0 {
		cfg.Port = RandomPort
	}
	if cfg.MaxPayload == 0 {
		cfg.MaxPayload = DefaultMaxPayload
	}
	if cfg.MaxPayload < 0 || int64(cfg.MaxPayload) > maxPending {
		return nil, errors.Wrapf(domain.ErrInvalid, "a largest message of %d bytes", errors.Safe(cfg.MaxPayload))
	}
	return &server.Options{
		ServerName:             EmbeddedName,
		Host:                   host,
		Port:                   cfg.Port,
		DontListen:             cfg.DontListen,
		MaxPayload:             cfg.MaxPayload,
		MaxPending:             maxPending,
		JetStream:              true,
		StoreDir:               cfg.StoreDir,
		SyncAlways:             true,
		JetStreamMaxMemory:     noLimit,
		JetStreamMaxStore:      noLimit,
		DisableJetStreamBanner: true,
		NoSigs:                 true,
	}, nil
}

// reserve makes two users, the program itself and whoever does not say who it is, and lets the latter publish everywhere but on the
// subjects. It gives what makes a connection one of the program's.
func reserve(opts *server.Options, subjects []string) (nats.Option, error) {
	var public [2]string
	var keys [2]nkeys.KeyPair
	for i := range keys {
		var err error
		if keys[i], err = nkeys.CreateUser(); err == nil {
			public[i], err = keys[i].PublicKey()
		}
		if err != nil {
			return nil, errors.Wrap(err, "make the keys of the embedded server's users")
		}
	}
	denied := &server.Permissions{Publish: &server.SubjectPermission{Deny: subjects}}
	opts.Nkeys = []*server.NkeyUser{{Nkey: public[0]}, {Nkey: public[1], Permissions: denied}}
	opts.NoAuthUser = public[1]
	return nats.Nkey(public[0], keys[0].Sign), nil
}

// loopback gives the address to listen on, and domain.ErrInvalid for one that other machines can reach.
func loopback(host string) (string, error) {
	if host == "" || host == "localhost" {
		return DefaultHost, nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return host, nil
	}
	return "", errors.WithHint(errors.Wrap(domain.ErrInvalid, "an address beyond loopback"),
		"Anybody who reaches the server could record and read: there is no access control yet. "+
			"Listen on 127.0.0.1, and let other machines in through a tunnel that checks who they are.")
}

// start runs the server and connects to it. Where it fails the caller closes what was begun.
func (s *Server) start(ctx context.Context, opts *server.Options) error {
	if err := probe(ctx, opts); err != nil {
		return err
	}
	s.opts = opts
	err := s.run()
	if err != nil {
		return err
	}
	s.conn, err = s.Dial()
	return err
}

// run starts a server. Where it fails, what was started ends with the next call or with Close.
func (s *Server) run() error {
	ns, err := server.NewServer(s.opts.Clone())
	if err != nil {
		return errors.Wrap(err, "configure the embedded server")
	}
	log := &serverLog{log: s.log}
	ns.SetLoggerV2(log, false, false, false)
	s.nats.Store(ns)
	ns.Start() // returns when the stored streams are recovered and the listener is up
	if log.fatal.Load() || !ns.ReadyForConnections(readyTime) || !ns.JetStreamEnabled() {
		return errors.WithHint(errors.Wrap(domain.ErrUnavailable, "the embedded server did not start"),
			"The lines that the server logged before this one say why.")
	}
	return nil
}

// Restart ends the server and starts it again on the same directory and port. Streams that were frozen by a full disk go on.
// Connections come back by themselves; what was on its way on them is not answered. between is called while no server runs: where
// it returns an error none is started, and the error is returned. It returns domain.ErrUnavailable where the server does not start.
func (s *Server) Restart(between func() error) error {
	s.again.Lock()
	defer s.again.Unlock()
	if s.gone {
		return errors.Wrap(domain.ErrUnavailable, "start a closed server again")
	}
	if old := s.nats.Load(); old != nil {
		if address, is := old.Addr().(*net.TCPAddr); is && s.listen {
			s.opts.Port = address.Port // the one that clients know
		}
		s.shutdown()
	}
	if err := between(); err != nil {
		return err
	}
	return s.run()
}

// shutdown ends the server that runs, and returns when every file is written and closed.
func (s *Server) shutdown() {
	if old := s.nats.Swap(nil); old != nil {
		old.Shutdown()
		old.WaitForShutdown()
	}
}

// InProcessConn gives a connection to the server that runs now, for connections that come back after a restart.
func (s *Server) InProcessConn() (net.Conn, error) {
	ns := s.nats.Load()
	if ns == nil {
		return nil, errors.Wrap(domain.ErrUnavailable, "the embedded server does not run")
	}
	return ns.InProcessConn()
}

// probe finds out whether the port is free, because the server itself would only log it.
func probe(ctx context.Context, opts *server.Options) error {
	if opts.DontListen || opts.Port == RandomPort {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(opts.Host, strconv.Itoa(opts.Port)))
	if err != nil {
		return errors.WithHint(because(errors.Wrap(domain.ErrUnavailable, "listen for NATS"), err),
			"Another program, perhaps another ledger, uses this port. Stop it, or choose another port with --nats.")
	}
	return errors.Wrap(l.Close(), "give the probed port back")
}

// Conn gives the connection that the server opened for this process. It ends with the server; callers do not close it.
func (s *Server) Conn() *nats.Conn { return s.conn }

// Dial opens one more connection that does not go through a socket, and that may publish everywhere. The caller closes it.
func (s *Server) Dial(opts ...nats.Option) (*nats.Conn, error) {
	if s.inside != nil {
		opts = append([]nats.Option{s.inside}, opts...)
	}
	return s.DialOutside(opts...)
}

// DialOutside is Dial for a connection that may publish what others may: it answers on subjects that others choose.
func (s *Server) DialOutside(opts ...nats.Option) (*nats.Conn, error) {
	all := append(clientOptions(s.log), nats.InProcessServer(s))
	nc, err := nats.Connect("", append(all, opts...)...)
	if err != nil {
		return nil, because(errors.Wrap(domain.ErrUnavailable, "connect inside the process"), err)
	}
	return nc, nil
}

// NATS gives the server that runs now, for its figures; callers neither stop nor reconfigure it. It is nil where none runs.
func (s *Server) NATS() *server.Server { return s.nats.Load() }

// ClientURL gives the address for clients, or "" where the server does not listen.
func (s *Server) ClientURL() string {
	ns := s.nats.Load()
	if !s.listen || ns == nil {
		return ""
	}
	return ns.ClientURL()
}

// Health returns domain.ErrUnavailable where JetStream cannot be relied on, among others after a write failed: streams stay
// frozen after a full disk until the server is started again.
func (s *Server) Health() error {
	ns := s.nats.Load()
	if ns == nil {
		return errors.Wrap(domain.ErrUnavailable, "the embedded server is being started again")
	}
	status := ns.Healthz(&server.HealthzOptions{})
	if status.Error != "" || status.StatusCode >= 400 {
		// The server's own words name streams, files and system errors, nothing else.
		return errors.WithHint(
			errors.WithDetail(errors.Wrap(domain.ErrUnavailable, "the embedded server is not healthy"), status.Error),
			"Check the disk: when it was full, make room, and the server is started again by itself.")
	}
	return nil
}

// Close ends the connection and the server, and returns when every file is written and closed. It may be called again.
func (s *Server) Close() error {
	s.close.Do(func() {
		if s.conn != nil {
			s.conn.Close()
		}
		s.again.Lock()
		defer s.again.Unlock()
		s.gone = true
		s.shutdown()
		s.closed = s.lock.release()
	})
	return s.closed
}

// because keeps a foreign error as the hidden cause of one of ours.
func because(err, cause error) error { return errors.WithSecondaryError(err, cause) }
