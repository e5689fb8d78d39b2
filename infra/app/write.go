package app

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/memory"
)

func (a *App) openLedger(ctx context.Context) error {
	m, err := memory.Open(a.cfg.path("memory"), memory.Config{Log: a.cfg.Logger})
	if err != nil {
		return errors.Wrap(err, "memory of messages")
	}
	a.closers.add(m.Close)
	if a.log.MaxFrame() < commands.MaxActionBytes {
		a.cfg.Logger.InfoContext(ctx, "the engine takes small appends, which bound how many people one action may name",
			slog.Int("bytes", a.log.MaxFrame()))
	}
	a.ledger, err = commands.Open(ctx, commands.Config{
		Log: guarded{a.log, a.tiles, a.mark}, Vault: a.vault, Memory: m, Now: a.cfg.Now, Logger: a.cfg.Logger.With(slog.String("part", "writer")),
		MaxFrameBytes: a.log.MaxFrame(),
	})
	return errors.Wrap(a.explained(ctx, err), "ledger")
}

// The names of the secrets that the vault keeps for messages at rest and on the way.
const (
	sealingSecret    = "intake-hpke"
	inboxSecret      = "intake-inbox"
	quarantineSecret = "intake-quarantine"
)

func (a *App) openIntake(ctx context.Context) error {
	keys := map[string][]byte{sealingSecret: nil, inboxSecret: nil, quarantineSecret: nil}
	for name := range keys {
		key, err := a.vault.Secret(ctx, name, 32)
		if err != nil {
			return errors.Wrap(err, "secrets of the intake")
		}
		keys[name] = key
	}
	opener, err := intake.NewOpener(keys[sealingSecret])
	if err != nil {
		return err
	}
	inboxBox, err := intake.NewBox(keys[inboxSecret])
	if err != nil {
		return err
	}
	quarantineBox, err := intake.NewBox(keys[quarantineSecret])
	if err != nil {
		return err
	}
	streams, err := a.markStreams(ctx)
	if err != nil {
		return err
	}
	// Closed after the inbox: what finds no room there is set aside.
	if a.quarantine, err = intake.OpenQuarantine(ctx, a.bus.services, quarantineBox, streams); err != nil {
		return err
	}
	a.closers.addPlain(a.quarantine.Close)
	inbox, err := intake.OpenInbox(ctx, a.bus.services, inboxBox, streams)
	if err != nil {
		return err
	}
	a.closers.addPlain(inbox.Close)
	a.intake = intake.New(intake.Config{
		Conn: a.bus.doors, Ledger: a.ledger, Opener: opener, Quarantine: a.quarantine, Inbox: inbox, Orders: a.claims, Prover: a.tiles,
		Version: a.cfg.Version, Logger: a.cfg.Logger.With(slog.String("part", "intake")),
	})
	return nil
}
