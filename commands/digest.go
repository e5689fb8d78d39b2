package commands

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// messageKey gives the key under which a message is remembered for ever.
func messageKey(source, id string) MessageKey {
	var short [192]byte
	b := append(short[:0], source...)
	b = append(append(b, 0), id...)
	sum := sha256.Sum256(b)
	return MessageKey(sum[:16])
}

// plainDigest tells messages apart by what is not personal in them. All of it stands in the recorded event, so that the digest
// can be made again from the log.
func plainDigest(a *Action) ([8]byte, error) {
	if a.Says == nil {
		return actionDigest(a.Action), nil
	}
	return statementDigest(a.Time, a.Says.About(dossier.Of{Controller: a.Controller}, a.Action, a.ID))
}

// statementDigest is the digest of a statement about nobody in particular.
func statementDigest(at time.Time, fact domain.Fact) (digest [8]byte, err error) {
	if asked, is := fact.(dossier.AnswerRecorded); is {
		// When it was asked is no part of what was, and the answer is the ledger's.
		fact, at = asked.Question(), time.Time{}
	}
	data, err := json.Marshal(fact, json.Deterministic(true))
	if err != nil {
		return digest, errors.Wrap(err, "digest of a statement")
	}
	b := binary.BigEndian.AppendUint64([]byte(fact.EventType()+"\x00"), uint64(at.UnixNano()))
	sum := sha256.Sum256(append(b, data...))
	copy(digest[:], sum[:])
	return digest, nil
}

func actionDigest(a dossier.Action) (digest [8]byte) {
	var short [512]byte
	b := binary.BigEndian.AppendUint64(short[:0], uint64(a.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(a.Time.Nanosecond()))
	for _, s := range [...]string{
		string(a.Operation), string(a.Instruction), a.System, string(a.Location), string(a.Recipient), a.Order, string(a.Stated), a.From, a.Announced,
	} {
		b = append(append(b, s...), 0)
	}
	for _, c := range a.Categories {
		b = append(append(b, c...), 0)
	}
	sum := sha256.Sum256(b)
	copy(digest[:], sum[:])
	return digest
}

// personalDigest tells actions apart by whose data they touch and by their details. Both rest on what a forgotten person's
// dossier loses, so the digest says nothing about anybody afterwards.
func personalDigest(ctx context.Context, v Vault, subjects []domain.SubjectKey, details domain.Personal) (digest [8]byte, err error) {
	var short [256]byte
	b := short[:0]
	for _, key := range subjects {
		b = binary.BigEndian.AppendUint64(b, uint64(key))
	}
	if !details.IsZero() {
		mac, err := v.Digest(ctx, subjects[0], []byte(details.Reveal()))
		if err != nil {
			return digest, errors.Wrap(err, "digest of details")
		}
		b = append(b, mac[:]...)
	}
	sum := sha256.Sum256(b)
	copy(digest[:], sum[:])
	return digest, nil
}

// millis cuts a time to what is recorded of it.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
