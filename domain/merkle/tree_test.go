package merkle_test

import (
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jigowatt/daybook/domain/merkle"
)

// The trees and proofs are held against those of the Go checksum database's own library, at every size around the edges of tiles.
func TestTheTreeIsThatOfAnotherLibrary(t *testing.T) {
	const most = 66_000
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	var tree merkle.Tree
	tiles := map[[2]uint64][]merkle.Hash{}
	keep := func(level int, index uint64, hashes []merkle.Hash) error {
		tiles[[2]uint64{uint64(level), index}] = append([]merkle.Hash(nil), hashes...)
		return nil
	}
	roots := map[uint64]merkle.Hash{}
	compared := 0
	for n := range int64(most + 1) {
		if n < 600 || n%4096 < 2 || n > 65_530 && n < 65_540 || n == most {
			want, err := tlog.TreeHash(n, reader)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 && tree.Root() != merkle.Hash(want) {
				t.Fatalf("the root of %d leaves differs", n)
			}
			roots[uint64(n)] = tree.Root()
			resumed, ok := merkle.Resume(uint64(n), func(level int, index uint64, width int) ([]merkle.Hash, bool) {
				return append([]merkle.Hash(nil), tree.Edge(level)...), true
			})
			if !ok || resumed.Root() != tree.Root() {
				t.Fatalf("the tree of %d leaves does not resume", n)
			}
			compared++
		}
		event := []byte(strconv.FormatInt(n, 10))
		hashes, err := tlog.StoredHashes(n, event, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		if err := tree.Append(merkle.Leaf(event), keep); err != nil {
			t.Fatal(err)
		}
	}
	if len(tiles) != most/256+1 {
		t.Errorf("%d tiles were filled, want %d", len(tiles), most/256+1)
	}
	t.Logf("%d roots compared", compared)
	proofs(t, reader, roots)
}

func proofs(t *testing.T, reader tlog.HashReader, roots map[uint64]merkle.Hash) {
	t.Helper()
	sizes := []uint64{1, 2, 3, 7, 8, 255, 256, 257, 511, 599, 4096, 65_535, 65_536, 65_537, 66_000}
	count := 0
	for _, size := range sizes {
		for _, index := range []uint64{0, 1, size / 3, size / 2, size - 1} {
			if index >= size {
				continue
			}
			proof, err := tlog.ProveRecord(int64(size), int64(index), reader)
			if err != nil {
				t.Fatal(err)
			}
			hashes, leaf := own(proof), merkle.Leaf([]byte(strconv.FormatUint(index, 10)))
			if !merkle.Included(leaf, index, size, hashes, roots[size]) {
				t.Errorf("position %d of %d is not proved", index, size)
			}
			for i := range hashes {
				hashes[i][i%32] ^= 1
				if merkle.Included(leaf, index, size, hashes, roots[size]) {
					t.Errorf("position %d of %d: hash %d of the proof does not count", index, size, i)
				}
				hashes[i][i%32] ^= 1
			}
			if merkle.Included(leaf, index, size, append(hashes, merkle.Hash{}), roots[size]) || merkle.Included(leaf, size, size, hashes, roots[size]) {
				t.Errorf("position %d of %d: more than the proof is taken", index, size)
			}
			count++
		}
		for _, older := range sizes {
			if older > size {
				if merkle.Consistent(older, roots[older], size, roots[size], nil) {
					t.Error("a tree that shrank is taken")
				}
				continue
			}
			proof, err := tlog.ProveTree(int64(size), int64(older), reader)
			if err != nil {
				t.Fatal(err)
			}
			hashes := own(proof)
			if !merkle.Consistent(older, roots[older], size, roots[size], hashes) {
				t.Errorf("%d is not proved to be the beginning of %d", older, size)
			}
			for i := range hashes {
				hashes[i][i%32] ^= 1
				if merkle.Consistent(older, roots[older], size, roots[size], hashes) {
					t.Errorf("%d in %d: hash %d of the proof does not count", older, size, i)
				}
				hashes[i][i%32] ^= 1
			}
			count++
		}
	}
	t.Logf("%d proofs compared", count)
}

func own[S ~[]tlog.Hash](proof S) []merkle.Hash {
	out := make([]merkle.Hash, len(proof))
	for i, h := range proof {
		out[i] = merkle.Hash(h)
	}
	return out
}
