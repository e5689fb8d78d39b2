package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// checkProof holds the stored bytes of an event against a file of C2SP tlog-proof.
func checkProof(proofFile, eventFile string, log verifierKey, witnesses []verifierKey, demanded int) {
	proof, err1 := os.ReadFile(proofFile)
	event, err2 := os.ReadFile(eventFile)
	if err1 != nil || err2 != nil {
		end(1, "the proof or the event cannot be read: %v %v", err1, err2)
	}
	top, note, cut := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	if cut && len(lines) > 1 && strings.HasPrefix(lines[1], "extra ") {
		lines = append(lines[:1], lines[2:]...)
	}
	if !cut || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		bad("the file is not a proof")
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[1], "index "), 10, 63)
	if err != nil {
		bad("the proof names no position")
	}
	var path [][32]byte
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != 32 {
			bad("the proof has a line that is not a hash")
		}
		path = append(path, [32]byte(hash))
	}
	c := demand(note, log, witnesses, demanded)
	if !included(leaf(event), index, c.size, path, c.root) {
		bad("position %d: the proof is not one of this event", index)
	}
	fmt.Printf("%s: the event stands at position %d of %d; root %x\n", c.origin, index, c.size, c.root)
}

// included follows the path from a leaf to the root (RFC 9162, section 2.1.3.2).
func included(hash [32]byte, index, size uint64, path [][32]byte, root [32]byte) bool {
	if index >= size {
		return false
	}
	last := size - 1
	for _, other := range path {
		if last == 0 {
			return false
		}
		if index&1 == 1 || index == last {
			hash = node(other, hash)
			for index&1 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		} else {
			hash = node(hash, other)
		}
		index, last = index>>1, last>>1
	}
	return last == 0 && hash == root
}

func leaf(event []byte) [32]byte { return sha256.Sum256(append([]byte{0}, event...)) }

func node(left, right [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}
