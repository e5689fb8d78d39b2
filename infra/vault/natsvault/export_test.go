package natsvault

import (
	"context"

	"github.com/jigowatt/daybook/domain"
)

// Traces gives what must be nowhere once a person was forgotten: the wrapped key, and each index entry as it is, as a part of a key,
// and with the sealed identifier.
func (v *Vault) Traces(ctx context.Context, key domain.SubjectKey) ([][]byte, error) {
	d, err := v.dossier(ctx, key)
	if err != nil {
		return nil, err
	}
	traces := [][]byte{d.wrapped}
	macs, found, err := v.entries(ctx, key)
	for i, mac := range macs {
		traces = append(traces, mac[:], []byte(text(mac)), found[i].value[keyBytes:])
	}
	return traces, err
}

// Remembers says whether a person's key or index entries are in memory.
func (v *Vault) Remembers(key domain.SubjectKey) bool {
	v.people.mu.Lock()
	defer v.people.mu.Unlock()
	for _, leads := range v.people.index {
		if leads == key {
			return true
		}
	}
	return v.people.keys[key] != nil
}

// SayForgotten does the first step of forgetting and no more, as a process would that ends there.
func (v *Vault) SayForgotten(ctx context.Context, key domain.SubjectKey) error {
	_, err := v.bucket.create(ctx, "forgotten."+name(key), nil)
	v.people.drop(key)
	return err
}
