package rawframes

import (
	"context"
	"io"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// MaxPayload is the server's largest message and so the largest frame, as the ledger's own server has it.
	MaxPayload = 8 << 20
	// Subjects is what the responder answers: the ledger's own record subjects.
	Subjects = "daybook.v1.record.*.*"
	// PlainSubject takes an ordinary JetStream publish of one event, for the latency row.
	PlainSubject = "plain.event"

	framesStream, frameSubject = "FRAMES", "frames.ledger"
	plainStream                = "PLAIN"
)

// Serve runs the server and the responder in this process, storing under dir and listening on addr:port of the loopback, until
// stdin ends or ctx does. It writes one line to out when it is ready.
func Serve(ctx context.Context, dir string, port int, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := server.NewServer(&server.Options{ServerName: "rawframes", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, MaxPayload: MaxPayload, MaxPending: 64 << 20})
	if err != nil {
		return errors.Wrap(err, "raw frames server")
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("the raw frames server did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return errors.Wrap(err, "raw frames connection")
	}
	defer conn.Close()
	r, err := newResponder(ctx, conn)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- r.run(ctx) }()
	if _, err := io.WriteString(out, "ready\n"); err != nil {
		return err
	}
	// The parent holds the other end open for as long as it lives.
	ended := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, in); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	case err := <-done:
		return err
	}
	cancel()
	return <-done
}

func streamConfig(name, subject string) jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: name, Subjects: []string{subject}, Storage: jetstream.FileStorage, Replicas: 1,
		Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true, MaxMsgSize: -1}
}
