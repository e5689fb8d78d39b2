package natsvault

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

const (
	maxDossiers = 1024 // of one person
	maxEntries  = 1024 // of one dossier
)

// Keys implements commands.Vault.
func (v *Vault) Keys(ctx context.Context, controller domain.ControllerID, id domain.Identifier) ([]domain.SubjectKey, error) {
	key, _, err := v.known(ctx, controller, id)
	if err != nil {
		return nil, errors.Wrap(err, "keys of a person")
	}
	found, err := v.person(ctx, key)
	return found, errors.Wrap(err, "keys of a person")
}

// known gives the subject key and the index entry of an identifier. It returns domain.ErrNotFound.
func (v *Vault) known(ctx context.Context, controller domain.ControllerID, id domain.Identifier) (domain.SubjectKey, dossierkey.MAC, error) {
	if err := check(commands.Lookup{Controller: controller, Identifier: id}); err != nil {
		return 0, dossierkey.MAC{}, err
	}
	index, err := v.indexKey(ctx, controller, false)
	if err != nil {
		return 0, dossierkey.MAC{}, err
	}
	if index == nil {
		return 0, dossierkey.MAC{}, errors.WithStack(errNobody)
	}
	mac := macOf(index, id)
	key, _, err := v.follow(ctx, mac)
	if err == nil && key == 0 {
		err = errors.WithStack(errNobody)
	}
	return key, mac, err
}

// linked gives the keys of all dossiers of a person, in no order, those of the forgotten included.
func (v *Vault) linked(ctx context.Context, key domain.SubjectKey) ([]domain.SubjectKey, error) {
	all := []domain.SubjectKey{key}
	for next := 0; next < len(all); next++ {
		others, err := v.bucket.under(ctx, "linked."+name(all[next])+".")
		if err != nil {
			return nil, err
		}
		for _, other := range others {
			n, err := strconv.ParseUint(other, 36, 64)
			if err != nil {
				return nil, errors.AssertionFailedf("a link of the shared vault leads nowhere")
			}
			if !slices.Contains(all, domain.SubjectKey(n)) {
				all = append(all, domain.SubjectKey(n))
			}
		}
		if len(all) > maxDossiers {
			return nil, errors.WithStack(errTooMany)
		}
	}
	return all, nil
}

// person gives the keys of all dossiers of a person, oldest first. It returns domain.ErrForgotten.
func (v *Vault) person(ctx context.Context, key domain.SubjectKey) ([]domain.SubjectKey, error) {
	all, err := v.linked(ctx, key)
	if err != nil {
		return nil, err
	}
	age := make(map[domain.SubjectKey]uint64, len(all))
	for _, key := range all {
		d, err := v.dossier(ctx, key)
		if err != nil {
			return nil, err
		}
		age[key] = d.age
	}
	slices.SortFunc(all, func(a, b domain.SubjectKey) int { return cmp.Compare(age[a], age[b]) })
	return all, nil
}

// entries gives the index entries that lead to a dossier, in the order in which they became known.
func (v *Vault) entries(ctx context.Context, key domain.SubjectKey) (macs []dossierkey.MAC, found []entry, err error) {
	names, err := v.bucket.under(ctx, "known."+name(key)+".")
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		var mac dossierkey.MAC
		if err := parse(n, &mac); err != nil {
			return nil, nil, err
		}
		leads, e, err := v.follow(ctx, mac)
		if err != nil {
			return nil, nil, err
		}
		if leads == key { // not where entering it was interrupted or another was faster
			macs, found = append(macs, mac), append(found, e)
		}
	}
	return macs, found, nil
}

// Identifiers implements commands.Vault: those of the oldest dossier first, in the order in which they became known. It returns
// domain.ErrNotFound where the key was never given out.
func (v *Vault) Identifiers(ctx context.Context, key domain.SubjectKey) ([]domain.Identifier, error) {
	all, err := v.person(ctx, key)
	if err != nil {
		return nil, errors.Wrap(err, "identifiers of a person")
	}
	var known []domain.Identifier
	for _, key := range all {
		ready, err := v.ready(ctx, key)
		if err != nil {
			return nil, errors.Wrap(err, "identifiers of a person")
		}
		macs, found, err := v.entries(ctx, key)
		if err != nil {
			return nil, errors.Wrap(err, "identifiers of a person")
		}
		order := make([]int, len(found))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(found[a].seq, found[b].seq) })
		for _, i := range order {
			id, err := ready.Identifier(macs[i], found[i].value[keyBytes:])
			if err != nil {
				return nil, err
			}
			known = append(known, id)
		}
	}
	return known, nil
}

// Link implements commands.Vault. It returns domain.ErrConflict where one person would get more than 1,024 dossiers, or one dossier
// more than 1,024 identifiers.
func (v *Vault) Link(ctx context.Context, controller domain.ControllerID, known, also domain.Identifier) ([]domain.SubjectKey, error) {
	joined, err := v.link(ctx, controller, known, also)
	return joined, errors.Wrap(err, "link identifiers")
}

func (v *Vault) link(ctx context.Context, controller domain.ControllerID, known, also domain.Identifier) ([]domain.SubjectKey, error) {
	if err := check(commands.Lookup{Controller: controller, Identifier: also}); err != nil {
		return nil, err
	}
	key, _, err := v.known(ctx, controller, known)
	if err != nil {
		return nil, err
	}
	other, mac, err := v.known(ctx, controller, also)
	if errors.Is(err, domain.ErrNotFound) {
		if other, err = v.alias(ctx, key, mac, also); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	joined, err := v.linked(ctx, key)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(joined, other) {
		theirs, err := v.linked(ctx, other)
		if err == nil && len(joined)+len(theirs) > maxDossiers {
			err = errors.WithStack(errTooMany)
		}
		if err != nil {
			return nil, err
		}
	}
	if other != key { // again where it was interrupted half-way
		for _, pair := range [][2]domain.SubjectKey{{key, other}, {other, key}} {
			if _, err := v.bucket.create(ctx, "linked."+name(pair[0])+"."+name(pair[1]), nil); err != nil {
				return nil, err
			}
		}
	}
	return v.person(ctx, key)
}

// alias makes an index entry lead to a dossier, and gives the key that it leads to: another's where another process was faster.
func (v *Vault) alias(ctx context.Context, key domain.SubjectKey, mac dossierkey.MAC, id domain.Identifier) (domain.SubjectKey, error) {
	names, err := v.bucket.under(ctx, "known."+name(key)+".")
	if err != nil {
		return 0, err
	}
	if len(names) > maxEntries {
		return 0, errors.WithStack(errTooMany)
	}
	ready, err := v.ready(ctx, key)
	if err != nil {
		return 0, err
	}
	if _, err := v.enter(ctx, mac, key, ready, id); err != nil {
		return 0, err
	}
	leads, _, err := v.follow(ctx, mac)
	if err == nil && leads == 0 { // the person was forgotten meanwhile
		err = errors.WithStack(errNobody)
	}
	return leads, err
}
