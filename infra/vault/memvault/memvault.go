// Package memvault is the twin of the vault that keeps everything in memory: for tests, with faults to order, and for trying
// things out. It seals with real keys, so that what is forgotten is really gone.
//
// It deliberately keeps nothing on disk and wraps no keys.
package memvault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Fault is what goes wrong with one call of Resolve.
type Fault int

const (
	// None lets the call succeed.
	None Fault = iota
	// Fails does nothing and reports domain.ErrUnavailable.
	Fails
	// HappensButFails opens the dossiers and reports domain.ErrUnavailable nevertheless.
	HappensButFails
)

var (
	errOrdered    = errors.Wrap(domain.ErrUnavailable, "a fault that the test ordered")
	errNobody     = errors.Wrap(domain.ErrNotFound, "no such identifier in memory")
	errNeverGiven = errors.Wrap(domain.ErrNotFound, "no such subject key in memory")
)

// Vault is a vault in memory. All methods may be called concurrently.
type Vault struct {
	mu       sync.Mutex // over everything below
	entries  map[entry]domain.SubjectKey
	dossiers map[domain.SubjectKey]*dossier // nil where forgotten
	opened   int
	secrets  map[string][]byte
	faults   []Fault
}

type entry struct {
	controller domain.ControllerID
	text       string
}

type dossier struct {
	number  int
	key     *dossierkey.Key
	person  *person
	known   []domain.Identifier
	entries []entry
}

// person is shared by all dossiers that were linked.
type person struct{ keys []domain.SubjectKey }

var _ commands.Vault = (*Vault)(nil)

// New gives an empty vault.
func New() *Vault {
	return &Vault{
		entries:  make(map[entry]domain.SubjectKey),
		dossiers: make(map[domain.SubjectKey]*dossier),
		secrets:  make(map[string][]byte),
	}
}

// Order sets what goes wrong with the next calls of Resolve, one fault for each.
func (v *Vault) Order(faults ...Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faults = append(v.faults, faults...)
}

func entryOf(controller domain.ControllerID, id domain.Identifier) entry {
	return entry{controller, string(dossierkey.AppendText(nil, id))}
}

func check(id domain.Identifier) error {
	if id.Kind == "" || id.Value.IsZero() {
		return errors.Wrap(domain.ErrInvalid, "identifier without kind or value")
	}
	return nil
}

// Resolve implements commands.Vault.
func (v *Vault) Resolve(ctx context.Context, lookups []commands.Lookup) ([]domain.SubjectKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, errors.Mark(errors.Wrap(err, "resolve in memory"), domain.ErrUnavailable)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	fault := None
	if len(v.faults) > 0 {
		fault, v.faults = v.faults[0], v.faults[1:]
	}
	if fault == Fails {
		return nil, errors.WithStack(errOrdered)
	}
	for _, lookup := range lookups {
		if err := check(lookup.Identifier); err != nil {
			return nil, err
		}
		if _, err := domain.ParseName[domain.ControllerID](string(lookup.Controller)); err != nil {
			return nil, errors.Wrap(err, "controller in memory")
		}
	}
	found := make([]domain.SubjectKey, len(lookups))
	for i, lookup := range lookups {
		at := entryOf(lookup.Controller, lookup.Identifier)
		found[i] = v.entries[at]
		if found[i] == 0 && lookup.Open {
			key, err := v.open(at, lookup.Identifier)
			if err != nil {
				return nil, err
			}
			found[i] = key
		}
	}
	if fault == HappensButFails {
		return nil, errors.WithStack(errOrdered)
	}
	return found, nil
}

func (v *Vault) open(at entry, id domain.Identifier) (domain.SubjectKey, error) {
	var raw dossierkey.Raw
	defer clear(raw[:])
	for {
		_, _ = rand.Read(raw[:]) // never fails
		key := domain.SubjectKey(binary.LittleEndian.Uint64(raw[:]) >> 1)
		_, _ = rand.Read(raw[:])
		if _, given := v.dossiers[key]; given || key == 0 {
			continue
		}
		ready, err := dossierkey.New(&raw)
		if err != nil {
			return 0, err
		}
		v.opened++
		v.dossiers[key] = &dossier{v.opened, ready, &person{[]domain.SubjectKey{key}}, []domain.Identifier{id}, []entry{at}}
		v.entries[at] = key
		return key, nil
	}
}

// find gives the dossier of a key.
func (v *Vault) find(key domain.SubjectKey) (*dossier, error) {
	d, given := v.dossiers[key]
	switch {
	case !given:
		return nil, errors.WithStack(errNeverGiven)
	case d == nil:
		return nil, errors.WithStack(domain.ErrForgotten)
	default:
		return d, nil
	}
}

// Keys implements commands.Vault.
func (v *Vault) Keys(_ context.Context, controller domain.ControllerID, id domain.Identifier) ([]domain.SubjectKey, error) {
	if err := check(id); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	key := v.entries[entryOf(controller, id)]
	if key == 0 {
		return nil, errors.WithStack(errNobody)
	}
	return slices.Clone(v.dossiers[key].person.keys), nil
}

// Identifiers implements commands.Vault.
func (v *Vault) Identifiers(_ context.Context, key domain.SubjectKey) ([]domain.Identifier, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.find(key)
	if err != nil {
		return nil, err
	}
	var known []domain.Identifier
	for _, key := range d.person.keys {
		known = append(known, v.dossiers[key].known...)
	}
	return known, nil
}

// Link implements commands.Vault.
func (v *Vault) Link(_ context.Context, controller domain.ControllerID, known, also domain.Identifier) ([]domain.SubjectKey, error) {
	if err := errors.CombineErrors(check(known), check(also)); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	key := v.entries[entryOf(controller, known)]
	if key == 0 {
		return nil, errors.WithStack(errNobody)
	}
	first, at := v.dossiers[key], entryOf(controller, also)
	if other := v.entries[at]; other == 0 {
		v.entries[at] = key
		first.known, first.entries = append(first.known, also), append(first.entries, at)
	} else if second := v.dossiers[other]; second.person != first.person {
		first.person.keys = append(first.person.keys, second.person.keys...)
		slices.SortFunc(first.person.keys, func(a, b domain.SubjectKey) int { return v.dossiers[a].number - v.dossiers[b].number })
		for _, key := range first.person.keys {
			v.dossiers[key].person = first.person
		}
	}
	return slices.Clone(first.person.keys), nil
}

// Forget implements commands.Vault.
func (v *Vault) Forget(_ context.Context, key domain.SubjectKey) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.find(key)
	if err != nil {
		if errors.Is(err, domain.ErrForgotten) {
			return nil
		}
		return err
	}
	for _, key := range d.person.keys {
		for _, at := range v.dossiers[key].entries {
			delete(v.entries, at)
		}
		v.dossiers[key] = nil
	}
	return nil
}
