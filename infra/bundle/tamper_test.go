package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/bundle"
	"github.com/jigowatt/daybook/infra/tiles"
)

// consistent makes the manifest the one of files that were changed, as whoever forges a bundle would.
func consistent(t *testing.T, files []packed) []packed {
	t.Helper()
	last := len(files) - 1
	var m bundle.Manifest
	must(t, json.Unmarshal(files[last].content, &m))
	for i := range m.Files {
		sum := sha256.Sum256(files[i].content)
		m.Files[i].Bytes, m.Files[i].SHA256 = uint64(len(files[i].content)), hex.EncodeToString(sum[:])
		if files[i].name == "events.jsonl" {
			m.Entries = bytes.Count(files[i].content, []byte("\n"))
		}
	}
	b, err := json.MarshalIndent(m, "", "  ")
	must(t, err)
	files[last].content = append(b, '\n')
	return files
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// without leaves a line out.
func without(b []byte, n int) []byte {
	lines := bytes.SplitAfter(b, []byte("\n"))
	return bytes.Join(slices.Delete(lines, n, n+1), nil)
}

func swapped(b []byte) []byte {
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines[0], lines[1] = lines[1], lines[0]
	return bytes.Join(lines, nil)
}

// rejecting makes a ledger with a bundle that both verifiers take, and gives what asks them to reject another.
func rejecting(t *testing.T) (l *ledger, sound []byte, reject func(rule string, b []byte, key string)) {
	t.Helper()
	l = newLedger(t)
	alone := standAlone(t)
	sound = l.bundled(t, ofAda)
	if code, says := alone(sound, l.from.Key); code != 0 {
		t.Fatalf("the sound bundle is rejected: %s", says)
	}
	if v, err := verify(sound, l.from.Key); err != nil || v.OwnKey {
		t.Fatalf("%v %+v", err, v)
	}
	return l, sound, func(rule string, b []byte, key string) {
		t.Helper()
		if _, err := verify(b, key); !errors.Is(err, bundle.ErrFalse) {
			t.Errorf("%s: %v", rule, err)
		}
		if code, says := alone(b, key); code != 3 {
			t.Errorf("%s: the stand-alone verifier ends with %d: %s", rule, code, says)
		}
	}
}

func TestBothVerifiersRejectWhateverIsChanged(t *testing.T) {
	l, sound, reject := rejecting(t)
	fresh := func() []packed { return unpacked(t, sound) }
	for i, f := range fresh() {
		for name, at := range map[string]int{"first": 0, "middle": len(f.content) / 2, "last": len(f.content) - 1} {
			files := fresh()
			files[i].content = flipped(f.content, at)
			reject(f.name+": "+name+" bit", pack(t, files), l.from.Key)
		}
		files := fresh()
		reject(f.name+": dropped", pack(t, slices.Delete(files, i, i+1)), l.from.Key)
		files = fresh()
		reject(f.name+": doubled", pack(t, slices.Insert(files, i, files[i])), l.from.Key)
		files = fresh()
		files[i], files[(i+1)%len(files)] = files[(i+1)%len(files)], files[i]
		reject(f.name+": in another place", pack(t, files), l.from.Key)
		files = fresh()
		files[i].name = "../" + f.name
		reject(f.name+": under a path", pack(t, files), l.from.Key)
		files = fresh()
		files[i].content = nil
		reject(f.name+": emptied", pack(t, files), l.from.Key)
		files = fresh()
		files[i].content = append(slices.Clone(f.content), '\n')
		reject(f.name+": longer", pack(t, files), l.from.Key)
	}
	reject("a file more", pack(t, append(fresh(), packed{"notes.txt", []byte("x")})), l.from.Key)
	reject("cut off", sound[:len(sound)/2], l.from.Key)
	reject("no zip", []byte("hello"), l.from.Key)
	reject("a key that did not sign", sound, other(t))
}

// Whoever forges a bundle makes its manifest fit.
func TestBothVerifiersRejectWhatIsForged(t *testing.T) {
	l, sound, reject := rejecting(t)
	fresh := func() []packed { return unpacked(t, sound) }
	forge := func(rule string, change func(files []packed)) {
		t.Helper()
		files := fresh()
		change(files)
		reject(rule, pack(t, consistent(t, files)), l.from.Key)
	}
	const events, around, trail, record, checkpoint, key = 0, 1, 2, 3, 4, 5
	n := bytes.Count(fresh()[events].content, []byte("\n"))
	forge("an entry is removed", func(f []packed) { f[events].content = without(f[events].content, n/2) })
	forge("the last entry is removed", func(f []packed) { f[events].content = without(f[events].content, n-1) })
	forge("an entry and its line of the trail are removed", func(f []packed) {
		f[events].content, f[trail].content = without(f[events].content, n-1), without(f[trail].content, bytes.Count(f[trail].content, []byte("\n"))-1)
	})
	forge("entries are swapped", func(f []packed) { f[events].content = swapped(f[events].content) })
	forge("an entry says something else", func(f []packed) {
		f[events].content = bytes.Replace(f[events].content, []byte(`"operation":"Store"`), []byte(`"operation":"Erase"`), 1)
		f[trail].content = bytes.Replace(f[trail].content, []byte(`"operation":"Store"`), []byte(`"operation":"Erase"`), 1)
	})
	forge("an entry stands elsewhere", func(f []packed) {
		f[events].content = bytes.Replace(f[events].content, []byte("\n17\t"), []byte("\n16\t"), 1)
		f[trail].content = bytes.Replace(f[trail].content, []byte(`"position":17`), []byte(`"position":16`), 1)
	})
	forge("a number is written otherwise", func(f []packed) {
		f[events].content = bytes.Replace(f[events].content, []byte("\n17\t"), []byte("\n017\t"), 1)
	})
	forge("an entry of another controller is added", func(f []packed) {
		f[events].content = bytes.Replace(f[events].content, []byte("\n20\t"), []byte("\n18\t"+l.events[18]+"\n20\t"), 1)
	})
	forge("a hash less", func(f []packed) { f[around].content = f[around].content[32:] })
	forge("a hash more", func(f []packed) { f[around].content = append(f[around].content, make([]byte, 32)...) })
	forge("hashes are swapped", func(f []packed) {
		h := f[around].content
		f[around].content = slices.Concat(h[32:64], h[:32], h[64:])
	})
	forge("a line of the trail is left out", func(f []packed) { f[trail].content = without(f[trail].content, 0) })
	forge("the trail says something else", func(f []packed) {
		f[trail].content = bytes.Replace(f[trail].content, []byte(`"Store"`), []byte(`"Erase"`), 1)
	})
	forge("the record says something else", func(f []packed) {
		f[record].content = bytes.Replace(f[record].content, []byte(`"entries":4`), []byte(`"entries":3`), 1)
	})
	forge("another checkpoint", func(f []packed) {
		f[checkpoint].content = bytes.Replace(f[checkpoint].content, []byte("\n639\n"), []byte("\n638\n"), 1)
	})
	forge("another key", func(f []packed) { f[key].content = []byte(other(t) + "\n") })
}

// other is the key of another ledger.
func other(t *testing.T) string {
	t.Helper()
	key, err := tiles.VerifierKey("", bytes.Repeat([]byte{2}, tiles.SeedSize))
	must(t, err)
	return key
}

func TestOfTilesThatAreDamagedNoBundleIsMade(t *testing.T) {
	l := newLedger(t)
	path := filepath.Join(l.from.Dir, "tiles", "tile", "0", "000")
	content, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, flipped(content, 32*18), 0o600))
	if _, err := bundle.Create(t.Context(), l.from, ofAda, &bytes.Buffer{}); !errors.Is(err, tiles.ErrDamaged) {
		t.Errorf("%v", err)
	}
}

// The stand-alone verifier cannot make the page again; ours can, and finds what was written into it.
func TestThePageIsMadeAgain(t *testing.T) {
	l := newLedger(t)
	files := unpacked(t, l.bundled(t, ofAda))
	files[7].content = bytes.Replace(files[7].content, []byte("unchanged"), []byte("perfectly"), 1)
	if _, err := verify(pack(t, consistent(t, files)), l.from.Key); !errors.Is(err, bundle.ErrFalse) || !strings.Contains(err.Error(), "summary.html") {
		t.Errorf("%v", err)
	}
}

func TestNothingHidesBetweenTheFiles(t *testing.T) {
	l := newLedger(t)
	sound := l.bundled(t, ofAda)
	for rule, b := range map[string][]byte{
		"before the first": append([]byte("hello"), sound...),
		"after the last":   append(slices.Clone(sound), "hello"...),
	} {
		if _, err := verify(b, l.from.Key); !errors.Is(err, bundle.ErrFalse) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// What is small when packed and has no end when unpacked is refused before it fills the memory.
func TestNoFileIsUnpackedWithoutEnd(t *testing.T) {
	l := newLedger(t)
	sound := l.bundled(t, ofAda)
	for i, size := range map[int]int{3: 64<<20 + 1, 4: 1<<20 + 1, 7: 16<<20 + 1, 8: 4<<20 + 1} {
		files := unpacked(t, sound)
		files[i].content = make([]byte, size)
		if _, err := verify(pack(t, files), l.from.Key); !errors.Is(err, bundle.ErrFalse) || !strings.Contains(err.Error(), "too long") {
			t.Errorf("%s: %v", files[i].name, err)
		}
	}
	files := unpacked(t, sound)
	files[0].content = bytes.Repeat([]byte("1"), 1<<20) // one line
	if _, err := verify(pack(t, consistent(t, files)), l.from.Key); !errors.Is(err, bundle.ErrFalse) {
		t.Errorf("a line without end: %v", err)
	}
}

func TestThePolicyOfTheLedgerLiesInIt(t *testing.T) {
	l, alone := newLedger(t), standAlone(t)
	l.from.Policy = []byte("quorum none\n")
	b := l.bundled(t, ofAda)
	if files := unpacked(t, b); len(files) != 10 || files[6].name != "policy" || string(files[6].content) != "quorum none\n" {
		t.Errorf("%d files", len(files))
	}
	if _, err := verify(b, l.from.Key); err != nil {
		t.Error(err)
	}
	if code, says := alone(b, l.from.Key); code != 0 {
		t.Error(says)
	}
}

func TestWithoutAKeyTheBundlesOwnWordIsTaken(t *testing.T) {
	l := newLedger(t)
	b := l.bundled(t, ofAda)
	if v, err := verify(b, ""); err != nil || !v.OwnKey || v.Key != l.from.Key {
		t.Errorf("%v %+v", err, v)
	}
	if _, err := verify(b, "no key"); err == nil {
		t.Error("a key that is none is taken")
	}
}

// FuzzVerify finds bytes that make the reader fail otherwise than by saying so.
func FuzzVerify(f *testing.F) {
	l := newLedger(f)
	sound := l.bundled(f, ofAda)
	f.Add(sound)
	f.Add(pack(f, unpacked(f, sound)[:9]))
	f.Add(sound[:len(sound)-30])
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := verify(b, l.from.Key)
		if err == nil && v.Checkpoint.Size != 639 {
			t.Errorf("%+v", v)
		}
		if err != nil && !errors.Is(err, bundle.ErrFalse) {
			t.Errorf("%+v", err)
		}
	})
}
