package memory_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/memory"
)

// filled has MEMORY_MESSAGES messages, 100,000 where it is not set, in MEMORY_DIR where that is set.
func filled(b *testing.B) (*memory.Memory, int) {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("MEMORY_MESSAGES"))
	if err != nil {
		n = 100_000
	}
	dir := os.Getenv("MEMORY_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	m := open(b, filepath.Join(dir, fmt.Sprint("memory-", n)), memory.Config{})
	begun := time.Now()
	end, _ := load(b, m)
	for from := int(end); from < n; from += 1000 {
		remember(b, m, domain.Position(from+1000), messages(from, from+1000), nil)
	}
	if int(end) < n {
		b.Logf("%d messages remembered, %v each", n-int(end), time.Since(begun)/time.Duration(n-int(end)))
	}
	return m, n
}

func BenchmarkFind(b *testing.B) {
	m, n := filled(b)
	for _, size := range []int{1, 100, 2000} {
		for _, known := range []bool{false, true} {
			b.Run(fmt.Sprintf("known=%v/batch=%d", known, size), func(b *testing.B) {
				random := rand.New(rand.NewPCG(1, 2))
				keys := make([]commands.MessageKey, size)
				b.ReportAllocs()
				b.ResetTimer()
				for done := 0; done < b.N; done += size {
					for i := range keys {
						if known {
							keys[i] = keyOf(random.IntN(n))
						} else {
							keys[i] = keyOf(-1 - int(random.Int32()))
						}
					}
					find(b, m, keys...)
				}
			})
		}
	}
}

func BenchmarkRemember(b *testing.B) {
	m := open(b, filepath.Join(b.TempDir(), "memory"), memory.Config{})
	for _, size := range []int{1, 100, 2000} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			all := messages(0, size)
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				for i := range all {
					all[i].Key = keyOf(done + i)
				}
				remember(b, m, domain.Position(done), all, nil)
			}
		})
	}
}

// BenchmarkFindAndRemember is what recording does: ask for messages that are new, then remember them.
func BenchmarkFindAndRemember(b *testing.B) {
	const size = 1000
	m, n := filled(b)
	next := n + int(rand.Int32())
	var finding, remembering time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += size {
		b.StopTimer()
		all, keys := messages(next, next+size), keysOf(next, next+size)
		next += size
		b.StartTimer()
		begun := time.Now()
		find(b, m, keys...)
		found := time.Now()
		remember(b, m, domain.Position(n), all, nil)
		finding, remembering = finding+found.Sub(begun), remembering+time.Since(found)
	}
	b.ReportMetric(float64(finding.Nanoseconds())/float64(b.N), "find-ns/op")
	b.ReportMetric(float64(remembering.Nanoseconds())/float64(b.N), "remember-ns/op")
}
