package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/scripts/book"
)

const imageSize = 1536 << 20

// powerLoss takes the power from a recording ledger, again and again: its disk is an image, which is copied while the process is
// stopped, so that only what was brought to disk is in the copy.
func (f *faults) powerLoss(ctx context.Context, dir string) error {
	if f.power == 0 || f.only != "" {
		return nil
	}
	if os.Geteuid() != 0 {
		fmt.Println("power loss: not tried, since mounting an image takes root")
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	binary, err := book.Build(ctx, dir)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(f.seed, 2))
	var sum book.Counts
	for n := range f.power {
		c, err := f.loss(ctx, dir, binary, uint64(n), time.Duration(500+random.IntN(2500))*time.Millisecond)
		if err != nil {
			return errors.Wrapf(err, "power loss %d", n)
		}
		if c == nil {
			return nil
		}
		sum.Acknowledged, sum.Lost, sum.Doubled, sum.Gaps = sum.Acknowledged+c.Acknowledged, sum.Lost+c.Lost, sum.Doubled+c.Doubled, sum.Gaps+c.Gaps
	}
	fmt.Printf("power loss: %d trials, %d acknowledged, %d lost, %d doubled, %d gaps\n", f.power, sum.Acknowledged, sum.Lost, sum.Doubled, sum.Gaps)
	if !sum.Sound() {
		return errors.New("a loss of power lost something")
	}
	return nil
}

// loss is one loss of power. It gives nothing where images cannot be mounted.
func (f *faults) loss(ctx context.Context, dir, binary string, n uint64, after time.Duration) (c *book.Counts, err error) {
	image, disk := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(image, imageSize); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		fmt.Printf("power loss: not tried, since mkfs.ext4 fails: %s\n", out)
		return nil, nil
	}
	if out, err := mount(ctx, image, disk); err != nil {
		fmt.Printf("power loss: not tried, since an image cannot be mounted: %s\n", out)
		return nil, nil
	}
	b := book.New(f.seed + n)
	err = f.crash(ctx, b, binary, disk, image, after)
	if err = errors.CombineErrors(err, unmount(disk)); err != nil {
		return nil, err
	}
	if out, err := mount(ctx, image+".copy", disk); err != nil {
		return nil, errors.Wrapf(err, "mount what was on disk: %s", out)
	}
	defer func() { err = errors.CombineErrors(err, unmount(disk)) }()
	p, err := serve(ctx, binary, filepath.Join(disk, "data"))
	if err != nil {
		return nil, errors.Wrap(err, "start after the loss of power")
	}
	counts, err := b.Check(ctx, p.HTTP)
	return &counts, errors.CombineErrors(err, p.Kill())
}

// crash records for a while, stops the process as it is, copies the image, and only then counts what was acknowledged.
func (f *faults) crash(ctx context.Context, b *book.Book, binary, disk, image string, after time.Duration) error {
	p, err := serve(ctx, binary, filepath.Join(disk, "data"))
	if err != nil {
		return err
	}
	recording, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- b.Record(recording, p.NATS, 32, nats.NoReconnect()) }()
	<-recording.Done()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	err = copyFile(image, image+".copy")
	err = errors.CombineErrors(err, p.Kill())
	return errors.CombineErrors(err, <-done)
}

func serve(ctx context.Context, binary, data string) (*book.Process, error) {
	address, err := book.FreeAddress()
	if err != nil {
		return nil, err
	}
	p, err := book.Start(ctx, binary, "--data", data, "--nats", address)
	if p != nil {
		p.NATS = "nats://" + address
	}
	return p, err
}

func mount(ctx context.Context, image, dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "mount", "-o", "loop", image, dir).CombinedOutput()
}

func unmount(dir string) error {
	out, err := exec.Command("umount", dir).CombinedOutput()
	return errors.Wrapf(err, "unmount: %s", out)
}

// copyFile copies a file as it is read through the file system that holds it, holes and all.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for at := int64(0); ; at += int64(len(block)) {
		n, err := io.ReadFull(in, block)
		if n > 0 && !zero(block[:n]) {
			if _, err := out.WriteAt(block[:n], at); err != nil {
				return errors.CombineErrors(err, out.Close())
			}
		}
		if err != nil {
			break
		}
	}
	return errors.CombineErrors(out.Truncate(imageSize), out.Close())
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
