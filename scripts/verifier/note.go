package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The kinds of Ed25519 keys in C2SP signed-note: that of a log, and that of a witness, which signs with the time.
const (
	logKey     = 1
	witnessKey = 4
)

// verifierKey is a key as C2SP signed-note writes it: name+number+key.
type verifierKey struct {
	name   string
	number []byte
	public ed25519.PublicKey
}

func parseKey(text string, kind byte) (verifierKey, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), "+")
	number, encoded, _ := strings.Cut(rest, "+")
	id, err1 := hex.DecodeString(number)
	public, err2 := base64.StdEncoding.Strict().DecodeString(encoded)
	if name == "" || err1 != nil || err2 != nil || len(id) != 4 || len(public) != 1+ed25519.PublicKeySize || public[0] != kind {
		return verifierKey{}, fmt.Errorf("not an Ed25519 verifier key of this kind, written name+number+key")
	}
	if want := sha256.Sum256(append([]byte(name+"\n"), public...)); !bytes.Equal(id, want[:4]) {
		return verifierKey{}, fmt.Errorf("the number in the key is not that of the key")
	}
	return verifierKey{name, id, public[1:]}, nil
}

// text writes the key as parseKey reads it.
func (k verifierKey) text() string {
	return fmt.Sprintf("%s+%x+%s", k.name, k.number, base64.StdEncoding.EncodeToString(append([]byte{logKey}, k.public...)))
}

// checkpoint is a signed tree head (C2SP tlog-checkpoint).
type checkpoint struct {
	origin string
	size   uint64
	root   [32]byte
}

// openCheckpoint reads a signed tree head, and counts the witnesses who cosigned it. The log must have signed it.
func openCheckpoint(note []byte, log verifierKey, witnesses []verifierKey) (c checkpoint, seen int) {
	text, signatures, cut := strings.Cut(string(note), "\n\n")
	text += "\n"
	if !cut || !strings.HasSuffix(signatures, "\n") {
		bad("the checkpoint is cut off")
	}
	signed, cosigned := false, map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(signatures, "\n"), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" {
			bad("the checkpoint has a line that is not a signature")
		}
		signature, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err != nil || len(signature) < 4 {
			bad("the checkpoint has a signature that cannot be read")
		}
		number, signature := signature[:4], signature[4:]
		if parts[1] == log.name && bytes.Equal(number, log.number) {
			if !ed25519.Verify(log.public, []byte(text), signature) {
				bad("the signature of the checkpoint is false")
			}
			signed = true
		}
		for _, w := range witnesses {
			if parts[1] == w.name && bytes.Equal(number, w.number) {
				if !w.cosigned(text, signature) {
					bad("the cosignature of %s is false", w.name)
				}
				cosigned[string(w.public)] = true
			}
		}
	}
	lines := strings.Split(text, "\n")
	if !signed || len(lines) < 4 || lines[0] != log.name {
		bad("the checkpoint is not signed with the key")
	}
	size, err1 := strconv.ParseUint(lines[1], 10, 63)
	hash, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err1 != nil || err2 != nil || len(hash) != len(c.root) {
		bad("the checkpoint does not give a size and a root")
	}
	return checkpoint{log.name, size, [32]byte(hash)}, len(cosigned)
}

// demand reads a checkpoint that as many of the witnesses as are demanded must have cosigned.
func demand(note []byte, log verifierKey, witnesses []verifierKey, demanded int) checkpoint {
	c, seen := openCheckpoint(note, log, witnesses)
	if seen < demanded {
		bad("%d of the witnesses cosigned the checkpoint, and %d are demanded", seen, demanded)
	}
	return c
}

// cosigned checks a signature of C2SP cosignature/v1: eight bytes of time, and what signs the time and the checkpoint.
func (w verifierKey) cosigned(text string, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.public, []byte(message), signature[8:])
}
