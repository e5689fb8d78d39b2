package vault

import (
	"encoding/binary"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

const (
	buckets     = 1 << 16
	headsPerRow = 256

	slotSize   = dossierkey.MACSize + 8
	slotsAt    = 8 // after the next older block of the chain, or 0
	maxSlots   = 160
	maxBlock   = slotsAt + maxSlots*slotSize // fits a page of 4096 bytes
	maxChain   = 1 << 16
	firstSlots = 16
)

func bucketOf(mac dossierkey.MAC) uint16 { return binary.LittleEndian.Uint16(mac[:]) }

// slotsAfter says how many slots the block before a block gets: few in a small vault, and chains stay short in a large one.
func slotsAfter(slots int) int {
	switch slots {
	case 0:
		return firstSlots
	case 16:
		return 32
	case 32:
		return 80
	default:
		return maxSlots
	}
}

// blocks reads chains of blocks on one connection, within one transaction.
type blocks struct {
	conn   *sqlite.Conn
	loaded int64 // which block is in buffer, or 0
	size   int
	buffer [maxBlock]byte
}

// place is a slot of a block.
type place struct {
	block int64
	slot  int
}

func (b *blocks) load(id int64) error {
	if b.loaded == id {
		return nil
	}
	b.loaded = 0
	stmt, err := b.conn.Prepare(selectBlock)
	if err != nil {
		return err
	}
	stmt.BindInt64(1, id)
	found, err := stmt.Step()
	if err != nil {
		return err
	}
	if found {
		b.size = stmt.ColumnLen(0)
	}
	if !found || b.size < slotsAt || b.size > maxBlock || (b.size-slotsAt)%slotSize != 0 {
		return errors.AssertionFailedf("block %d of the vault's index is missing or damaged", errors.Safe(id))
	}
	stmt.ColumnBytes(0, b.buffer[:b.size])
	b.loaded = id
	return stmt.Reset()
}

func (b *blocks) slots() int        { return (b.size - slotsAt) / slotSize }
func (b *blocks) slot(n int) []byte { return b.buffer[slotsAt+n*slotSize:][:slotSize] }

// find looks for an index entry in a chain. Where it is not there, at is a slot that is free, if the chain has one.
func (b *blocks) find(head int64, mac dossierkey.MAC) (key domain.SubjectKey, at place, err error) {
	for id, steps := head, 0; id != 0; steps++ {
		if err := b.load(id); err != nil {
			return 0, place{}, err
		}
		for n := range b.slots() {
			slot := b.slot(n)
			key := domain.SubjectKey(integerAt(slot, dossierkey.MACSize))
			if key != 0 && dossierkey.MAC(slot) == mac {
				return key, place{id, n}, nil
			}
			if key == 0 && at.block == 0 {
				at = place{id, n}
			}
		}
		if id = integerAt(b.buffer[:], 0); steps == maxChain {
			return 0, place{}, errors.AssertionFailedf("a chain of the vault's index does not end")
		}
	}
	return 0, at, nil
}

// put overwrites one slot; key 0 and a zero entry free it.
func (b *blocks) put(at place, mac dossierkey.MAC, key domain.SubjectKey) error {
	if err := b.load(at.block); err != nil {
		return err
	}
	slot := b.slot(at.slot)
	copy(slot, mac[:])
	putInteger(slot, dossierkey.MACSize, int64(key))
	return run(b.conn, updateBlock, at.block, b.buffer[:b.size])
}

// grow puts a new block with one entry before the chain that begins at head, and gives its id, which is the head then.
func (b *blocks) grow(head int64, mac dossierkey.MAC, key domain.SubjectKey) (int64, error) {
	slots := 0
	if head != 0 {
		if err := b.load(head); err != nil {
			return 0, err
		}
		slots = b.slots()
	}
	b.loaded = 0
	b.size = slotsAt + slotsAfter(slots)*slotSize
	clear(b.buffer[:b.size])
	putInteger(b.buffer[:], 0, head)
	copy(b.slot(0), mac[:])
	putInteger(b.slot(0), dossierkey.MACSize, int64(key))
	if err := run(b.conn, insertBlock, b.buffer[:b.size]); err != nil {
		return 0, err
	}
	b.loaded = b.conn.LastInsertRowID()
	return b.loaded, nil
}
