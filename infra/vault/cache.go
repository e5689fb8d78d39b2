package vault

import (
	"encoding/binary"
	"sync"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// indexCache remembers where index entries lead. It is one flat piece of memory without pointers, four places for each entry
// to be in; where all four are taken, one of them is replaced, chosen by the entry itself.
type indexCache struct {
	mu   sync.RWMutex
	sets uint64 // a power of two
	at   []indexed
}

type indexed struct {
	mac dossierkey.MAC
	key domain.SubjectKey
}

const (
	ways        = 4
	indexedSize = dossierkey.MACSize + 8
)

func newIndexCache(bytes int) *indexCache {
	sets := uint64(1)
	for int(sets)*2*ways*indexedSize <= bytes {
		sets *= 2
	}
	return &indexCache{sets: sets, at: make([]indexed, sets*ways)}
}

// set skips the bytes that chose the bucket, which say nothing within a set otherwise.
func (c *indexCache) set(mac *dossierkey.MAC) []indexed {
	n := binary.LittleEndian.Uint64(mac[4:]) & (c.sets - 1)
	return c.at[n*ways:][:ways]
}

// fill sets the keys that are 0 and whose entry is known, and gives the places of the others.
func (c *indexCache) fill(macs []dossierkey.MAC, keys []domain.SubjectKey, misses []int) []int {
	c.mu.RLock()
	defer c.mu.RUnlock()
next:
	for i := range macs {
		for _, e := range c.set(&macs[i]) {
			if e.mac == macs[i] && e.key != 0 {
				keys[i] = e.key
				continue next
			}
		}
		misses = append(misses, i)
	}
	return misses
}

// put remembers the entries at the places given whose key is not 0.
func (c *indexCache) put(macs []dossierkey.MAC, keys []domain.SubjectKey, places []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range places {
		if keys[i] == 0 {
			continue
		}
		set := c.set(&macs[i])
		victim := int(macs[i][15]) % ways
		for n := range set {
			if set[n].key == 0 || set[n].mac == macs[i] {
				victim = n
				break
			}
		}
		set[victim] = indexed{macs[i], keys[i]}
	}
}

func (c *indexCache) drop(mac dossierkey.MAC) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set(&mac)
	for n := range set {
		if set[n].mac == mac {
			set[n] = indexed{}
		}
	}
}

// keyCache keeps data keys ready for use. Where it is full, the hand goes round and replaces the first key that was not used
// since the hand was there last.
type keyCache struct {
	mu   sync.Mutex
	at   map[domain.SubjectKey]int
	ring []cachedKey
	hand int
}

type cachedKey struct {
	subject domain.SubjectKey
	key     *dossierkey.Key
	used    bool
}

func newKeyCache(size int) *keyCache {
	return &keyCache{at: make(map[domain.SubjectKey]int, size), ring: make([]cachedKey, 0, size)}
}

func (c *keyCache) get(subject domain.SubjectKey) *dossierkey.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.at[subject]
	if !ok {
		return nil
	}
	c.ring[n].used = true
	return c.ring[n].key
}

func (c *keyCache) put(subject domain.SubjectKey, key *dossierkey.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.at[subject]; ok {
		c.ring[n].key = key
		return
	}
	if len(c.ring) < cap(c.ring) {
		c.at[subject] = len(c.ring)
		c.ring = append(c.ring, cachedKey{subject: subject, key: key})
		return
	}
	for c.ring[c.hand].used {
		c.ring[c.hand].used = false
		c.hand = (c.hand + 1) % len(c.ring)
	}
	delete(c.at, c.ring[c.hand].subject)
	c.ring[c.hand] = cachedKey{subject: subject, key: key}
	c.at[subject] = c.hand
	c.hand = (c.hand + 1) % len(c.ring)
}

// drop leaves the place empty until the hand comes round.
func (c *keyCache) drop(subject domain.SubjectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.at[subject]; ok {
		delete(c.at, subject)
		c.ring[n] = cachedKey{}
	}
}
