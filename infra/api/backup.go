package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Backups makes backups of a running ledger.
type Backups interface {
	// Log writes the log with its proof, up to a checkpoint that covers what is recorded now, and gives that checkpoint's end. It
	// returns domain.ErrUnavailable where there is none in time. What waits in the inbox and in quarantine is in it, encrypted, where a
	// recipient of age is named; domain.ErrInvalid for one that is none.
	Log(ctx context.Context, to io.Writer, waiting string) (until domain.Position, err error)
	// Keys writes the vault and the key-encryption key, encrypted to recipients of age. It returns domain.ErrInvalid for recipients that
	// are none, and domain.ErrUnavailable where somebody is forgotten meanwhile. waiting is the identity that opens what waited in
	// the backup of the log, empty where it took nothing.
	Keys(ctx context.Context, to io.Writer, recipients []string, waiting string, keep time.Duration) error
	// Forgotten lists everybody who was forgotten.
	Forgotten(ctx context.Context) (wire.ForgottenList, error)
}

func (a *API) backupRoutes() {
	tags := []string{"ledger"}
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/backups", OperationID: "backup", Tags: tags, Summary: "Make a backup of the log, or of the keys",
		Description: "The log with its proof is a tar file compressed with zstd, in which people are pseudonyms. The keys are a tar file encrypted " +
			"with age to the recipients, for a copy of them brings back whoever is forgotten later, until it is deleted. That a backup was made is " +
			"recorded as an export, with its SHA-256, which comes as a trailer, too.",
		Parameters:  append(looker(), awaits()),
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[wire.BackupRequest](a)}}},
		Responses: map[string]*huma.Response{"200": {Description: "The backup", Content: map[string]*huma.MediaType{
			contentBinary: {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}},
	}, (*call).backup)
	get(a, huma.Operation{
		Path: "/forgotten", OperationID: "forgotten", Tags: tags, Summary: "Everybody who was forgotten, by their keys",
		Description: "A backup of the keys from before must forget them again when it is restored.",
	}, func(c *call) (wire.ForgottenList, domain.Position, error) {
		if err := c.backups(); err != nil {
			return wire.ForgottenList{}, 0, err
		}
		list, err := c.api.cfg.Backups.Forgotten(c.ctx())
		return list, domain.Position(list.Position), err
	})
}

func (c *call) backups() error {
	if c.api.cfg.Backups == nil {
		return problem.New(wire.NotFound, "this ledger makes no backups", "Ask the one that keeps the log.")
	}
	return nil
}

func (c *call) backup() error {
	var in wire.BackupRequest
	if err := c.read(&in); err != nil {
		return err
	}
	e, err := c.backupOf(in)
	if err != nil {
		return err
	}
	if e.made.By, err = c.by(); err != nil {
		return err
	}
	return c.give(e)
}

// backupOf reads which backup is to be made.
func (c *call) backupOf(in wire.BackupRequest) (*exporting, error) {
	if err := c.backups(); err != nil {
		return nil, err
	}
	e := &exporting{}
	switch {
	case in.What == wire.BackupLog && len(in.Recipients) == 0:
		e.made.What, e.made.Format = "backup", "tar.zst"
		e.restsOn(c.end())
		e.document = func(w *exportSink) (int, error) {
			until, err := c.api.cfg.Backups.Log(c.ctx(), w, in.Waiting)
			e.made.Until = uint64(until)
			return int(until), err
		}
	case in.What == wire.BackupLog:
		return nil, problem.New(wire.InvalidField, "a backup of the log has no recipients", "Its content is sealed and pseudonymous; only keys are encrypted to recipients.")
	case in.What == wire.BackupKeys && in.Keep > 0 && in.Keep <= wire.MaxBackupKeep:
		e.made.What, e.made.Format, e.made.Revealed = "backup-keys", "age", true
		e.restsOn(c.end())
		e.document = func(w *exportSink) (int, error) {
			return 0, c.api.cfg.Backups.Keys(c.ctx(), w, in.Recipients, in.Waiting, time.Duration(in.Keep)*24*time.Hour)
		}
	case in.What == wire.BackupKeys:
		return nil, problem.New(wire.InvalidField, "it is not said how long the backup of the keys may be kept", "Give keep as 1 to 366 days.")
	default:
		return nil, problem.New(wire.InvalidField, "nothing of that name is backed up", "Write log or keys.")
	}
	return e, nil
}
