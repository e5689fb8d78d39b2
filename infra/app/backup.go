package app

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/endmark"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/wire"
)

// BackupManifest says what a backup of the log holds; see backup.Manifest.
type BackupManifest = backup.Manifest

// BackupKeys says what a backup of keys holds; see backup.Keys.
type BackupKeys = backup.Keys

// BackupWaiting counts messages that waited; see backup.Waiting.
type BackupWaiting = backup.Waiting

// NewWaiting is described at backup.
func NewWaiting() (recipient, identity string, err error) { return backup.NewWaiting() }

// backups makes the backups of a running ledger.
type backups struct{ app *App }

// Log is described at api.Backups. It waits a moment for a checkpoint that covers what is recorded when it is asked.
func (b backups) Log(ctx context.Context, to io.Writer, waiting string) (until domain.Position, err error) {
	a := b.app
	log := backup.Log{Key: a.tiles.Key(), Ready: func(ctx context.Context, log *backup.Log) error {
		if err := a.covered(ctx, a.ledger.State().End); err != nil {
			return err
		}
		log.Checkpoint = a.tiles.Checkpoint()
		return nil
	}}
	if waiting != "" {
		if err := backup.CheckWaiting(waiting, ""); err != nil {
			return 0, err
		}
		log.WaitingTo = waiting
		log.Waiting = func(put func(backup.Message) error) error { return a.eachResting(ctx, put) }
	}
	m, err := a.backupLog(ctx, to, log)
	return domain.Position(m.Size), err
}

// backupLog writes a backup of the log, with what the directory has beside it.
func (a *App) backupLog(ctx context.Context, to io.Writer, log backup.Log) (backup.Manifest, error) {
	files := tiles.Directory(a.cfg.path(tilesDir))
	var err error
	if log.Fork, err = a.cfg.forkText(); err != nil {
		return backup.Manifest{}, err
	}
	if log.Policy, err = a.keptPolicy(); err != nil {
		return backup.Manifest{}, err
	}
	ready := log.Ready
	log.Ready = func(ctx context.Context, log *backup.Log) (err error) {
		if ready != nil {
			if err := ready(ctx, log); err != nil {
				return err
			}
		}
		if log.Witnessed, err = files.File(ctx, "witnessed"); errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		return err
	}
	log.Files, log.Program, log.Made = files, a.cfg.Version, a.cfg.Now()
	return backup.Write(ctx, to, log)
}

// copier is a vault that can be copied.
type copier interface {
	Copy(ctx context.Context, to io.Writer) error
}

// Keys is described at api.Backups.
func (b backups) Keys(ctx context.Context, to io.Writer, recipients []string, waiting string, keep time.Duration) error {
	return b.app.backupKeys(ctx, to, recipients, waiting, keep)
}

func (a *App) backupKeys(ctx context.Context, to io.Writer, recipients []string, waiting string, keep time.Duration) error {
	if waiting != "" {
		if err := backup.CheckWaiting("", waiting); err != nil {
			return err
		}
	}
	whom, err := backup.Recipients(recipients)
	if err != nil {
		return err
	}
	vault, can := a.vault.(copier)
	if !can {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "a vault on the NATS server is not backed up from here"),
			"Back it up by the means of that server, encrypted, and delete older backups when somebody is forgotten.")
	}
	cfg, err := a.tilesConfig(ctx)
	if err != nil {
		return err
	}
	key, err := tiles.VerifierKey(cfg.Ledger, cfg.Seed)
	if err != nil {
		return err
	}
	kek, err := keys.Text(a.cfg.path("keys"))
	if err != nil {
		return err
	}
	defer clear(kek)
	now := a.cfg.Now()
	m := backup.Keys{Program: a.cfg.Version, Ledger: tiles.Origin(cfg.Ledger), Key: key, Made: now, Expires: now.Add(keep), Waiting: waiting}
	return backup.WriteKeys(to, whom, m, kek, func(w io.Writer) error { return vault.Copy(ctx, w) })
}

// Forgotten is described at api.Backups.
func (b backups) Forgotten(ctx context.Context) (wire.ForgottenList, error) {
	a := b.app
	list := wire.ForgottenList{Ledger: tiles.Origin(a.cfg.Name), People: [][]string{}}
	end := a.ledger.State().End
	for batch, err := range a.log.Read(ctx, 0) {
		if err != nil {
			return list, errors.Wrap(err, "list the forgotten")
		}
		for _, event := range batch.Events[:min(len(batch.Events), int(max(end, batch.At)-batch.At))] {
			keys, err := forgottenIn(event)
			if err != nil {
				return list, err
			}
			if keys != nil {
				list.People = append(list.People, texts(keys))
			}
		}
		if list.Position = uint64(min(batch.End(), end)); batch.CaughtUp || batch.End() >= end {
			return list, nil
		}
	}
	return list, errors.Wrap(domain.ErrUnavailable, "the list of the forgotten was ended")
}

// forgottenIn gives the keys of who was forgotten by an event, nil where it is another.
func forgottenIn(event []byte) ([]domain.SubjectKey, error) {
	if !bytes.Contains(event, []byte(custody.PersonForgotten{}.EventType())) {
		return nil, nil
	}
	e, err := catalog.Decode(event)
	if err != nil {
		return nil, errors.Wrap(err, "look for the forgotten")
	}
	f, _ := e.Fact.(custody.PersonForgotten)
	return f.Subjects, nil
}

func texts(keys []domain.SubjectKey) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = key.String()
	}
	return out
}

// StoppedBackup is a backup of the log of a stopped ledger.
type StoppedBackup struct {
	BackupManifest
	// Beyond is how many events are beyond the last checkpoint, which it does not have, and Damaged how many damaged messages beside the
	// log, which it does not have either.
	Beyond  domain.Position
	Damaged int
}

// BackupLog writes a backup of the log of a stopped ledger, with what waits beside it where a recipient from NewWaiting is named. It
// returns what backup.Write does, and domain.ErrNotFound where there is no checkpoint.
func (s *Stopped) BackupLog(ctx context.Context, to io.Writer, waiting string, progress func(done, of domain.Position)) (made StoppedBackup, err error) {
	a := s.app
	log := backup.Log{Progress: progress}
	if log.Checkpoint, err = tiles.ReadLast(a.cfg.path(lastFile)); err != nil {
		return made, err
	}
	if log.Key, err = s.key(ctx); err != nil {
		return made, err
	}
	if waiting != "" {
		log.WaitingTo = waiting
		log.Waiting = func(put func(backup.Message) error) (err error) {
			if a.cfg.NATSURL != "" {
				return a.eachResting(ctx, put)
			}
			made.Damaged, err = a.eachRestingFile(put)
			return err
		}
	}
	made.BackupManifest, err = a.backupLog(ctx, to, log)
	if mark, failed := endmark.Read(a.cfg.path(markFile)); failed == nil && mark.End > domain.Position(made.Size) {
		made.Beyond = mark.End - domain.Position(made.Size)
	}
	return made, err
}

// BackupKeys writes a backup of the keys of a stopped ledger, which may be kept for a while. It returns domain.ErrInvalid for recipients
// that are none, and what backup.WriteKeys does.
func (s *Stopped) BackupKeys(ctx context.Context, to io.Writer, recipients []string, waiting string, keep time.Duration) error {
	if _, err := s.key(ctx); err != nil { // opens the vault
		return err
	}
	return s.app.backupKeys(ctx, to, recipients, waiting, keep)
}

// PublicKey gives the key with which anybody checks the ledger's checkpoints.
func (s *Stopped) PublicKey(ctx context.Context) (string, error) { return s.key(ctx) }
