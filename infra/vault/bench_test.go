package vault_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault"
)

// people is how many dossiers there are before a benchmark begins: VAULT_PEOPLE, 20,000 where it is not set. The vault is
// made once and kept in VAULT_DIR where that is set.
func people(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("VAULT_PEOPLE"))
	if err != nil {
		return 20_000
	}
	return n
}

func filled(b *testing.B, config vault.Config) placed {
	b.Helper()
	dir := os.Getenv("VAULT_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	dir = filepath.Join(dir, fmt.Sprint("vault-", people(b)))
	filled := vault.Exists(dir)
	v := open(b, dir, config)
	for from := 0; from < people(b) && !filled; from += 1000 {
		resolve(b, v, lookups(b, from, from+1000))
	}
	return v
}

func BenchmarkResolve(b *testing.B) {
	for _, size := range []int{1, 100, 2000} {
		for name, config := range map[string]vault.Config{"cached": {}, "uncached": {IndexCache: 1}} {
			b.Run(fmt.Sprint(name, "/batch=", size), func(b *testing.B) {
				v, n := filled(b, config), people(b)
				all := lookups(b, 0, n)
				if name == "cached" {
					for from := 0; from < n; from += 2000 {
						resolve(b, v, all[from:min(from+2000, n)])
					}
				}
				random := rand.New(rand.NewPCG(1, 2))
				asked := make([]commands.Lookup, size)
				b.ReportAllocs()
				b.ResetTimer()
				for done := 0; done < b.N; done += size {
					for i := range asked {
						asked[i] = all[random.IntN(n)]
					}
					resolve(b, v, asked)
				}
			})
		}
	}
}

func BenchmarkCreate(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			v, next := filled(b, vault.Config{}), 1<<30+rand.IntN(1<<29)
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				b.StopTimer()
				asked := lookups(b, next, next+size)
				next += size
				b.StartTimer()
				resolve(b, v, asked)
			}
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	text := domain.NewPersonal(fmt.Sprintf("%0200d", 7))
	for name, config := range map[string]vault.Config{"cached": {}, "uncached": {KeyCache: 1, ReadyCache: 1}, "raw": {ReadyCache: 1}} {
		b.Run(name, func(b *testing.B) {
			v, n := filled(b, config), people(b)
			if name != "uncached" {
				n = min(n, 4000)
			}
			var found []domain.SubjectKey
			for all := lookups(b, 0, n); len(all) > 0; all = all[min(2000, len(all)):] {
				found = append(found, resolve(b, v, all[:min(2000, len(all))])...)
			}
			random := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, err := v.Seal(b.Context(), found[random.IntN(n)], "0199a0c2-0000-7000-8000-000000000000", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkForget(b *testing.B) {
	v := filled(b, vault.Config{})
	found := resolve(b, v, lookups(b, 1<<31, 1<<31+b.N))
	b.ResetTimer()
	for _, key := range found {
		if err := v.Forget(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	if err := filled(b, vault.Config{}).Close(); err != nil {
		b.Fatal(err)
	}
	if os.Getenv("VAULT_DIR") == "" {
		b.Skip("needs VAULT_DIR")
	}
	for range b.N {
		if err := filled(b, vault.Config{}).Close(); err != nil {
			b.Fatal(err)
		}
	}
}
