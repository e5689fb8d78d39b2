package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
)

const width = 256 // hashes in a full tile, entries in a full bundle

// verifier computes the tree of a log.
type verifier struct {
	files source
	size  uint64
}

// head gives the newest checkpoint that the witnesses cosigned who are demanded: the last, or the last that the ledger kept for them.
func (v verifier) head(log verifierKey, witnesses []verifierKey, demanded int) checkpoint {
	names := []string{"checkpoint"}
	if demanded > 0 {
		names = []string{"witnessed", "checkpoint"}
	}
	for _, name := range names {
		note, is, err := v.files.read(name)
		if err != nil {
			end(1, "%v", err)
		}
		if is {
			return openCheckpoint(note, log, witnesses, demanded)
		}
	}
	bad("there is no checkpoint")
	return checkpoint{}
}

// root computes the root from the bundles, and holds every tile against what is computed. Of a level it keeps 32 bytes a hash. The
// leaves of what was verified before are taken from the tiles, which prove themselves: their root must be the one of then.
func (v verifier) root(before checkpoint) [32]byte {
	leaves := v.known(before)
	leaves = append(leaves, v.leaves(uint64(len(leaves)))...)
	if before.size > 0 && tree(leaves[:before.size]) != before.root {
		bad("the first %d events are not those of the checkpoint that you kept", before.size)
	}
	level := leaves
	for l, each := 0, 1; len(level) > 0; l, each = l+1, each*width {
		above := make([][32]byte, 0, len(level)/width)
		for at := 0; at < len(level); at += width {
			hashes := level[at:min(at+width, len(level))]
			v.compare(l, at, each, hashes)
			if len(hashes) == width {
				above = append(above, tree(hashes))
			}
		}
		level = above
	}
	return tree(leaves)
}

// known gives the leaves of the full tiles beneath a checkpoint, as the tiles tell them.
func (v verifier) known(before checkpoint) [][32]byte {
	var leaves [][32]byte
	for at := uint64(0); at+width <= before.size; at += width {
		tile := v.read("0", at/width, width, at)
		if len(tile) != 32*width {
			bad("position %d: the tile of level 0 is cut off", at)
		}
		for i := range width {
			leaves = append(leaves, [32]byte(tile[32*i:]))
		}
	}
	return leaves
}

// leaves gives the hash of every event from a position on.
func (v verifier) leaves(from uint64) [][32]byte {
	var leaves [][32]byte
	for at := from; at < v.size; {
		n := min(width, v.size-at)
		bundle := v.read("entries", at/width, int(n), at)
		for i := range n {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				bad("position %d: the bundle of entries is cut off", at+i)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			leaves = append(leaves, leaf(bundle[2:length]))
			bundle = bundle[length:]
		}
		if at += n; len(bundle) > 0 {
			bad("position %d: the bundle of entries is longer than it may be", at-1)
		}
	}
	return leaves
}

// compare holds a tile against the hashes that it must have; each of them is that of so many events.
func (v verifier) compare(level, at, each int, hashes [][32]byte) {
	tile := v.read(strconv.Itoa(level), uint64(at/width), len(hashes), uint64(at*each))
	for i, hash := range hashes {
		if len(tile) < 32*(i+1) || [32]byte(tile[32*i:]) != hash {
			bad("position %d: the entry and the tile of level %d differ", (at+i)*each, level)
		}
	}
	if len(tile) != 32*len(hashes) {
		bad("position %d: the tile of level %d is longer than it may be", (at+len(hashes)-1)*each, level)
	}
}

// read reads a tile or bundle: tile/<level>/<index>[.p/<width>], the index in groups of three digits, all but the last after an x.
func (v verifier) read(level string, index uint64, n int, position uint64) []byte {
	path := fmt.Sprintf("%03d", index%1000)
	for rest := index / 1000; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	path = "tile/" + level + "/" + path
	if n < width {
		path += fmt.Sprintf(".p/%d", n)
	}
	content, is, err := v.files.read(path)
	if err != nil {
		end(1, "position %d: %v", position, err)
	}
	if !is {
		bad("position %d: %s is missing", position, path)
	}
	return content
}

// tree gives the root above hashes: the left part has the largest power of two that is less than all (RFC 6962, section 2.1).
func tree(hashes [][32]byte) [32]byte {
	if len(hashes) == 0 {
		return sha256.Sum256(nil)
	}
	if len(hashes) == 1 {
		return hashes[0]
	}
	left := 1
	for left*2 < len(hashes) {
		left *= 2
	}
	return node(tree(hashes[:left]), tree(hashes[left:]))
}
