package main

import (
	"context"

	"github.com/jigowatt/daybook/scripts/bench/ledger"
)

// openProduct builds and starts the ledger. It returns nil where there is none to build yet.
func openProduct(ctx context.Context, dir string) (product, error) {
	binary, err := ledger.Build(ctx, dir)
	if err != nil || binary == "" {
		return nil, err
	}
	httpPort, err := freePort()
	if err != nil {
		return nil, err
	}
	natsPort, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := ledger.Start(ctx, binary, dir, httpPort, natsPort)
	if err != nil {
		return nil, err // not a nil *Process inside a product
	}
	return p, nil
}
