package merkle_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jigowatt/daybook/domain/merkle"
)

// plainRoot is the root by the definition of RFC 6962, over the leaves from one on.
func plainRoot(leaves []merkle.Hash) merkle.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := 1
	for half*2 < len(leaves) {
		half *= 2
	}
	return merkle.Node(plainRoot(leaves[:half]), plainRoot(leaves[half:]))
}

func someLeaves(n int) []merkle.Hash {
	all := make([]merkle.Hash, n)
	for i := range all {
		all[i] = merkle.Leaf(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return all
}

// around proves some leaves and gives what RootAround is to be told.
func around(t *testing.T, all []merkle.Hash, leaves []uint64) (hashes, others []merkle.Hash) {
	t.Helper()
	subtrees, ok := merkle.Around(uint64(len(all)), leaves)
	if !ok {
		t.Fatalf("no proof of %v among %d", leaves, len(all))
	}
	for _, leaf := range leaves {
		hashes = append(hashes, all[leaf])
	}
	for _, s := range subtrees {
		from, width := s.Index<<s.Level, uint64(1)<<s.Level
		if i, _ := slices.BinarySearch(leaves, from); i < len(leaves) && leaves[i] < from+width {
			t.Fatalf("subtree %v of %d holds leaf %d", s, len(all), leaves[i])
		}
		others = append(others, plainRoot(all[from:from+width]))
	}
	return hashes, others
}

func TestSomeLeavesAndWhatIsAroundThemGiveTheRoot(t *testing.T) {
	random := rand.New(rand.NewPCG(6962, 9162))
	for size := 1; size <= 130; size++ {
		all := someLeaves(size)
		want := plainRoot(all)
		for range 8 {
			var leaves []uint64
			for i := range all {
				if random.IntN(1+random.IntN(size)) == 0 {
					leaves = append(leaves, uint64(i))
				}
			}
			hashes, others := around(t, all, leaves)
			if got, ok := merkle.RootAround(uint64(size), leaves, hashes, others); !ok || got != want {
				t.Fatalf("%v of %d: root %x, %v; want %x", leaves, size, got, ok, want)
			}
		}
	}
}

func TestOneLeafTakesAsManyHashesAsItsDepth(t *testing.T) {
	subtrees, ok := merkle.Around(1<<20, []uint64{77_777})
	if !ok || len(subtrees) != 20 {
		t.Errorf("%d hashes, %v", len(subtrees), ok)
	}
}

func TestWhateverIsChangedGivesAnotherRootOrNone(t *testing.T) {
	all, leaves := someLeaves(77), []uint64{3, 4, 30, 76}
	hashes, others := around(t, all, leaves)
	want := plainRoot(all)
	same := func(size uint64, leaves []uint64, hashes, others []merkle.Hash) bool {
		got, ok := merkle.RootAround(size, leaves, hashes, others)
		return ok && got == want
	}
	if !same(77, leaves, hashes, others) {
		t.Fatal("the proof itself does not hold")
	}
	for i := range hashes {
		h := slices.Clone(hashes)
		h[i][5] ^= 1
		if same(77, leaves, h, others) {
			t.Errorf("leaf %d does not count", leaves[i])
		}
	}
	for i := range others {
		o := slices.Clone(others)
		o[i][5] ^= 1
		if same(77, leaves, hashes, o) || same(77, leaves, hashes, slices.Delete(slices.Clone(others), i, i+1)) {
			t.Errorf("hash %d does not count", i)
		}
	}
	for name, changed := range map[string]bool{
		"another place":  same(77, []uint64{3, 5, 30, 76}, hashes, others),
		"another size":   same(78, leaves, hashes, others),
		"one hash more":  same(77, leaves, hashes, append(slices.Clone(others), want)),
		"one leaf less":  same(77, leaves[1:], hashes[1:], others),
		"leaves swapped": same(77, []uint64{4, 3, 30, 76}, hashes, others),
		"a leaf twice":   same(77, []uint64{3, 3, 30, 76}, hashes, others),
		"beyond the end": same(77, []uint64{3, 4, 30, 77}, hashes, others),
		"fewer hashes":   same(77, leaves, hashes[1:], others),
		"an empty tree":  same(0, nil, nil, nil),
	} {
		if changed {
			t.Errorf("%s: the root is the same", name)
		}
	}
}
