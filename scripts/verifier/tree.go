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

// heads gives the last checkpoint, and the newest that the witnesses cosigned who are demanded: the last, or the one that the ledger
// kept for them, which is older where they are slow. It is read first, so that it cannot be the newer one.
func (v verifier) heads(log verifierKey, witnesses []verifierKey, demanded int) (last, cosigned checkpoint) {
	open := func(name string) (c checkpoint, seen int) {
		note, is, err := v.files.read(name)
		switch {
		case err != nil:
			end(1, "%v", err)
		case is:
			return openCheckpoint(note, log, witnesses)
		}
		return c, 0
	}
	kept := 0
	if demanded > 0 {
		cosigned, kept = open("witnessed")
	}
	last, seen := open("checkpoint")
	switch {
	case last.origin == "":
		bad("there is no checkpoint")
	case cosigned.size > last.size:
		bad("it has %d events, and witnesses saw %d", last.size, cosigned.size)
	case max(seen, kept) < demanded:
		bad("%d of the witnesses cosigned the checkpoint, and %d are demanded", max(seen, kept), demanded)
	case demanded > 0 && seen >= demanded:
		cosigned = last
	}
	return last, cosigned
}

// check gives the hash of every event, computed from the bundles, and holds every tile against what is computed. Of a level it keeps
// 32 bytes a hash. The leaves of what was verified before are taken from the tiles, which prove themselves: their root must be the
// one of then.
func (v verifier) check(before checkpoint) [][32]byte {
	leaves := v.known(before)
	leaves = append(leaves, v.leaves(uint64(len(leaves)))...)
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
	return leaves
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
	paths := []string{path}
	if n < width {
		path += fmt.Sprintf(".p/%d", n)
		paths = append([]string{path}, v.files.wider(paths[0], n)...)
	}
	for _, from := range paths {
		content, is, err := v.files.read(from)
		if err != nil {
			end(1, "position %d: %v", position, err)
		}
		if is && from != path {
			content = first(level, content, n)
		}
		if is {
			return content
		}
	}
	bad("position %d: %s is missing", position, path)
	return nil
}

// first gives the first hashes or entries of a tile or bundle that holds more. What is cut off is given whole, for the caller to say.
func first(level string, content []byte, n int) []byte {
	if level != "entries" {
		return content[:min(len(content), 32*n)]
	}
	at := 0
	for range n {
		if len(content) < at+2 || len(content) < at+2+int(binary.BigEndian.Uint16(content[at:])) {
			return content
		}
		at += 2 + int(binary.BigEndian.Uint16(content[at:]))
	}
	return content[:at]
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
