package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/bench/load"
)

// Asking is where callers ask whether what they would record may be done.
func (p *Process) Asking() load.Target {
	to := p.Target()
	to.Subject = func(s load.Service) string {
		return wire.Subject{Kind: wire.Ask, Controller: s.Controller, Service: s.Name}.String()
	}
	to.Check = permitted
	return to
}

// Verified is one verification, and hashing the same events without anything else.
type Verified struct {
	Events     uint64
	Took, Bare time.Duration
}

// Verify stops the ledger, verifies all of it by command, hashes the events of the second copy, and serves again.
func (p *Process) Verify(ctx context.Context) (v Verified, err error) {
	if v.Events, err = p.End(ctx); err != nil {
		return v, err
	}
	if err := p.Stop(); err != nil {
		return v, err
	}
	began := time.Now()
	if err := p.run(ctx, "verify", "--data", p.data); err != nil {
		return v, err
	}
	v.Took = time.Since(began)
	hashed := uint64(0)
	if hashed, v.Bare, err = hashAll(filepath.Join(p.data, "tiles", "tile", "entries")); err != nil {
		return v, err
	}
	if hashed != v.Events {
		return v, errors.Newf("%d events were hashed of %d", hashed, v.Events)
	}
	return v, p.serve(ctx)
}

// hashAll hashes each entry of the bundles under a folder, of which those that are not full come only where no full one does, and times
// the hashing alone.
func hashAll(dir string) (events uint64, took time.Duration, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if whole, _, partial := strings.Cut(path, ".p"+string(filepath.Separator)); partial {
			if _, err := os.Stat(whole); err == nil || !widest(path) {
				return nil
			}
		}
		bundle, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		began := time.Now()
		for len(bundle) >= 2 {
			n := int(binary.BigEndian.Uint16(bundle))
			sum := sha256.Sum256(bundle[1 : 2+n]) // as long as a leaf with the byte before it
			sink ^= sum[0]
			bundle = bundle[2+n:]
			events++
		}
		took += time.Since(began)
		return nil
	})
	return events, took, errors.Wrap(err, "hash the second copy")
}

// sink keeps the hashing from being left out.
var sink byte

// widest says whether a partial bundle is the one with the most entries beside it.
func widest(path string) bool {
	others, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return false
	}
	most := 0
	width := func(name string) (n int) {
		for _, digit := range name {
			n = 10*n + int(digit-'0')
		}
		return n
	}
	for _, o := range others {
		most = max(most, width(o.Name()))
	}
	return width(filepath.Base(path)) == most
}

// Footprint is what a ledger takes.
type Footprint struct{ DiskPerEvent, PeakMiB, StartSeconds float64 }

// Footprint measures what the running ledger takes.
func (p *Process) Footprint() (f Footprint, err error) {
	events, err := p.End(context.Background())
	if err != nil {
		return f, err
	}
	size := int64(0)
	err = filepath.WalkDir(p.data, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			size += info.Size()
		}
		return err
	})
	_, peak := p.child.Memory()
	return Footprint{float64(size) / float64(events), float64(peak >> 20), p.started.Seconds()}, errors.Wrap(err, "measure the data directory")
}
