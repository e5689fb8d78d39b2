package logtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
)

// generator makes events that differ, from a seed which the test prints.
type generator struct {
	rnd  *rand.Rand
	made int
}

// newGenerator seeds a generator and prints the seed where the test fails.
func newGenerator(t *testing.T) *generator {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &generator{rnd: rand.New(rand.NewPCG(seed, seed))}
}

// events makes n events of some hundred bytes each, no two alike.
func (g *generator) events(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = g.event(20 + g.rnd.IntN(400))
	}
	return out
}

// event makes one event of exactly size bytes, at least 20.
func (g *generator) event(size int) []byte {
	g.made++
	head := fmt.Sprintf(`{"n":%d,"s":"`, g.made)
	return []byte(head + strings.Repeat("x", max(0, size-len(head)-2)) + `"}`)
}

// awkward makes events whose bytes an engine might be tempted to change, split or trim.
func (g *generator) awkward(t *testing.T) [][]byte {
	out := [][]byte{
		[]byte(`{}`), []byte(`0`), []byte(` {"a" : 1} `), []byte("\t\r"), []byte("{\"a\":\r1}\r"), []byte(`,`), []byte(`,,`),
		[]byte(`[`), []byte(`]`), []byte(`[{"id":"1"},`), []byte(`{"a":1,"a":1}`), []byte(`{"n":1e400}`), []byte(`"\ud800"`),
		[]byte(`{"é":"日本語 🙂 אבג"}`), []byte("\u2028\u2029\u0085\ufeff"), {0}, {0xff, 0xfe, 0x00, 0x0d}, {0x0d},
		[]byte("NATS/1.0 503"), []byte("+OK"), []byte(`<script>&</script>`), g.event(domain.MaxEventBytes),
	}
	for range 200 {
		noise := make([]byte, 1+g.rnd.IntN(2000))
		for i := range noise {
			noise[i] = byte(g.rnd.Uint32())
		}
		out = append(out, bytes.ReplaceAll(noise, []byte{'\n'}, []byte{','}))
		text := make([]rune, 1+g.rnd.IntN(300))
		for i := range text {
			text[i] = rune(g.rnd.IntN(0x10ffff))
		}
		line, err := json.Marshal(map[string]string{"text": string(text)})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	return out
}
