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

	mu     sync.Mutex // guards what follows
	grpc   *grpc.Server
	conns  map[net.Conn]struct{}
	served chan struct{} // closed when the node no longer serves

	referred atomic.Int64 // callers that were sent to the leader

	faults
}

// Start runs a node until the test ends.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Serve(cfg)
	if err != nil {
		t.Fatalf("start a node: %v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Serve runs a node until Stop. It returns an error where no port can be had.
func Serve(cfg Config) (*Server, error) {
	if cfg.DB == nil {
		cfg.DB = NewDB()
	}
	if cfg.MaxAppendSize == 0 {
		cfg.MaxAppendSize = 1 << 20
	}
	s := &Server{cfg: cfg, db: cfg.DB, addr: "127.0.0.1:0"}
	if err := s.Resume(); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the connection string of the node, as a single one in the clear.
func (s *Server) URL() string { return "esdb://" + s.addr + "?tls=false" }

// Addr is the node's host and port.
func (s *Server) Addr() string { return s.addr }

// DB is what the node keeps.
func (s *Server) DB() *DB { return s.db }

// Resume makes a node that was stopped serve again, at the same address and with what it kept.
func (s *Server) Resume() error {
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
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
	served := make(chan struct{})
	s.mu.Lock()
	s.addr, s.grpc, s.conns, s.served = l.Addr().String(), g, map[net.Conn]struct{}{}, served
	s.mu.Unlock()
	go func() { // ended and awaited by Stop
		defer close(served)
		_ = g.Serve(tracked{l, s}) // it ends with Stop, or with the listener
	}()
	return nil
}

// Stop ends the node as a crash would: connections break, what was committed stays.
func (s *Server) Stop() {
	s.mu.Lock()
	g, served := s.grpc, s.served
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

// tracked remembers connections, so that they can be cut.
type tracked struct {
	net.Listener
	server *Server
}

// Accept is described at net.Listener.
func (t tracked) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err == nil {
		t.server.mu.Lock()
		t.server.conns[c] = struct{}{}
		t.server.mu.Unlock()
	}
	return c, err
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
