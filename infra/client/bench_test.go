package client_test

import (
	"testing"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
)

func BenchmarkRecordAsync(b *testing.B) {
	for name, opts := range map[string][]client.Option{"memory": {client.WithQueue(1 << 30)}, "spool": {client.WithSpool(b.TempDir()), client.WithSpoolLimit(1 << 40)}} {
		b.Run(name, func(b *testing.B) {
			l := clienttest.New(b)
			c, err := client.Connect(b.Context(), l.URL(), append(opts, client.WithController("acme"), client.WithService("billing"))...)
			if err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(32)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.RecordAsync(stored("a:b")); err != nil {
						b.Fatal(err)
					}
				}
			})
			if err := c.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := c.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
