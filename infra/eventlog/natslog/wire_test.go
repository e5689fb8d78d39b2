package natslog_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// wire dials connections that break at the worst moment, once, when told to.
type wire struct {
	mu     sync.Mutex
	frame  bool   // break instead of sending the next frame
	answer bool   // break instead of receiving the next acknowledgement
	after  func() // runs when it broke
}

// loseFrame breaks the connection before the server sees the next frame.
func (w *wire) loseFrame(*testing.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frame, w.after = true, nil
}

// loseAnswer breaks the connection after the server stored the next frame, before its writer learns of it.
func (w *wire) loseAnswer(*testing.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer, w.after = true, nil
}

// then runs f once the connection broke, before the writer notices.
func (w *wire) then(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = f
}

// breaks says whether the connection breaks now, and disarms it.
func (w *wire) breaks(armed *bool, data []byte, sign string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !*armed || !bytes.Contains(data, []byte(sign)) {
		return false
	}
	*armed = false
	if w.after != nil {
		w.after()
	}
	return true
}

// Dial is what nats.go connects with.
func (w *wire) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	return &wireConn{Conn: c, wire: w}, nil
}

type wireConn struct {
	net.Conn
	wire *wire
}

func (c *wireConn) Write(p []byte) (int, error) {
	if c.wire.breaks(&c.wire.frame, p, "HPUB daybook.log ") {
		c.Close()
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(p)
}

func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.wire.breaks(&c.wire.answer, p[:n], `{"stream":"DAYBOOK"`) {
		c.Close()
		return 0, io.EOF
	}
	return n, err
}
