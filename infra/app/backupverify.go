package app

import (
	"context"
	"encoding/json"
	"io"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/infra/witness"
)

// CheckedBackup says what was found in two backups.
type CheckedBackup struct {
	Manifest BackupManifest
	Head     Verified
	// People is how many keys the log names that it does not say were forgotten, and Forgotten of how many it does.
	People, Forgotten int
	// Keys says what the backup of the keys holds, nil where it was not looked at. Live is of how many people it has keys, and Missing how
	// many the log names whose keys it does not have.
	Keys          *BackupKeys
	Live, Missing int
	// Waited counts the messages that waited and were opened, and Closed those that do not open with the keys, or without any.
	Waited, Closed BackupWaiting
	// Newer is how many events a given checkpoint speaks of that is newer than the backup; 0 where none is.
	Newer domain.Position
}

// CheckBackup proves the backup of the log, and opens that of the keys, where one is named, as Restore does, and writes nothing. With a
// policy the checkpoint must be cosigned as that demands. It returns a *Damage with the first wrong position, ErrQuorum, and what Restore
// returns of what cannot be read.
func CheckBackup(ctx context.Context, cfg Config, r Restoring, policy []byte) (CheckedBackup, error) {
	if err := cfg.fill(); err != nil {
		return CheckedBackup{}, err
	}
	a := &restorer{App: &App{cfg: cfg, quiet: true}, Restoring: r, named: map[domain.SubjectKey]bool{}}
	if r.Keys != "" {
		if err := a.identify(ctx); err != nil {
			return CheckedBackup{}, err
		}
	}
	if err := a.readLog(ctx, nil, "verify"); err != nil {
		return CheckedBackup{}, err
	}
	checked := CheckedBackup{Manifest: a.read.Manifest, Head: a.read.Head, Newer: a.read.NewerHead.Size, Waited: a.read.Waited, Closed: a.closed()}
	for _, live := range a.named {
		if live {
			checked.People++
		} else {
			checked.Forgotten++
		}
	}
	if policy != nil {
		if err := a.demand(policy); err != nil {
			return checked, err
		}
	}
	if r.Keys == "" {
		return checked, nil
	}
	return checked, a.withKeys(func(m backup.Keys, kek keys.KEK, _ []byte, copied copyOfVault) error {
		content, err := vault.Inspect(copied, kek)
		if err != nil {
			return err
		}
		if m.Key != a.read.Key {
			return errors.Wrap(errOthersKeys, "check a backup")
		}
		checked.Keys, checked.Live = &m, len(content.Live)
		for key, live := range a.named {
			if live && !content.Knows(key) {
				checked.Missing++
			}
		}
		return nil
	})
}

// demand demands the cosignatures of a policy on one of the checkpoints of the backup.
func (a *restorer) demand(policy []byte) error {
	p, err := witness.ParsePolicy(policy)
	if err != nil {
		return err
	}
	if err = p.Check(a.read.Signed, a.read.Key); err == nil || a.read.Witnessed == nil {
		return err
	}
	return p.Check(a.read.Witnessed, a.read.Key)
}

// maxList bounds a list of the forgotten: several million people.
const maxList = 256 << 20

// ReadForgotten reads who was forgotten: from the list of a running ledger, or from a newer backup of the log, which is proved. It returns
// domain.ErrInvalid where it is neither, and what CheckBackup does.
func ReadForgotten(ctx context.Context, cfg Config, path string) ([][]domain.SubjectKey, error) {
	f, err := openBackup(path)
	if err != nil {
		return nil, err
	}
	first, content := make([]byte, 1), []byte(nil)
	if _, err = f.ReadAt(first, 0); err == nil && first[0] == '{' {
		content, err = io.ReadAll(io.LimitReader(f, maxList))
	}
	if err = errors.CombineErrors(err, f.Close()); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read who was forgotten"), err)
	}
	if content != nil {
		return ParseForgotten(content)
	}
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	a := &restorer{App: &App{cfg: cfg, quiet: true}, Restoring: Restoring{Log: path}, named: map[domain.SubjectKey]bool{}}
	err = a.readLog(ctx, nil, "forgotten")
	return a.gone, err
}

// ParseForgotten reads the list of a running ledger. It returns domain.ErrInvalid.
func ParseForgotten(content []byte) ([][]domain.SubjectKey, error) {
	var list wire.ForgottenList
	if err := json.Unmarshal(content, &list); err != nil || list.People == nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrInvalid, "what is to be a list of the forgotten"), err),
			"daybook backup forgotten writes one.")
	}
	people := make([][]domain.SubjectKey, len(list.People))
	for i, texts := range list.People {
		people[i] = make([]domain.SubjectKey, len(texts))
		for n, text := range texts {
			if err := people[i][n].UnmarshalText([]byte(text)); err != nil {
				return nil, errors.Wrap(err, "key of somebody forgotten")
			}
		}
	}
	return people, nil
}
