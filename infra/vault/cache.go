package vault

import (
	"encoding/binary"
	"sync"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// ways is how many places of a flat cache an entry can be in. Where all are taken, one is replaced, chosen by the entry
// itself. Flat caches are one piece of memory without pointers, so that a million entries are nothing to the collector.
const ways = 4

// sets gives how many sets of entries fit into as many bytes: a power of two.
func sets(bytes, entry int) uint64 {
	n := uint64(1)
	for int(n)*2*ways*entry <= bytes {
		n *= 2
	}
	return n
}

// indexCache remembers where index entries lead. Of an entry it keeps 64 bits beside the 18 or so that choose the set: that
// two of a million people are taken for each other is about as likely as that a bit of memory flips unnoticed.
type indexCache struct {
	mu sync.RWMutex
	at []indexed
}

type indexed struct {
	tag uint64
	key domain.SubjectKey
}

func newIndexCache(bytes int) *indexCache {
	return &indexCache{at: make([]indexed, sets(bytes, 16)*ways)}
}

func tagOf(mac *dossierkey.MAC) uint64 { return binary.LittleEndian.Uint64(mac[:]) }

func (c *indexCache) set(mac *dossierkey.MAC) []indexed {
	n := binary.LittleEndian.Uint64(mac[8:]) % uint64(len(c.at)/ways)
	return c.at[n*ways:][:ways]
}

// fill sets the keys whose entry is known, and appends the places of the others to misses.
func (c *indexCache) fill(macs []dossierkey.MAC, keys []domain.SubjectKey, misses []int) []int {
	c.mu.RLock()
	defer c.mu.RUnlock()
next:
	for i := range macs {
		for _, e := range c.set(&macs[i]) {
			if e.tag == tagOf(&macs[i]) && e.key != 0 {
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
		set, tag := c.set(&macs[i]), tagOf(&macs[i])
		victim := int(tag % ways)
		for n := range set {
			if set[n].key == 0 || set[n].tag == tag {
				victim = n
				break
			}
		}
		set[victim] = indexed{tag, keys[i]}
	}
}

func (c *indexCache) drop(mac dossierkey.MAC) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set(&mac)
	for n := range set {
		if set[n].tag == tagOf(&mac) {
			set[n] = indexed{}
		}
	}
}

// rawCache remembers data keys. What is replaced or dropped is overwritten.
type rawCache struct {
	mu sync.Mutex
	at []rawKey
}

type rawKey struct {
	subject domain.SubjectKey
	raw     dossierkey.Raw
}

func newRawCache(bytes int) *rawCache {
	return &rawCache{at: make([]rawKey, sets(bytes, 40)*ways)}
}

// set takes the lower bits of the subject key, which is random.
func (c *rawCache) set(subject domain.SubjectKey) []rawKey {
	n := uint64(subject) % uint64(len(c.at)/ways)
	return c.at[n*ways:][:ways]
}

func (c *rawCache) get(subject domain.SubjectKey, raw *dossierkey.Raw) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set(subject)
	for n := range set {
		if set[n].subject == subject {
			*raw = set[n].raw
			return true
		}
	}
	return false
}

func (c *rawCache) put(subject domain.SubjectKey, raw *dossierkey.Raw) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set(subject)
	victim := int(subject>>60) % ways
	for n := range set {
		if set[n].subject == 0 || set[n].subject == subject {
			victim = n
			break
		}
	}
	set[victim] = rawKey{subject, *raw}
}

func (c *rawCache) drop(subject domain.SubjectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set(subject)
	for n := range set {
		if set[n].subject == subject {
			set[n] = rawKey{}
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
