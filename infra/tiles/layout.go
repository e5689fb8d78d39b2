package tiles

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// The names of files, relative to the directory of the tiles. A level of -1 stands for the bundles of entries.
const (
	checkpointFile = "checkpoint"
	entries        = -1
	width          = merkle.TileWidth
)

// place says which file of the tree is meant: the tile at an index of a level, with as many hashes or entries as width says.
type place struct {
	level int
	index uint64
	width int
}

// path gives the path of a tile as C2SP tlog-tiles spells it: tile/<level>/<index>[.p/<width>].
func (p place) path() string {
	path := p.whole()
	if p.width < width {
		path += ".p/" + strconv.Itoa(p.width)
	}
	return path
}

// whole gives the path of the tile once it is full.
func (p place) whole() string {
	number := strconv.FormatUint(p.index%1000, 10)
	path := strings.Repeat("0", 3-len(number)) + number
	for rest := p.index / 1000; rest > 0; rest /= 1000 {
		number = strconv.FormatUint(rest%1000, 10)
		path = "x" + strings.Repeat("0", 3-len(number)) + number + "/" + path
	}
	if p.level == entries {
		return "tile/entries/" + path
	}
	return "tile/" + strconv.Itoa(p.level) + "/" + path
}

// each gives how many events stand beneath one hash or entry of the tile.
func (p place) each() uint64 {
	if p.level <= 0 {
		return 1
	}
	return 1 << (8 * p.level)
}

// position gives the first event beneath the i-th hash or entry.
func (p place) position(i int) domain.Position {
	return domain.Position((p.index*width + uint64(i)) * p.each())
}

var pathPattern = regexp.MustCompile(`^tile/(entries|[0-7])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?$`)

// parse reads a path. It returns domain.ErrNotFound for one that no file of a log can have.
func parse(path string) (place, error) {
	part := pathPattern.FindStringSubmatch(path)
	if part == nil {
		return place{}, errors.WithStack(errNoTile)
	}
	p := place{level: entries, width: width}
	if part[1] != "entries" {
		p.level = int(part[1][0] - '0')
	}
	for number := range strings.SplitSeq(part[2], "/") {
		n, err := strconv.ParseUint(strings.TrimPrefix(number, "x"), 10, 64)
		if err != nil {
			return place{}, errors.WithStack(errNoTile)
		}
		p.index = p.index*1000 + n
	}
	if part[3] != "" {
		n, err := strconv.Atoi(part[3])
		if err != nil || n >= width {
			return place{}, errors.WithStack(errNoTile)
		}
		p.width = n
	}
	if p.index >= 1<<63>>(8*(max(p.level, 0)+1)) { // more events than there can be
		return place{}, errors.WithStack(errNoTile)
	}
	if p.path() != path { // a number with more zeros than it needs
		return place{}, errors.WithStack(errNoTile)
	}
	return p, nil
}

// cut gives the first hashes or entries of a tile's content, nil where there are fewer.
func (p place) cut(content []byte) []byte {
	if p.level != entries {
		if len(content) < p.width*hashSize {
			return nil
		}
		return content[:p.width*hashSize]
	}
	at := 0
	for range p.width {
		n := entryLength(content[at:])
		if n < 0 {
			return nil
		}
		at += n
	}
	return content[:at]
}

const hashSize = len(merkle.Hash{})

// entryLength gives the length of the first entry of a bundle with its prefix of two bytes, -1 where it is not whole.
func entryLength(bundle []byte) int {
	if len(bundle) < 2 {
		return -1
	}
	n := 2 + int(bundle[0])<<8 + int(bundle[1])
	if n > len(bundle) {
		return -1
	}
	return n
}

func hashAt(tile []byte, i int) (h merkle.Hash) {
	copy(h[:], tile[i*hashSize:])
	return h
}
