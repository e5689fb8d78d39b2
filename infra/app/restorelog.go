package app

import (
	"context"
	"io"
	"os"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/tiles"
)

// open opens a file of a backup.
func openBackup(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrInvalid, "open a backup"), err),
			"Name a file that daybook backup create wrote.")
	}
	return f, nil
}

// unpack puts the tree of the log into its place.
func (a *restorer) unpack(ctx context.Context) (err error) {
	dir := tiles.Directory(a.cfg.path(tilesDir))
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make the directory of the tiles"), err)
	}
	if err := a.readLog(ctx, dir.Put, "unpack"); err != nil {
		return err
	}
	if origin := a.read.Head.Origin; !a.cfg.ofLedger(origin) {
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the backup is of a ledger with another name"),
			"The manifest names it; give what follows daybook/ with --name.")
	}
	a.result.Size, a.result.Root, a.result.Made = a.read.Head.Size, a.read.Manifest.Root, a.read.Manifest.Made
	return dir.Sync()
}

// readLog proves the backup of the log, and looks at every event.
func (a *restorer) readLog(ctx context.Context, put func(path string, content []byte) error, step string) (err error) {
	f, err := openBackup(a.Restoring.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, f.Close()) }()
	var decoder catalog.Decoder
	a.read, err = backup.ReadLog(ctx, f, backup.Reading{
		Key: a.Key, Checkpoints: a.Seen, Identity: a.keys.Waiting, File: put,
		Event: func(at domain.Position, event []byte) error { return a.look(&decoder, at, event) },
		Progress: func(done, of domain.Position) {
			if a.Progress != nil {
				a.Progress(step, done, of)
			}
		},
	})
	return err
}

// look takes note of whom an event is about, and of who was forgotten.
func (a *restorer) look(decoder *catalog.Decoder, at domain.Position, event []byte) error {
	e, err := decoder.Decode(event)
	if err != nil {
		return errors.Wrapf(err, "event at position %s of the backup", at)
	}
	if e.Recorded.After(a.last) {
		a.last = e.Recorded
	}
	if f, is := e.Fact.(custody.PersonForgotten); is {
		a.gone = append(a.gone, f.Subjects)
		for _, key := range f.Subjects {
			a.named[key] = false
		}
		return nil
	}
	for _, key := range catalog.Subjects(e.Fact) {
		if _, known := a.named[key]; !known && key != 0 {
			a.named[key] = true
		}
	}
	return nil
}

// copyOfVault is the copy of a vault as it stands in a backup of keys.
type copyOfVault = io.Reader

// withKeys opens the backup of the keys. Where the key-encryption key is not in it, that of the environment is taken.
func (a *restorer) withKeys(take func(m backup.Keys, kek keys.KEK, text []byte, copied copyOfVault) error) (err error) {
	identity, err := openBackup(a.Identity)
	if err != nil {
		return errors.WithHint(errors.Wrap(err, "identity of age"), "Name with --identity a file that age-keygen wrote.")
	}
	identities, err := backup.Identities(identity)
	if err = errors.CombineErrors(err, identity.Close()); err != nil {
		return err
	}
	f, err := openBackup(a.Keys)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, f.Close()) }()
	return backup.ReadKeys(f, identities, func(m backup.Keys, text []byte, copied io.Reader) error {
		if text != nil {
			kek, err := keys.Parse(text)
			if err != nil {
				return err
			}
			return take(m, kek, text, copied)
		}
		loaded, err := keys.Load(keys.Config{NoCreate: true})
		if err != nil {
			return errors.Wrap(err, "the key-encryption key is not in the backup")
		}
		return take(m, loaded.Key, nil, copied)
	})
}

// heads puts the checkpoint where the ledger looks for it: the one of before, or one under another origin where the ledger forks.
func (a *restorer) heads() error {
	signed := a.read.Signed
	dir := tiles.Directory(a.cfg.path(tilesDir))
	if a.apart() {
		f, err := a.newFork(custody.Forked{
			From: a.read.Head.Origin, At: uint64(a.read.Head.Size), Checkpoint: string(signed), Seen: string(a.read.Newer),
			Witness: a.split.Name, Witnessed: uint64(a.split.Seen),
		})
		if err != nil {
			return err
		}
		if signed, a.result.Key, err = a.signAgain(context.Background(), a.read.Head); err != nil {
			return err
		}
		a.result.Fork = f.To
	} else if a.read.Witnessed != nil {
		if err := dir.Replace("witnessed", a.read.Witnessed); err != nil {
			return err
		}
	}
	return tiles.SetHeads(string(dir), a.cfg.path(lastFile), signed)
}

// end builds the log from the tiles, as repairing does where it is lost, and records in it what was done.
func (a *restorer) end(ctx context.Context) (err error) {
	repair, err := OpenRepair(ctx, a.cfg, a.result.Key)
	if err != nil {
		return err
	}
	if _, err = repair.Plan(ctx); err == nil {
		_, err = repair.Do(ctx, func(done, of domain.Position) { a.Progress("build", done, of) })
	}
	if err = errors.CombineErrors(err, repair.Close()); err != nil {
		return err
	}
	ledger := &App{cfg: a.cfg, quiet: true}
	defer func() { err = errors.CombineErrors(err, ledger.closers.close()) }()
	for _, open := range []func(context.Context) error{ledger.chooseEngine, ledger.openDirectory, ledger.openBus, ledger.openLog} {
		if err := open(ctx); err != nil {
			return err
		}
	}
	if err := a.putBack(ctx, ledger); err != nil {
		return err
	}
	events, err := a.events()
	if err != nil {
		return err
	}
	a.result.Events = a.result.Size + domain.Position(len(events))
	return errors.Wrap(ledger.log.Append(ctx, a.result.Size, events), "record that the ledger was restored")
}

// putBack puts the messages that waited into the inbox and the quarantine again. Whatever of them the log has already is told by its id.
func (a *restorer) putBack(ctx context.Context, ledger *App) (err error) {
	if a.read.Waited == (BackupWaiting{}) {
		return nil
	}
	f, err := openBackup(a.Restoring.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, f.Close()) }()
	a.result.Waited = a.read.Waited
	return intake.PutResting(ctx, ledger.bus.services, ledger.streams(), func(put func(intake.Rested) error) error {
		return backup.ReadWaiting(ctx, f, a.keys.Waiting, func(m backup.Message) error { return put(intake.Rested(m)) })
	})
}

// events gives what is recorded of a restoring: itself, who was forgotten by the list, and that the ledger forked.
func (a *restorer) events() ([][]byte, error) {
	facts := []domain.Fact{custody.Restored{
		Size: uint64(a.result.Size), Made: a.read.Manifest.Made, Checkpoint: string(a.read.Signed), Lost: uint64(a.result.Lost),
	}}
	said := map[domain.SubjectKey]bool{}
	for _, keys := range a.gone {
		for _, key := range keys {
			said[key] = true
		}
	}
	extra := uint64(0)
	for _, keys := range a.Forgotten {
		if !slices.ContainsFunc(keys, func(key domain.SubjectKey) bool { return !said[key] }) {
			continue
		}
		facts = append(facts, custody.PersonForgotten{Subjects: keys})
		extra += uint64(len(keys))
	}
	restored := facts[0].(custody.Restored)
	restored.Forgotten = extra
	facts[0] = restored
	if a.result.Fork != "" {
		f, err := a.cfg.fork()
		if err != nil {
			return nil, err
		}
		facts = append(facts, f.Forked)
	}
	return custodyEvents(facts, a.cfg.Now(), a.last)
}

// custodyEvents encodes what the ledger records of its own keeping, not before the newest event of before.
func custodyEvents(facts []domain.Fact, now, last time.Time) ([][]byte, error) {
	if now = now.UTC().Truncate(time.Millisecond); now.Before(last) {
		now = last
	}
	events := make([][]byte, len(facts))
	for i, fact := range facts {
		var err error
		if events[i], err = catalog.Encode(domain.Event{ID: uuid.Must(uuid.NewV7()).String(), Source: domain.LedgerSource, Time: now, Recorded: now, Fact: fact}); err != nil {
			return nil, err
		}
	}
	return events, nil
}
