// Package keys finds the key-encryption key of a ledger and wraps other keys with it.
//
// The vault holds a random key for each person's dossier (Art. 25, 32(1)(a)). All of them are wrapped by one key that is kept
// apart from the data, so that a stolen or leftover copy of the data directory reads nothing.
//
// It deliberately holds nothing but that key: no person's key, no list of keys, and no network.
package keys
