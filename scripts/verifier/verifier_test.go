package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test program is the verifier where this is set.
const asVerifier = "VERIFIER_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(asVerifier) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run runs the verifier, and gives its exit code and what it says.
func run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asVerifier+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// signer is a key of a log or of a witness.
type signer struct {
	name    string
	kind    byte
	private ed25519.PrivateKey
}

func newSigner(name string, kind byte) signer {
	seed := sha256.Sum256([]byte(name))
	return signer{name, kind, ed25519.NewKeyFromSeed(seed[:])}
}

func (s signer) public() []byte {
	return append([]byte{s.kind}, s.private.Public().(ed25519.PublicKey)...)
}

func (s signer) number() []byte {
	sum := sha256.Sum256(append([]byte(s.name+"\n"), s.public()...))
	return sum[:4]
}

func (s signer) key() string {
	return fmt.Sprintf("%s+%x+%s", s.name, s.number(), base64.StdEncoding.EncodeToString(s.public()))
}

// line signs the text of a checkpoint; a witness signs the time with it.
func (s signer) line(text string) string {
	signature := s.number()
	if s.kind == witnessKey {
		signature = binary.BigEndian.AppendUint64(signature, 1_795_000_000)
		text = "cosignature/v1\ntime 1795000000\n" + text
	}
	signature = append(signature, ed25519.Sign(s.private, []byte(text))...)
	return "— " + s.name + " " + base64.StdEncoding.EncodeToString(signature) + "\n"
}

func event(n int) []byte { return fmt.Appendf(nil, `{"n":%d}`, n) }

func leavesOf(n int) [][32]byte {
	var leaves [][32]byte
	for i := range n {
		leaves = append(leaves, leaf(event(i)))
	}
	return leaves
}

// note signs for the first n events.
func note(n int, signers ...signer) string {
	root := tree(leavesOf(n))
	text := fmt.Sprintf("%s\n%d\n%s\n", signers[0].name, n, base64.StdEncoding.EncodeToString(root[:]))
	signed := text + "\n"
	for _, s := range signers {
		signed += s.line(text)
	}
	return signed
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// logOf writes a log of n events.
func logOf(t *testing.T, n int, signed string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(level string, index, size int, content []byte) {
		path := fmt.Sprintf("%s/tile/%s/%03d", dir, level, index)
		if size < width {
			path += fmt.Sprintf(".p/%d", size)
		}
		write(t, path, content)
	}
	for at := 0; at < n; at += width {
		var bundle []byte
		for i := at; i < min(at+width, n); i++ {
			bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(event(i)))), event(i)...)
		}
		put("entries", at/width, min(width, n-at), bundle)
	}
	for level, hashes := 0, leavesOf(n); len(hashes) > 0; level++ {
		var above [][32]byte
		for at := 0; at < len(hashes); at += width {
			group := hashes[at:min(at+width, len(hashes))]
			var tile []byte
			for _, h := range group {
				tile = append(tile, h[:]...)
			}
			put(fmt.Sprint(level), at/width, len(group), tile)
			if len(group) == width {
				above = append(above, tree(group))
			}
		}
		hashes = above
	}
	write(t, dir+"/checkpoint", []byte(signed))
	return dir
}

// path gives the hashes that prove the event at a position among so many.
func path(leaves [][32]byte, at int) [][32]byte {
	if len(leaves) < 2 {
		return nil
	}
	left := 1
	for left*2 < len(leaves) {
		left *= 2
	}
	if at < left {
		return append(path(leaves[:left], at), tree(leaves[left:]))
	}
	return append(path(leaves[left:], at-left), tree(leaves[:left]))
}

// proofOf writes the files of a proof and of its event.
func proofOf(t *testing.T, at, n int, signed string) (proof, entry string) {
	t.Helper()
	text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", at)
	for _, h := range path(leavesOf(n), at) {
		text += base64.StdEncoding.EncodeToString(h[:]) + "\n"
	}
	dir := t.TempDir()
	proof, entry = dir+"/a.tlog-proof", dir+"/event"
	write(t, proof, []byte(text+"\n"+signed))
	write(t, entry, event(at))
	return proof, entry
}

func TestWhatIsTakenAndWhatIsNot(t *testing.T) {
	log, other := newSigner("daybook/ledger", logKey), newSigner("daybook/other", logKey)
	first, second := newSigner("w.example/1", witnessKey), newSigner("w.example/2", witnessKey)
	const n = 700
	sound := logOf(t, n, note(n, log, first))
	server := httptest.NewServer(http.FileServer(http.Dir(sound)))
	defer server.Close()
	changed := func(file string, do func([]byte) []byte) string {
		dir := logOf(t, n, note(n, log))
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), do(content))
		return dir
	}
	kept := func(n int, s ...signer) string {
		file := t.TempDir() + "/checkpoint"
		write(t, file, []byte(note(n, s...)))
		return file
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	proof, entry := proofOf(t, 300, n, note(n, log, first))
	wrong, _ := proofOf(t, 301, n, note(n, log))
	slow := logOf(t, n, note(n, log))
	write(t, slow+"/witnessed", []byte(note(600, log, first)))
	ahead := logOf(t, 600, note(600, log))
	write(t, ahead+"/witnessed", []byte(note(n, log, first)))
	older := logOf(t, n, note(600, log)) // a checkpoint inside of what the tiles hold
	behind := httptest.NewServer(http.FileServer(http.Dir(older)))
	defer behind.Close()
	forged := logOf(t, n, strings.Replace(note(n, log), "\n700\n", "\n699\n", 1))
	for rule, row := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a directory":                        {[]string{sound}, 0, "700 events"},
		"an address":                         {[]string{server.URL}, 0, "700 events"},
		"since a checkpoint":                 {[]string{"-since", kept(600, log), sound}, 0, "the first 600"},
		"since a checkpoint at an edge":      {[]string{"-since", kept(512, log), server.URL}, 0, "the first 512"},
		"since the same":                     {[]string{"-since", kept(n, log), sound}, 0, "the first 700"},
		"a witness":                          {[]string{"-witness", first.key(), sound}, 0, "700 events"},
		"one of two witnesses":               {[]string{"-witness", first.key(), "-witness", second.key(), "-quorum", "1", sound}, 0, "700 events"},
		"a witness that is slow":             {[]string{"-witness", first.key(), slow}, 0, "the first 600 are cosigned"},
		"a witness that is slow, since":      {[]string{"-since", kept(650, log), "-witness", first.key(), slow}, 0, "700 events, those from position 650 on"},
		"an older checkpoint":                {[]string{older}, 0, "600 events"},
		"since an older checkpoint":          {[]string{"-since", kept(520, log), older}, 0, "the first 520"},
		"a proof":                            {[]string{"-event", entry, proof}, 0, "position 300 of 700"},
		"a proof with a witness":             {[]string{"-event", entry, "-witness", first.key(), proof}, 0, "position 300"},
		"since a checkpoint of another tree": {[]string{"-since", kept(601, log), logOf(t, 600, note(600, log))}, 3, "had 601"},
		"since a checkpoint of another key":  {[]string{"-since", kept(600, other), sound}, 3, "not signed with the key"},
		"both witnesses":                     {[]string{"-witness", first.key(), "-witness", second.key(), sound}, 3, "1 of the witnesses"},
		"another witness":                    {[]string{"-witness", second.key(), sound}, 3, "0 of the witnesses"},
		"a changed entry":                    {[]string{changed("tile/entries/001", flip)}, 3, "position"},
		"a changed tile":                     {[]string{changed("tile/0/001", flip)}, 3, "position 384"},
		"a changed tile above":               {[]string{changed("tile/1/000.p/2", flip)}, 3, "position 256"},
		"a changed old tile, since":          {[]string{"-since", kept(600, log), changed("tile/0/000", flip)}, 3, "position 0"},
		"an older checkpoint at an address":  {[]string{behind.URL}, 3, "position 512: tile/entries/002.p/88 is missing"},
		"witnesses saw more":                 {[]string{"-witness", first.key(), ahead}, 3, "witnesses saw 700"},
		"a torn bundle":                      {[]string{changed("tile/entries/002.p/188", func(b []byte) []byte { return b[:40] })}, 3, "cut off"},
		"a changed size":                     {[]string{forged}, 3, "false"},
		"a proof of another event":           {[]string{"-event", entry, wrong}, 3, "position 301"},
		"an event as a proof":                {[]string{"-event", entry, entry}, 3, "not a proof"},
		"no such directory":                  {[]string{t.TempDir()}, 3, "no checkpoint"},
		"no such address":                    {[]string{"http://127.0.0.1:9"}, 1, "refused"},
		"no key of a witness":                {[]string{"-witness", log.key(), sound}, 2, "witness"},
		"more demanded than there are":       {[]string{"-quorum", "1", sound}, 2, "usage"},
	} {
		code, out := run(t, append([]string{"-key", log.key()}, row.args...)...)
		if code != row.code || !strings.Contains(out, row.says) {
			t.Errorf("%s: exit code %d, want %d: %s", rule, code, row.code, out)
		}
	}
	if code, out := run(t, "-key", other.key(), sound); code != 3 {
		t.Errorf("another key: exit code %d: %s", code, out)
	}
}
