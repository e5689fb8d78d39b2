package main

import (
	"context"

	"github.com/jigowatt/daybook/scripts/bench/ledger"
)

// openProduct starts the ledger, which it builds where no binary is given. It returns nil where there is none to build yet.
func openProduct(ctx context.Context, binary, dir string, place ledger.Place) (product, error) {
	if binary == "" {
		var err error
		if binary, err = ledger.Build(ctx, dir); err != nil || binary == "" {
			return nil, err
		}
	}
	httpPort, err := freePort()
	if err != nil {
		return nil, err
	}
	natsPort, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := ledger.Start(ctx, binary, dir, httpPort, natsPort, place)
	if err != nil {
		return nil, err // not a nil *Process inside a product
	}
	return p, nil
}
