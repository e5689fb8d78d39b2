package clustertest

import (
	"context"
	"net"
	"sync"

	"github.com/cockroachdb/errors"
)

const pieceBytes = 64 << 10

// wire carries the connections of one route, and can be cut.
type wire struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup
	ctx      context.Context
	stop     context.CancelFunc

	mu     sync.Mutex
	broken bool                  // connections break and none is made
	held   chan struct{}         // while silent: closed when the wire is mended; nil otherwise
	conns  map[net.Conn]struct{} // both ends of each connection
}

func newWire(ctx context.Context, target string) (*wire, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Wrap(err, "listen for a route")
	}
	w := &wire{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.wg.Go(w.accept)
	return w, nil
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		if !w.keep(near) {
			continue
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil || !w.keep(far) {
			w.drop(near)
			continue
		}
		w.wg.Go(func() { w.carry(near, far) })
		w.wg.Go(func() { w.carry(far, near) })
	}
}

// keep takes a connection on, or closes it where the wire is broken.
func (w *wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken || w.ctx.Err() != nil {
		_ = c.Close()
		return false
	}
	w.conns[c] = struct{}{}
	return true
}

func (w *wire) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // it is over either way
		delete(w.conns, c)
	}
}

// carry copies what comes from one end to the other, in pieces, and holds each piece back while the wire is silent.
func (w *wire) carry(from, to net.Conn) {
	defer w.drop(from, to)
	piece := make([]byte, pieceBytes)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			w.hold()
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (w *wire) hold() {
	w.mu.Lock()
	held := w.held
	w.mu.Unlock()
	if held == nil {
		return
	}
	select {
	case <-held:
	case <-w.ctx.Done():
	}
}

func (w *wire) cut(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if silent {
		if w.held == nil {
			w.held = make(chan struct{})
		}
		return
	}
	w.broken = true
	for c := range w.conns {
		_ = c.Close()
	}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = false
	if w.held != nil {
		close(w.held)
		w.held = nil
	}
}

func (w *wire) close() {
	w.stop()
	_ = w.listener.Close()
	w.cut(false)
	w.wg.Wait()
}
