package natslog

import (
	"context"
	"iter"
	"os"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
)

// Disk is the log as it stands in the files of an embedded server that is stopped. Nothing is changed by reading it, other than by
// the server, which cuts damaged files off.
type Disk struct {
	dir   string
	files []blocks.File
}

// OpenDisk finds the files of a ledger's log beneath the server's store directory. It returns domain.ErrNotFound where there are
// none, domain.ErrInvalid for a configuration that cannot be, and domain.ErrUnavailable where they cannot be listed.
func OpenDisk(store string, cfg Config) (*Disk, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	d := &Disk{dir: blocks.Dir(store, cfg.stream())}
	var err error
	d.files, err = blocks.Files(d.dir)
	return d, err
}

// Dir is the directory of the stream, beside which the server keeps its others.
func (d *Disk) Dir() string { return d.dir }

// Known says whether the server will find the stream again by its settings.
func (d *Disk) Known() bool { return blocks.CheckSettings(d.dir) }

// Piece is something that was found in the files: a frame, or what is left of one.
type Piece struct {
	At     domain.Position
	Events [][]byte // none where the piece cannot be read as a frame
	// Sound says that the frame is whole by the server's checksum and by what it says of itself.
	Sound bool
	// Last says that nothing stands behind it: such a piece may be what a crash left of a frame that nobody was told of.
	Last bool

	seq uint64
}

// End is the position after the piece.
func (p Piece) End() domain.Position { return p.At + domain.Position(len(p.Events)) }

// Pieces yields all that stands in the files, in order, beginning with the file that holds a position: bad pieces too. The events
// are lent until the next piece is asked for. It ends with domain.ErrUnavailable where a file cannot be read.
func (d *Disk) Pieces(ctx context.Context, from domain.Position) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		var held *Piece // until it is known whether it is the last
		for _, file := range d.files[d.fileOf(from):] {
			for r, err := range file.Records() {
				if err == nil {
					err = ctx.Err()
				}
				if r.Removed {
					continue
				}
				if held != nil && !yield(*held, nil) {
					return
				}
				if err != nil {
					yield(Piece{}, err)
					return
				}
				p := piece(r)
				held = &p
			}
		}
		if held != nil {
			held.Last = true
			yield(*held, nil)
		}
	}
}

func piece(r blocks.Record) Piece {
	p := Piece{seq: r.Seq}
	header, err := nats.DecodeHeadersMsg(r.Header)
	if err != nil {
		return p
	}
	h, err := parseHead(header, r.Seq)
	if err != nil {
		return p
	}
	f, err := parseFrame(h, r.Data)
	if err != nil {
		return p
	}
	return Piece{At: h.at, Events: f.events, Sound: r.Sound, seq: r.Seq}
}

// fileOf gives the last file that begins at or before a position, by the first record of each.
func (d *Disk) fileOf(at domain.Position) int {
	for i := len(d.files) - 1; i > 0; i-- {
		if first, ok := beginning(d.files[i].Path); ok && first <= at {
			return i
		}
	}
	return 0
}

// beginning gives the position that the first frame of a file says, without reading on.
func beginning(path string) (domain.Position, bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }() // nothing was written
	head := make([]byte, 1024)
	n, _ := f.Read(head) // what is too short has no header
	header, ok := blocks.FirstHeader(head[:n])
	if !ok {
		return 0, false
	}
	msg, err := nats.DecodeHeadersMsg(header)
	if err != nil {
		return 0, false
	}
	h, err := parseHead(msg, 1)
	return h.at, err == nil
}

// Read is described at commands.Log, but for one thing: nothing is ever added. What a crash left of the last frame is not part of
// the log. It returns an assertion failure that names the position where a frame is missing or damaged.
func (d *Disk) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		end, begun := domain.Position(0), false
		var held *domain.Batch
		for p, err := range d.Pieces(ctx, from) {
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				yield(domain.Batch{}, err)
				return
			case p.Last && !p.Sound:
				continue
			case !begun && p.At > from, begun && p.At != end, !p.Sound:
				if held != nil && !yield(*held, nil) {
					return
				}
				if !begun {
					end = from
				}
				yield(domain.Batch{}, errors.AssertionFailedf("the log has a gap or is damaged at %s", end))
				return
			}
			end, begun = p.End(), true
			if end <= from {
				continue
			}
			if held != nil && !yield(*held, nil) {
				return
			}
			skip := max(from, p.At) - p.At
			held = &domain.Batch{At: p.At + skip, Events: p.Events[skip:]}
		}
		if from > end {
			yield(domain.Batch{}, errors.Wrapf(domain.ErrInvalid, "read from %s, beyond the end of the files at %s", from, end))
			return
		}
		if held == nil {
			held = &domain.Batch{At: end}
		}
		held.CaughtUp = true
		if yield(*held, nil) {
			<-ctx.Done()
		}
	}
}

// StreamDir gives the directory in which an embedded server with a store directory keeps the ledger's log.
func StreamDir(store string, cfg Config) string { return blocks.Dir(store, cfg.stream()) }
