package natsvault

import (
	"sync"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// people remembers data keys that are ready for use, and where index entries lead, until somebody is forgotten.
type people struct {
	mu      sync.Mutex
	most    int
	keys    map[domain.SubjectKey]*dossierkey.Key
	index   map[dossierkey.MAC]domain.SubjectKey
	changes uint64 // counts what was dropped
}

func newPeople(most int) *people {
	p := &people{most: most}
	p.clear()
	return p
}

// since gives a number that changes whenever somebody is dropped: what was read before is not remembered after.
func (p *people) since() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}

func (p *people) key(key domain.SubjectKey) *dossierkey.Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[key]
}

func (p *people) lead(mac dossierkey.MAC) domain.SubjectKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.index[mac]
}

func (p *people) putKey(since uint64, key domain.SubjectKey, ready *dossierkey.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changes != since {
		return
	}
	trim(p.keys, p.most)
	p.keys[key] = ready
}

func (p *people) putLead(since uint64, mac dossierkey.MAC, key domain.SubjectKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changes != since {
		return
	}
	trim(p.index, p.most)
	p.index[mac] = key
}

// trim makes room for one more by dropping any.
func trim[K comparable, V any](m map[K]V, most int) {
	for k := range m {
		if len(m) < most {
			return
		}
		delete(m, k)
	}
}

// drop forgets one person. Index entries are few beside people who stay, and are found by looking at all of them.
func (p *people) drop(key domain.SubjectKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes++
	delete(p.keys, key)
	for mac, leads := range p.index {
		if leads == key {
			delete(p.index, mac)
		}
	}
}

func (p *people) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes++
	p.keys, p.index = map[domain.SubjectKey]*dossierkey.Key{}, map[dossierkey.MAC]domain.SubjectKey{}
}
