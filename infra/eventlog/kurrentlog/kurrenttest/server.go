// Package kurrenttest is a model of a KurrentDB server, in process, for tests: it speaks the protocol of the official client over
// real connections, and goes wrong on demand at every point of an append and a read.
//
// It is our own model of somebody else's server, made after the protocol's definitions and the published behaviour: one log in
// memory, streams with revisions from 0, expected revisions, idempotent appends, deleted and truncated streams, catch-up
// subscriptions, a leader and followers. What a test proves with it holds for a real server as far as the model is true; the same
// tests run against a real one where DAYBOOK_TEST_KURRENTDB names it.
//
// It deliberately does not keep anything on disk, and knows no projections, persistent subscriptions, filters or access lists.
package kurrenttest

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Config says how a server behaves. Its zero value is a single node in the clear that lets everybody in.
type Config struct {
	// DB is what the node keeps; nil means one of its own. Nodes of one cluster share it.
	DB *DB
	// Leader is the node that leads; nil means that this one does.
	Leader *Server
	// MaxAppendSize is the setting of that name in bytes; 0 means 1 MiB.
	MaxAppendSize int
	// TLS makes the node listen with it; nil means in the clear.
	TLS *tls.Config
	// Authorization is the header that callers must send; empty lets everybody in.
	Authorization string
	// Old leaves out what servers before 21.10 did not have: the list of supported methods.
	Old bool
}

// Server is one node.
type Server struct {
	streams.UnimplementedStreamsServer
	cfg  Config
	db   *DB
	addr string

	port   net.Listener // the node's for as long as the test runs, so that nobody else can have it while the node is stopped
	mu     sync.Mutex   // guards what follows
	grpc   *grpc.Server
	gate   *gate // nil while the node is stopped
	conns  map[net.Conn]struct{}
	served chan struct{} // closed when the node no longer serves

	shut     chan struct{} // closed when the port is
	referred atomic.Int64  // callers that were sent to the leader

	faults
}

// Start runs a node until the test ends.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Serve(cfg)
	if err != nil {
		t.Fatalf("start a node: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Serve runs a node until Close. It returns an error where no port can be had.
func Serve(cfg Config) (*Server, error) {
	if cfg.DB == nil {
		cfg.DB = NewDB()
	}
	if cfg.MaxAppendSize == 0 {
		cfg.MaxAppendSize = 1 << 20
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, db: cfg.DB, addr: port.Addr().String(), port: port, shut: make(chan struct{})}
	go s.receive()
	s.Resume()
	return s, nil
}

// Close ends the node for good.
func (s *Server) Close() {
	s.Stop()
	_ = s.port.Close() // it was open
	<-s.shut
}

// receive hands callers to the node while it serves, and turns them away while it is stopped. It ends with the port.
func (s *Server) receive() {
	defer close(s.shut)
	for {
		c, err := s.port.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		g := s.gate
		s.mu.Unlock()
		if g == nil || !g.let(c) {
			_ = c.Close() // nobody is there to be told
		}
	}
}

// gate is the port as one run of the node sees it.
type gate struct {
	server *Server
	in     chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// let lets a caller in, unless the gate was closed.
func (g *gate) let(c net.Conn) bool {
	select {
	case g.in <- c:
		return true
	case <-g.closed:
		return false
	}
}

// Accept is described at net.Listener. It remembers connections, so that they can be cut.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.in:
		g.server.mu.Lock()
		defer g.server.mu.Unlock()
		g.server.conns[c] = struct{}{}
		return c, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close is described at net.Listener. The port stays.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return nil
}

// Addr is described at net.Listener.
func (g *gate) Addr() net.Addr { return g.server.port.Addr() }

// URL is the connection string of the node, as a single one in the clear.
func (s *Server) URL() string { return "esdb://" + s.addr + "?tls=false" }

// Addr is the node's host and port.
func (s *Server) Addr() string { return s.addr }

// DB is what the node keeps.
func (s *Server) DB() *DB { return s.db }

// Resume makes a node that was stopped serve again, at the same address and with what it kept.
func (s *Server) Resume() {
	var options []grpc.ServerOption
	if s.cfg.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.cfg.TLS)))
	}
	g := grpc.NewServer(append(options, grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.streaming))...)
	streams.RegisterStreamsServer(g, s)
	gossip.RegisterGossipServer(g, gossiping{server: s})
	if !s.cfg.Old {
		serverfeatures.RegisterServerFeaturesServer(g, features{})
	}
	at, served := &gate{server: s, in: make(chan net.Conn), closed: make(chan struct{})}, make(chan struct{})
	s.mu.Lock()
	s.grpc, s.gate, s.conns, s.served = g, at, map[net.Conn]struct{}{}, served
	s.mu.Unlock()
	go func() { // ended and awaited by Stop
		defer close(served)
		_ = g.Serve(at) // it ends with Stop
	}()
}

// Stop ends the node as a crash would: connections break, what was committed stays.
func (s *Server) Stop() {
	s.mu.Lock()
	g, served := s.grpc, s.served
	s.gate = nil
	s.mu.Unlock()
	s.Release()
	g.Stop()
	<-served
}

// Cut breaks every connection of the node, which goes on serving.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close() // it breaks all the same
		delete(s.conns, c)
	}
}

// unary lets everybody ask what the node can do and who its peers are.
func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if strings.Contains(info.FullMethod, ".Streams/") {
		if err := s.admit(ctx); err != nil {
			return nil, err
		}
	}
	return handle(ctx, request)
}

func (s *Server) streaming(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if err := s.admit(stream.Context()); err != nil {
		return err
	}
	if s.cfg.Leader != nil && first(stream.Context(), "requires-leader") == "true" {
		return s.notLeader(stream)
	}
	return handle(server, stream)
}

// admit checks who calls.
func (s *Server) admit(ctx context.Context) error {
	if s.cfg.Authorization != "" && first(ctx, "authorization") != s.cfg.Authorization {
		return status.Error(codes.Unauthenticated, "Unauthenticated")
	}
	return nil
}

// Referred says how many calls were sent to the leader instead.
func (s *Server) Referred() int64 { return s.referred.Load() }

func (s *Server) notLeader(stream grpc.ServerStream) error {
	s.referred.Add(1)
	host, port, _ := strings.Cut(s.cfg.Leader.addr, ":")
	stream.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
	return status.Error(codes.NotFound, "Leader info available")
}

// first gives the first value of a header.
func first(ctx context.Context, header string) string {
	md, _ := metadata.FromIncomingContext(ctx)
	if values := md.Get(header); len(values) > 0 {
		return values[0]
	}
	return ""
}

// features answers what a server can do.
type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods is described in the protocol.
func (features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: "24.6.0",
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: "event_store.client.streams.streams", MethodName: "read"},
			{ServiceName: "event_store.client.streams.streams", MethodName: "append"},
			{ServiceName: "event_store.client.streams.streams", MethodName: "delete"},
			{ServiceName: "event_store.client.streams.streams", MethodName: "tombstone"},
		},
	}, nil
}
