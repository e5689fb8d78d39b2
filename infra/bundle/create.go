// Package bundle makes evidence bundles and checks them: one file with the entries of one controller, one person, one case or a
// period, the proof that they stand in the history that was signed, the trail and the record of Article 30(2) that follow from them,
// and a page for people (Art. 5(2), 28(3)(h), 30(4)). FORMAT.txt, which lies in every bundle, says all that others need to check one.
//
// It deliberately proves inclusion only: whether something was left out of a scope, only the whole history can tell.
package bundle

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/bundle/derive"
	"github.com/jigowatt/daybook/infra/tiles"
)

//go:embed FORMAT.txt
var formatText []byte

// Log is the event log as it is read. It is described at projections.Log.
type Log interface {
	Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error]
}

// Sources are what a bundle is made of. Progress and Policy may be nil; the rest is required.
type Sources struct {
	Log   Log
	Files tiles.Files
	// Signed is the checkpoint, with the cosignatures that there are; entries after it are not in the bundle.
	Signed  []byte
	Key     string // the verifier key of the ledger
	Policy  []byte
	Program string // the version
	Now     time.Time
	Dir     string // where the entries may lie meanwhile
	// Progress hears now and then how far the log was read.
	Progress func(done, of domain.Position)
}

// Create writes a bundle and gives its manifest. It reads the log once, and keeps no more in memory than positions
// and 4,096 tiles. It returns
// domain.ErrInvalid for a scope of more than MaxEntries, domain.ErrNotFound where nothing is in it, domain.ErrUnavailable where
// there is no room, and a *tiles.Damage where the history is not the one that was signed.
func Create(ctx context.Context, from Sources, scope Scope, w io.Writer) (m Manifest, err error) {
	head, err := tiles.OpenCheckpoint(from.Signed, from.Key)
	if err != nil {
		return m, err
	}
	entries, err := newAside(from.Dir)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.CombineErrors(err, entries.close()) }()
	told, err := newAside(from.Dir)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.CombineErrors(err, told.close()) }()
	g := &gathering{scope: scope, now: from.Now, spool: &spool{aside: entries}}
	if err := g.gather(ctx, from.Log, head.Size, func(done domain.Position) {
		if from.Progress != nil {
			from.Progress(done, head.Size)
		}
	}); err != nil {
		return m, err
	}
	if err := g.settle(); err != nil {
		return m, err
	}
	p := packing{gathering: g, from: from, head: head, told: told, zip: zip.NewWriter(w)}
	p.m = Manifest{
		Format: format, Created: from.Now.UTC().Truncate(time.Second), Program: from.Program, Derivation: derive.Version, Summary: summaryVersion,
		Scope: g.scope, Checkpoint: signedHead{head.Origin, head.Size, hex.EncodeToString(head.Root[:])},
	}
	if err := p.pack(ctx); err != nil {
		return m, err
	}
	return p.m, errors.Wrap(p.zip.Close(), "end a bundle")
}

// packing writes the files of a bundle.
type packing struct {
	*gathering
	from      Sources
	head      tiles.Checkpoint
	told      aside // the trail, which follows from the entries as they are written
	zip       *zip.Writer
	m         Manifest
	positions []uint64
	page      page
}

func (p *packing) pack(ctx context.Context) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{eventsFile, p.events},
		{aroundFile, func(w io.Writer) error { return p.around(ctx, w) }},
		{trailFile, p.trail},
		{recordFile, func(w io.Writer) error { return written(w, p.page.record.JSON()) }},
		{checkpointFile, func(w io.Writer) error { return written(w, p.from.Signed) }},
		{keyFile, func(w io.Writer) error { return written(w, []byte(p.from.Key+"\n")) }},
		{policyFile, func(w io.Writer) error { return written(w, p.from.Policy) }},
		{formatFile, func(w io.Writer) error { return written(w, formatText) }},
		{summaryFile, func(w io.Writer) error { return p.page.write(w, p.m) }},
	} {
		if file.name == policyFile && p.from.Policy == nil {
			continue
		}
		if err := p.file(file.name, file.write); err != nil {
			return err
		}
	}
	manifest, err := p.m.encode()
	if err != nil {
		return err
	}
	w, err := p.zip.CreateHeader(header(manifestFile))
	if err != nil {
		return errors.Wrap(err, "begin a file of a bundle")
	}
	return written(w, manifest)
}

// header gives a file's entry in the zip: nothing in it depends on when and where it was made.
func header(name string) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: zip.Deflate, ModifiedDate: 1<<5 | 1} // 1 January 1980, the first day that there is
}

func written(w io.Writer, content []byte) error {
	_, err := w.Write(content)
	return err
}

// file writes a file and notes its digest.
func (p *packing) file(name string, write func(io.Writer) error) error {
	w, err := p.zip.CreateHeader(header(name))
	if err != nil {
		return errors.Wrap(err, "begin a file of a bundle")
	}
	counted := &counter{to: w}
	sum := sha256.New()
	if err := write(io.MultiWriter(counted, sum)); err != nil {
		return err
	}
	p.m.Files = append(p.m.Files, fileSum{name, counted.n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// counter counts what goes through it.
type counter struct {
	to io.Writer
	n  uint64
}

// Write hands on.
func (c *counter) Write(b []byte) (int, error) {
	c.n += uint64(len(b))
	return c.to.Write(b)
}

// events writes the entries that are in the bundle, notes where they stand, and gathers what follows from them.
func (p *packing) events(w io.Writer) error {
	var line, told []byte
	secret := 0
	err := p.spool.each(func(at domain.Position, stored []byte) error {
		e, err := derive.Read(uint64(at), stored)
		if err != nil || !p.in(e, stored) {
			return err
		}
		if p.untold(e, stored) {
			secret++
		}
		p.positions = append(p.positions, uint64(at))
		line = append(strconv.AppendUint(line[:0], uint64(at), 10), '\t')
		line = append(append(line, stored...), '\n')
		p.page.add(e)
		if e.OfPeople() {
			told = derive.AppendTrail(told[:0], e)
			if _, err := p.told.out.Write(told); err != nil {
				return noRoom(err)
			}
		}
		return written(w, line)
	})
	if err == nil && len(p.positions) == 0 {
		err = errors.WithHint(errors.Wrap(domain.ErrNotFound, "entries for a bundle"), "Nothing was recorded in this scope before the last checkpoint.")
	}
	p.m.Entries = len(p.positions)
	if p.scope.Regulator {
		p.m.Secret = &secret
	}
	return err
}

// around writes the hashes that prove the entries.
func (p *packing) around(ctx context.Context, w io.Writer) error {
	subtrees, ok := merkle.Around(uint64(p.head.Size), p.positions)
	if !ok {
		return errors.AssertionFailedf("the entries of a bundle are not in order")
	}
	return tiles.Subtrees(ctx, p.from.Files, p.head, subtrees, func(h merkle.Hash) error { return written(w, h[:]) })
}

// trail writes the trail.
func (p *packing) trail(w io.Writer) error {
	in, err := p.told.again()
	if err == nil {
		_, err = io.Copy(w, in)
	}
	return err
}
