package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/witness"
)

var (
	// ErrOlder says that others saw a newer checkpoint of the ledger than a backup has.
	ErrOlder = errors.Wrap(ErrDamaged, "others saw more of the ledger than the backup has")
	// ErrKeysLost says that a backup of the keys does not have those of everybody whom the log names.
	ErrKeysLost = errors.Wrap(domain.ErrConflict, "the backup of the keys does not have everybody's")
	// ErrArtifact, ErrExpired and ErrIdentity are described at backup.
	ErrArtifact, ErrExpired, ErrIdentity = backup.ErrArtifact, backup.ErrExpired, backup.ErrIdentity

	// ErrWaiting is described at backup.
	ErrWaiting = backup.ErrWaiting
	// ErrSplit says that a witness saw another history than a backup has.
	ErrSplit = errors.Wrap(ErrDamaged, "a witness saw another history than the backup has")

	errOthersKeys = errors.Wrap(domain.ErrConflict, "the keys are those of another ledger than the log")
)

// Restoring says from what a ledger is put back, and how.
type Restoring struct {
	// Log and Keys are the files of the two backups, and Identity is one of age with which the second opens.
	Log, Keys, Identity string
	// Key is the verifier key of the ledger, where it is known from elsewhere.
	Key string
	// Seen are checkpoints that others saw, as their texts.
	Seen [][]byte
	// Policy is a C2SP tlog-policy with the witnesses that are asked what they saw; that of the backup where it is nil.
	Policy []byte
	// Forgotten are people who were forgotten, by their keys, beside those of whom the log says so.
	Forgotten [][]domain.SubjectKey
	// Fork lets the ledger go on apart from a newer checkpoint, Lost without the keys of people whom the log names and without messages
	// that waited and do not open, and Expired with keys that must not be kept any more.
	Fork, Lost, Expired bool
	Progress            func(step string, done, of domain.Position)
}

// Restored says what was put back.
type Restored struct {
	Made time.Time
	// Size is how many events the backup had, Root that of their tree, and Events how many the ledger has now.
	Size, Events domain.Position
	Root         string
	// Forgotten is how many keys were destroyed again, and Lost how many were not in the backup.
	Forgotten, Lost int
	// Waited counts the messages that wait again, and Closed those that do not open with the keys.
	Waited, Closed BackupWaiting
	// Asked is how many witnesses said what they saw, and Silent names those that did not, with why.
	Asked  int
	Silent []string
	// Key is the verifier key from now on, and Fork the origin where the ledger goes on apart.
	Key, Fork string
}

// restoringName is the file that is in a directory while a ledger is put back into it: what is there then must not be served.
const restoringName = "restoring"

// Restore puts a ledger back into a new directory, and proves it. Whoever was forgotten, by the log, by the keys or by the list, is
// forgotten again before it returns. That it was put back is recorded. It returns domain.ErrConflict where the directory is not empty,
// a *Damage where the backup of the log is not what was signed, ErrOlder and ErrKeysLost where nothing allows what they say,
// backup.ErrExpired, backup.ErrIdentity and backup.ErrArtifact. What was begun is removed then.
func Restore(ctx context.Context, cfg Config, r Restoring) (result Restored, err error) {
	if err := cfg.fill(); err != nil {
		return Restored{}, err
	}
	if entries, err := os.ReadDir(cfg.Data); err == nil && len(entries) > 0 {
		return Restored{}, errors.WithHint(errors.Wrap(domain.ErrConflict, "the directory to restore into is not empty"), "Name a new one with --data.")
	}
	a := &restorer{App: &App{cfg: cfg, quiet: true}, Restoring: r, named: map[domain.SubjectKey]bool{}}
	if a.Progress == nil {
		a.Progress = func(string, domain.Position, domain.Position) {}
	}
	a.cfg.restoring = true
	if err := a.openDirectory(ctx); err != nil {
		return Restored{}, err
	}
	if err = tiles.Directory(cfg.Data).Replace(restoringName, []byte("daybook backup restore\n")); err == nil {
		err = a.all(ctx)
	}
	err = errors.CombineErrors(err, a.closers.close())
	if err == nil {
		err = a.end(ctx)
	}
	if err == nil {
		err = os.Remove(a.cfg.path(restoringName))
	}
	if err != nil {
		return Restored{}, errors.CombineErrors(err, empty(cfg.Data))
	}
	return a.result, nil
}

// empty removes what is in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		err = errors.CombineErrors(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	if err != nil {
		return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "remove what was begun"), err), "Remove the directory.")
	}
	return nil
}

// restorer is a restoring under way.
type restorer struct {
	*App
	Restoring
	result Restored
	read   backup.Read
	keys   backup.Keys
	named  map[domain.SubjectKey]bool // keys that the log names; false where it says that they were forgotten
	gone   [][]domain.SubjectKey      // who was forgotten by the log
	last   time.Time                  // recorded time of the newest event
	split  witness.State              // the witness that saw most of another history, where one did
}

// all does everything but what needs the directory to be closed.
func (a *restorer) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.identify, a.unpack, a.ask, a.allowed, a.restoreKeys, a.checkLedger, a.forget} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return a.heads()
}

// restoreKeys puts the vault and the key-encryption key back, after it was seen whose keys are there.
func (a *restorer) restoreKeys(ctx context.Context) error {
	var content vault.Content
	if err := a.withKeys(func(m backup.Keys, kek keys.KEK, text []byte, copied copyOfVault) (err error) {
		a.keys = m
		content, err = vault.Inspect(copied, kek)
		return err
	}); err != nil {
		return err
	}
	if !a.Expired {
		if err := a.keys.Expired(a.cfg.Now()); err != nil {
			return err
		}
	}
	if err := a.missing(content); err != nil {
		return err
	}
	return a.withKeys(func(_ backup.Keys, _ keys.KEK, text []byte, copied copyOfVault) error {
		if text != nil {
			if err := keys.Put(a.cfg.path("keys"), text); err != nil {
				return err
			}
		}
		return vault.Restore(ctx, a.cfg.path("vault"), copied)
	})
}

// missing refuses to lose the keys of people whom the log names.
func (a *restorer) missing(content vault.Content) error {
	for key, live := range a.named {
		if live && !content.Knows(key) {
			a.result.Lost++
		}
	}
	if a.result.Lost == 0 || a.Lost {
		return nil
	}
	return errors.WithHint(errors.Wrapf(ErrKeysLost, "%d keys", errors.Safe(a.result.Lost)),
		"It is older than the log. Restore a newer one, or give --lost-keys: what was sealed about those people never opens again.")
}

// forget forgets again, and takes note of the keys that are lost.
func (a *restorer) forget(ctx context.Context) error {
	v := a.vault.(*vault.Vault)
	var lost []domain.SubjectKey
	for key, live := range a.named {
		if live {
			lost = append(lost, key)
		}
	}
	done := map[domain.SubjectKey]bool{}
	for _, keys := range slices.Concat(a.gone, a.Forgotten) {
		for _, key := range keys {
			if done[key] {
				continue
			}
			done[key] = true
			if a.named[key] {
				a.named[key] = false
			}
			err := v.Forget(ctx, key)
			if errors.Is(err, domain.ErrNotFound) {
				lost, err = append(lost, key), nil
			}
			if err != nil {
				return err
			}
			a.result.Forgotten++
		}
	}
	_, err := v.Lost(ctx, lost)
	return err
}

// checkLedger opens the restored vault, and makes sure that it belongs to the log.
func (a *restorer) checkLedger(ctx context.Context) error {
	if a.read.Fork != nil {
		if err := tiles.Directory(a.cfg.Data).Replace(forkName, a.read.Fork); err != nil {
			return err
		}
	}
	if err := a.openOwnVault(ctx); err != nil {
		return err
	}
	key, err := (&Stopped{app: a.App}).key(ctx)
	if err != nil {
		return err
	}
	if a.result.Key = key; key != a.read.Key {
		return errors.WithHint(errors.Wrap(errOthersKeys, "restore"), "Name two backups of one ledger, and its --name where it has one.")
	}
	return nil
}
