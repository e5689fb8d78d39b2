package natsvault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// atOnce bounds the questions of one call that wait for their answers.
const atOnce = 64

// Resolve implements commands.Vault. Beside its errors it returns domain.ErrInvalid for an identifier or a controller that could not
// be parsed. Where everything is known already, nothing is written.
func (v *Vault) Resolve(ctx context.Context, lookups []commands.Lookup) ([]domain.SubjectKey, error) {
	for i := range lookups {
		if err := check(lookups[i]); err != nil {
			return nil, err
		}
	}
	found := make([]domain.SubjectKey, len(lookups))
	macs := make([]dossierkey.MAC, len(lookups))
	places := map[dossierkey.MAC][]int{}
	for i, l := range lookups {
		key, err := v.indexKey(ctx, l.Controller, l.Open)
		if err != nil {
			return nil, errors.Wrap(err, "find people")
		}
		if key == nil {
			continue // a controller without dossiers
		}
		macs[i] = macOf(key, l.Identifier)
		if found[i] = v.people.lead(macs[i]); found[i] == 0 {
			places[macs[i]] = append(places[macs[i]], i)
		}
	}
	now := uint64(v.config.Now().UnixNano())
	var mu sync.Mutex // guards found
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(atOnce)
	for mac, at := range places {
		asking.Go(func() error {
			opens := false
			for _, i := range at {
				opens = opens || lookups[i].Open
			}
			key, err := v.lead(ctx, mac, lookups[at[0]].Identifier, opens, now+uint64(at[0]))
			mu.Lock()
			defer mu.Unlock()
			for _, i := range at {
				found[i] = key
			}
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, errors.Wrap(err, "find people")
	}
	return found, nil
}

func check(l commands.Lookup) error {
	id := l.Identifier
	if id.Kind == "" || len(id.Kind) > domain.MaxName || id.Value.IsZero() || len(id.Value.Reveal()) > domain.MaxIdentifierBytes {
		return errors.Wrap(domain.ErrInvalid, "identifier for a shared vault was not parsed")
	}
	_, err := domain.ParseName[domain.ControllerID](string(l.Controller))
	return errors.Wrap(err, "controller")
}

// lead gives the subject key that an index entry leads to, and opens a dossier, of that age, where it leads nowhere and opens is set.
func (v *Vault) lead(ctx context.Context, mac dossierkey.MAC, id domain.Identifier, opens bool, age uint64) (domain.SubjectKey, error) {
	for {
		since := v.people.since()
		key, _, err := v.follow(ctx, mac)
		if err != nil || key == 0 && !opens {
			return 0, err
		}
		if key == 0 {
			if err := v.open(ctx, mac, id, age); err != nil {
				return 0, err
			}
			continue // another process may have been faster
		}
		v.people.putLead(since, mac, key)
		return key, nil
	}
}

// follow reads where an index entry leads. An entry of somebody who was forgotten, but whose destruction was interrupted, is
// destroyed, and leads nowhere.
func (v *Vault) follow(ctx context.Context, mac dossierkey.MAC) (domain.SubjectKey, entry, error) {
	e, found, err := v.bucket.get(ctx, "index."+text(mac))
	if err != nil || !found {
		return 0, entry{}, err
	}
	if len(e.value) < keyBytes {
		return 0, entry{}, errors.AssertionFailedf("entry %d of the shared vault is damaged", errors.Safe(e.seq))
	}
	key := domain.SubjectKey(binary.BigEndian.Uint64(e.value))
	gone, err := v.isForgotten(ctx, key)
	if err == nil && gone {
		return 0, entry{}, v.bucket.destroy(ctx, e.seq)
	}
	return key, e, err
}

// open makes a dossier for an index entry that leads nowhere. The key is written before what leads to it; where another process was
// faster, the key that nobody leads to is destroyed.
func (v *Vault) open(ctx context.Context, mac dossierkey.MAC, id domain.Identifier, age uint64) error {
	var raw dossierkey.Raw
	defer clear(raw[:])
	var drawn [keyBytes]byte
	if _, err := io.ReadFull(v.config.Random, raw[:]); err != nil {
		return errors.Wrap(err, "make a data key for a shared vault")
	}
	if _, err := io.ReadFull(v.config.Random, drawn[:]); err != nil {
		return errors.Wrap(err, "make a subject key for a shared vault")
	}
	key := domain.SubjectKey(binary.BigEndian.Uint64(drawn[:]) >> 1)
	if key == 0 {
		return nil // drawn again
	}
	ready, err := dossierkey.New(&raw)
	if err != nil {
		return err
	}
	value := v.kek.AppendWrap(binary.BigEndian.AppendUint64(mac[:], age), raw[:], owner(key))
	made, err := v.bucket.create(ctx, "dossier."+name(key), value)
	if err != nil || !made {
		return err // a key that was given out, or our own after an answer that was lost: another is drawn
	}
	won, err := v.enter(ctx, mac, key, ready, id)
	if err != nil || won {
		return err
	}
	return v.destroyDossier(ctx, key)
}

// enter makes an index entry lead to a dossier, and says whether it does.
func (v *Vault) enter(ctx context.Context, mac dossierkey.MAC, key domain.SubjectKey, ready *dossierkey.Key, id domain.Identifier) (bool, error) {
	if _, err := v.bucket.create(ctx, "known."+name(key)+"."+text(mac), nil); err != nil {
		return false, err
	}
	value := ready.AppendIdentifier(binary.BigEndian.AppendUint64(nil, uint64(key)), mac, id)
	if made, err := v.bucket.create(ctx, "index."+text(mac), value); err != nil || made {
		return made, err
	}
	leads, _, err := v.follow(ctx, mac)
	return leads == key, err
}

// indexKey gives the key of a controller's blind index, nil where it has none and make is not set.
func (v *Vault) indexKey(ctx context.Context, controller domain.ControllerID, make bool) ([]byte, error) {
	v.mu.Lock()
	known := v.controllers[controller]
	v.mu.Unlock()
	if known != nil {
		return known, nil
	}
	size := 0
	if make {
		size = sha256.Size
	}
	key, err := v.wrapped(ctx, "controller."+string(controller), []byte("index:"+string(controller)), size)
	if err != nil || key == nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.controllers[controller] = key
	return key, nil
}

func macOf(key []byte, id domain.Identifier) dossierkey.MAC {
	h := hmac.New(sha256.New, key)
	plain := dossierkey.AppendText(nil, id)
	_, _ = h.Write(plain) // never fails
	clear(plain)
	return dossierkey.MAC(h.Sum(nil))
}

const keyBytes = 8

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// text writes an index entry as a part of a key.
func text(mac dossierkey.MAC) string { return strings.ToLower(letters.EncodeToString(mac[:])) }

// parse reads what text wrote.
func parse(s string, mac *dossierkey.MAC) error {
	if n, err := letters.Decode(mac[:], []byte(strings.ToUpper(s))); err != nil || n != len(mac) {
		return errors.AssertionFailedf("an index entry of the shared vault cannot be read")
	}
	return nil
}

// name writes a subject key as a part of a key.
func name(key domain.SubjectKey) string { return strconv.FormatUint(uint64(key), 36) }

// owner is what a data key is bound to.
func owner(key domain.SubjectKey) []byte {
	return binary.BigEndian.AppendUint64([]byte("dossier:"), uint64(key))
}
