package app

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/witness"
)

// allowed refuses to go on with a ledger of which others saw more.
func (a *restorer) allowed(context.Context) error {
	if a.result.Closed = a.closed(); a.result.Closed != (BackupWaiting{}) && !a.Lost {
		return errors.WithHint(errors.Wrapf(ErrWaiting, "%d messages", errors.Safe(a.result.Closed.Inbox+a.result.Closed.Quarantine)),
			"Name the two files that one run of daybook backup create wrote, or give --lost-keys: what waited is lost then.")
	}
	if !a.apart() || a.Fork {
		return nil
	}
	seen := max(a.read.NewerHead.Size, a.split.Seen)
	if seen <= a.read.Head.Size {
		return errors.WithHint(errors.Wrapf(ErrSplit, "%s", errors.Safe(a.split.Name)), forkHint)
	}
	return errors.WithHint(errors.Wrapf(ErrOlder, "%s entries of %s", a.read.Head.Size, seen), forkHint)
}

const forkHint = "Restore a newer backup. With --fork the ledger goes on apart, openly: under another origin and key, which it records."

// apart says that others saw another history than the backup has, or more of it.
func (a *restorer) apart() bool { return a.read.Newer != nil || a.split.Refused }

// closed counts the messages that waited and do not open.
func (a *restorer) closed() BackupWaiting {
	if w := a.read.Manifest.Waiting; w != nil && (a.keys.Waiting == "" || a.read.WaitedClosed) {
		return *w
	}
	return BackupWaiting{}
}

// identify reads what the keys say of themselves.
func (a *restorer) identify(context.Context) error {
	return a.withKeys(func(m backup.Keys, _ keys.KEK, _ []byte, _ copyOfVault) error {
		a.keys = m
		return nil
	})
}

// ask asks the witnesses whether they saw more of the ledger than the backup has, or another history: nobody else need have kept it.
func (a *restorer) ask(ctx context.Context) error {
	if a.Policy == nil {
		a.Policy = a.read.Policy
	}
	if a.Policy == nil {
		return nil
	}
	p, err := witness.ParsePolicy(a.Policy)
	if err != nil {
		return err
	}
	_, _, states, err := a.askWitnesses(ctx, p, a.read.Key, a.read.Signed, tiles.Directory(a.cfg.path(tilesDir)))
	if err != nil {
		return err
	}
	for _, s := range states {
		switch {
		case s.Problem != "" && !s.Refused:
			a.result.Silent = append(a.result.Silent, s.Name+": "+s.Problem)
			continue
		case s.Refused && (!a.split.Refused || s.Seen > a.split.Seen):
			a.split = s
		}
		a.result.Asked++
	}
	return a.keepPolicy(a.Policy)
}
