package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxUnpacked bounds each file of a bundle, whatever the zip says of its length, and maxEntries how many entries it has.
const (
	maxUnpacked = 8 << 30
	maxEntries  = 1_000_000
	maxEvent    = 65_535
)

// bundleFiles are the files of an evidence bundle in their order (FORMAT.txt, which lies in each). policy need not be there.
var bundleFiles = []string{
	"events.jsonl", "around.hashes", "trail.jsonl", "article30.json", "checkpoint", "key", "policy", "FORMAT.txt", "summary.html", "manifest.json",
}

// manifest is what a bundle says of itself.
type manifest struct {
	Format     string `json:"format"`
	Derivation int    `json:"derivation"`
	Entries    int    `json:"entries"`
	Scope      struct {
		Kind       string   `json:"kind"`
		Controller string   `json:"controller"`
		Subjects   []string `json:"subjects"`
		Cases      []string `json:"cases"`
	} `json:"scope"`
	Checkpoint struct {
		Origin string `json:"origin"`
		Size   uint64 `json:"size"`
		Root   string `json:"root"`
	} `json:"checkpoint"`
	Files []struct {
		Name   string `json:"name"`
		Bytes  uint64 `json:"bytes"`
		SHA256 string `json:"sha256"`
	} `json:"files"`
}

// checkBundle holds an evidence bundle against the key of the log: the proof of every entry, and the trail and the record of
// Article 30(2), which it makes again from the entries. The page for people it holds against the manifest only.
func checkBundle(path string, log verifierKey, witnesses []verifierKey, demanded int) {
	z, err := zip.OpenReader(path)
	if err != nil {
		bad("the bundle is no zip file, cut off, or cannot be read: %v", err)
	}
	defer z.Close()
	files := map[string]*zip.File{}
	want := bundleFiles
	if len(z.File) == len(want)-1 {
		want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "policy" })
	}
	if len(z.File) != len(want) || z.Comment != "" {
		bad("the bundle has more in it than the files of one, or less")
	}
	for i, f := range z.File {
		if f.Name != want[i] {
			bad("%s is missing, out of its order, there twice or under another name", want[i])
		}
		files[f.Name] = f
	}
	var m manifest
	said := content(files["manifest.json"])
	if json.Unmarshal(said, &m) != nil || !bytes.HasSuffix(said, []byte("\n}\n")) || m.Format != "daybook-bundle/1" || m.Derivation != 1 || m.Entries > maxEntries {
		bad("the manifest is not one of this version")
	}
	if len(m.Files) != len(want)-1 {
		bad("the manifest names other files than the bundle has")
	}
	for i, f := range m.Files {
		if sum, n := digest(files[want[i]]); f.Name != want[i] || f.SHA256 != sum || f.Bytes != n {
			bad("%s is not the one of the manifest", want[i])
		}
	}
	if own := strings.TrimSuffix(string(content(files["key"])), "\n"); own != log.text() {
		bad("the key in the bundle is not the one that you gave")
	}
	c := demand(content(files["checkpoint"]), log, witnesses, demanded)
	if m.Checkpoint.Origin != c.origin || m.Checkpoint.Size != c.size || m.Checkpoint.Root != fmt.Sprintf("%x", c.root) {
		bad("the manifest has another checkpoint than the bundle")
	}
	b := bundled{manifest: m, trail: sha256.New(), record: newRecord()}
	b.read(files["events.jsonl"])
	b.prove(c, content(files["around.hashes"]))
	if sum, n := digest(files["trail.jsonl"]); sum != fmt.Sprintf("%x", b.trail.Sum(nil)) || n != b.told {
		bad("trail.jsonl is not what follows from the entries")
	}
	if !bytes.Equal(content(files["article30.json"]), b.record.line()) {
		bad("article30.json is not what follows from the entries")
	}
	fmt.Printf("%s: the bundle's %d entries stand among the %d that were signed; root %x\n", c.origin, len(b.positions), c.size, c.root)
	fmt.Println("the trail and the record of Article 30(2) are what follows from them, byte for byte; summary.html was not made again")
	fmt.Println("it is not proved that nothing within the scope was left out")
}

// unpack opens a file, which ends with an error where it is longer than it may be.
func unpack(f *zip.File) io.ReadCloser {
	if f.UncompressedSize64 > maxUnpacked {
		bad("%s is longer than it may be", f.Name)
	}
	r, err := f.Open()
	if err != nil {
		bad("%s cannot be unpacked: %v", f.Name, err)
	}
	return r
}

// digest gives the SHA-256 of a file, and its length.
func digest(f *zip.File) (string, uint64) {
	r := unpack(f)
	defer r.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, maxUnpacked))
	if err != nil {
		bad("%s is damaged: %v", f.Name, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), uint64(n)
}

// content gives a file of those that fit into memory.
func content(f *zip.File) []byte {
	const most = 1 << 30
	r := unpack(f)
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil || len(b) > most {
		bad("%s is damaged or too long: %v", f.Name, err)
	}
	return b
}

// bundled is what the entries of a bundle come to.
type bundled struct {
	manifest  manifest
	positions []uint64
	leaves    [][32]byte
	trail     interface {
		io.Writer
		Sum([]byte) []byte
	}
	told   uint64 // bytes of the trail
	record *record
}

// read reads the entries: a line each, the position, a tab and the stored bytes.
func (b *bundled) read(f *zip.File) {
	r := unpack(f)
	defer r.Close()
	in := bufio.NewReaderSize(r, maxEvent+32)
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil {
			bad("a line of events.jsonl is cut off, damaged or too long: %v", err)
		}
		number, stored, _ := bytes.Cut(line[:len(line)-1], []byte("\t"))
		at, err := strconv.ParseUint(string(number), 10, 63)
		if err != nil || strconv.FormatUint(at, 10) != string(number) || len(stored) > maxEvent {
			bad("a line of events.jsonl is not a position and an entry")
		}
		if n := len(b.positions); n > 0 && at <= b.positions[n-1] || n == maxEntries {
			bad("position %d: the entries are not in their order, or too many", at)
		}
		b.positions, b.leaves = append(b.positions, at), append(b.leaves, leaf(stored))
		e := parseEntry(at, stored)
		if !b.inScope(e) {
			bad("position %d: the entry is not of the scope", at)
		}
		b.record.add(e)
		if told := e.trailLine(); told != nil {
			b.told += uint64(len(told))
			b.trail.Write(told)
		}
	}
	if len(b.positions) != b.manifest.Entries || len(b.positions) == 0 {
		bad("there are %d entries, and the manifest speaks of %d", len(b.positions), b.manifest.Entries)
	}
}

// inScope says that an entry is of the controller, and of the people where the bundle is of people.
func (b *bundled) inScope(e entry) bool {
	s := b.manifest.Scope
	switch owner := e.owner(); {
	case owner == "":
		return e.is("daybook.processor.declared.v1") || e.is("daybook.recipient.declared.v1") || e.is("daybook.contact.declared.v1")
	case owner != s.Controller:
		return false
	case s.Kind == "controller" || e.register() || strings.HasPrefix(e.text(e.top, "type"), "daybook.court-order."):
		return true
	}
	if _, one := e.data["subject"]; !one && e.data["subjects"] == nil {
		return slices.Contains(s.Cases, e.text(e.data, "case"))
	}
	keys := append(e.texts("subjects"), e.text(e.data, "subject"), e.text(e.data, "joined"))
	return slices.ContainsFunc(s.Subjects, func(key string) bool { return slices.Contains(keys, key) })
}

// prove computes the root from the leaves and the hashes around them.
func (b *bundled) prove(c checkpoint, around []byte) {
	next := 0
	var over func(from, n uint64) [32]byte
	over = func(from, n uint64) [32]byte {
		holds := next < len(b.positions) && b.positions[next]-from < n
		if n&(n-1) == 0 && !holds {
			if len(around) < 32 {
				bad("around.hashes has fewer hashes than the proof needs")
			}
			h := [32]byte(around)
			around = around[32:]
			return h
		}
		if n == 1 {
			next++
			return b.leaves[next-1]
		}
		left := uint64(1)
		for left*2 < n {
			left *= 2
		}
		hash := over(from, left)
		return node(hash, over(from+left, n-left))
	}
	if last := b.positions[len(b.positions)-1]; last >= c.size {
		bad("position %d: the checkpoint does not speak of it", last)
	}
	if root := over(0, c.size); root != c.root || len(around) > 0 || next != len(b.positions) {
		bad("the entries are not those that were signed, or not at their positions")
	}
}
