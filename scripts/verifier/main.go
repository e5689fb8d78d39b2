// Command verifier checks a ledger's history without any code of the ledger: it reads a directory of C2SP tlog-tiles, computes every
// leaf and tile anew from the bundles of entries, and checks the root against the checkpoint and its Ed25519 signature.
//
// It is for people who trust nobody: it uses the standard library only, and is short enough to be read before it is run. It
// deliberately does not look at the ledger's own log, or at what the events say.
//
//	go run . -key 'daybook/ledger+1234abcd+AQ…' DIRECTORY
//
// Exit codes: 0 the history is whole, 1 it could not be checked, 3 it is not the one that was signed.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const width = 256 // hashes in a full tile, entries in a full bundle

// end prints why the program ends.
func end(code int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(code)
}

func bad(format string, values ...any) { end(3, "NOT the history that was signed: "+format, values...) }

func main() {
	key := flag.String("key", "", "the verifier key of the ledger, which you have from somewhere you trust")
	flag.Parse()
	if flag.NArg() != 1 || *key == "" {
		end(1, "usage: verifier -key KEY DIRECTORY")
	}
	origin, size, root := checkpoint(flag.Arg(0), *key)
	v := verifier{dir: flag.Arg(0), size: size}
	if got := v.root(); got != root {
		bad("the root of the events is %x, and %x was signed (positions 0 to %d)", got, root, size-1)
	}
	fmt.Printf("%s: %d events, every one the one that was signed; root %x\n", origin, size, root)
}

// checkpoint reads the signed tree head and checks its signature.
func checkpoint(dir, key string) (origin string, size uint64, root [32]byte) {
	name, rest, _ := strings.Cut(key, "+")
	number, encoded, _ := strings.Cut(rest, "+")
	id, err1 := hex.DecodeString(number)
	public, err2 := base64.StdEncoding.DecodeString(encoded)
	if err1 != nil || err2 != nil || len(id) != 4 || len(public) != 1+ed25519.PublicKeySize || public[0] != 1 {
		end(1, "the key is not an Ed25519 verifier key: name+number+key")
	}
	if want := sha256.Sum256(append([]byte(name+"\n"), public...)); !bytes.Equal(id, want[:4]) {
		end(1, "the number in the key is not that of the key")
	}
	note, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		bad("there is no checkpoint: %v", err)
	}
	text, signatures, _ := strings.Cut(string(note), "\n\n")
	text += "\n"
	signed := false
	if !strings.HasSuffix(signatures, "\n") {
		bad("the checkpoint is cut off")
	}
	for _, line := range strings.Split(strings.TrimSuffix(signatures, "\n"), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" {
			bad("the checkpoint has a line that is not a signature")
		}
		signature, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err != nil || len(signature) < 4 {
			bad("the checkpoint has a signature that cannot be read")
		}
		if parts[1] == name && bytes.Equal(signature[:4], id) {
			if !ed25519.Verify(public[1:], []byte(text), signature[4:]) {
				bad("the signature of the checkpoint is false")
			}
			signed = true
		}
	}
	lines := strings.Split(text, "\n")
	if !signed || len(lines) < 4 || lines[0] != name {
		bad("the checkpoint is not signed with the key")
	}
	size, err1 = strconv.ParseUint(lines[1], 10, 63)
	hash, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err1 != nil || err2 != nil || len(hash) != len(root) {
		bad("the checkpoint does not give a size and a root")
	}
	return name, size, [32]byte(hash)
}

// verifier computes the tree of a directory.
type verifier struct {
	dir  string
	size uint64
}

// root computes the root from the bundles, and holds every tile against what is computed. Of a level it keeps 32 bytes a hash.
func (v verifier) root() [32]byte {
	leaves := v.leaves()
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

// leaves gives the hash of every event.
func (v verifier) leaves() [][32]byte {
	var leaves [][32]byte
	for at := uint64(0); at < v.size; {
		n := min(width, v.size-at)
		bundle := v.read("entries", at/width, int(n), at)
		for i := range n {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				bad("position %d: the bundle of entries is cut off", at+i)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			leaves = append(leaves, sha256.Sum256(append([]byte{0}, bundle[2:length]...)))
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
	if n < width {
		path += fmt.Sprintf(".p/%d", n)
	}
	content, err := os.ReadFile(filepath.Join(v.dir, "tile", level, filepath.FromSlash(path)))
	if err != nil {
		bad("position %d: %v", position, err)
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
	l, r := tree(hashes[:left]), tree(hashes[left:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}
