package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/telemetry"
)

// locked is a buffer that several goroutines write to.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is a whole ledger in a temporary directory.
type running struct {
	data string
	app  *app.App
	at   app.Addresses
	log  *locked
	stop func() error
}

func start(t *testing.T, data string) *running {
	t.Helper()
	return startWith(t, app.Config{Data: data})
}

// startWith starts a ledger on ports that the system chooses.
func startWith(t *testing.T, cfg app.Config) *running {
	t.Helper()
	r := &running{data: cfg.Data, log: &locked{}}
	cfg.HTTP, cfg.NATS, cfg.Logger = "127.0.0.1:0", "127.0.0.1:0", telemetry.NewLogger(r.log, true, slog.LevelDebug)
	a, err := app.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	r.app = a
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func(at app.Addresses) { ready <- at }) }()
	select {
	case r.at = <-ready:
	case err := <-ended:
		t.Fatalf("%+v", err)
	}
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %+v", err)
		}
	})
	return r
}
