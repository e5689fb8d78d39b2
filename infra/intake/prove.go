package intake

import (
	"context"
	"sync"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	// provingMessages bounds the messages whose receipts wait for a checkpoint. Receipts beyond it come without their proofs.
	provingMessages = 1_024
	proofWait       = 5 * time.Second
)

// waiting is the messages whose receipts wait for a checkpoint, beside all others.
type waiting struct {
	mu     sync.Mutex // guards n and closed
	n      int
	closed bool
	all    sync.WaitGroup
}

// add does something beside the caller, and says false where it does not: too much waits, or nothing may wait any more.
func (w *waiting) add(do func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.n == provingMessages {
		return false
	}
	w.n++
	w.all.Go(func() {
		defer func() { w.mu.Lock(); w.n--; w.mu.Unlock() }()
		do()
	})
	return true
}

// close waits for everything that was added, and lets nothing be added any more.
func (w *waiting) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.all.Wait()
}

// answerLater sends receipts once there are proofs for them, or after a while without. It holds up nobody.
func (s *Service) answerLater(m message, rep *reported, wanted wire.ProofWanted) {
	if wanted == wire.NoProof || !s.waiting.add(func() {
		ctx, cancel := context.WithTimeout(context.Background(), proofWait)
		defer cancel()
		s.answerProved(m, rep, func(r commands.Receipt) []byte { return report.Prove(ctx, s.cfg.Prover, r, wanted) })
	}) {
		s.answer(m, rep)
	}
}
