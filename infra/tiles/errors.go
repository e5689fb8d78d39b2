package tiles

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

var (
	// ErrDamaged says that the log, the tiles or the checkpoints are not what was signed: something was lost or changed. The
	// error that wraps it is a *Damage, which names the first position.
	ErrDamaged = errors.Wrap(domain.ErrConflict, "the history is not the one that was signed")

	errNoTile   = errors.Wrap(domain.ErrNotFound, "tile of the log")
	errNone     = errors.Wrap(domain.ErrNotFound, "checkpoint of the log")
	errUnsigned = errors.Wrap(domain.ErrUnavailable, "the position is beneath no checkpoint yet")
	errUnseen   = errors.Wrap(domain.ErrUnavailable, "the position is beneath no checkpoint that witnesses cosigned as the policy demands")
	errNoneSeen = errors.Wrap(domain.ErrNotFound, "a checkpoint that witnesses cosigned as the policy demands")
	errEnded    = errors.Wrap(domain.ErrUnavailable, "the recovery was ended")
	errCannot   = errors.Wrap(domain.ErrUnavailable, "the files of the proof")
)

// Damage is what was found first where the history is not the one that was signed.
type Damage struct {
	// What is a sentence without personal data.
	What string
	// File is the file of the tiles in which it showed, relative to their directory; empty where it is none of theirs.
	File string
	// From and To are the positions concerned, To excluded. They are equal where no position can be named.
	From, To domain.Position
	// LogSound says that the log was proved to be the one that was signed, so that only the tiles are damaged.
	LogSound bool
}

// Error gives the sentence, the positions and the file.
func (d *Damage) Error() string { return d.text() }

func (d *Damage) text() string {
	text := d.What
	switch {
	case d.To == d.From+1:
		text += ": position " + d.From.String()
	case d.To > d.From:
		text += ": positions " + d.From.String() + " to " + (d.To - 1).String()
	}
	if d.File != "" {
		text += " (" + d.File + ")"
	}
	return text
}

// Unwrap gives ErrDamaged.
func (d *Damage) Unwrap() error { return ErrDamaged }

// SafeFormatError marks the text as safe for redacted logs: it holds positions and names of files only.
func (d *Damage) SafeFormatError(p errors.Printer) error {
	p.Print(errors.Safe(d.text()))
	return nil
}

// notYet makes the error for a position that no checkpoint, or none that witnesses saw, speaks of yet.
func notYet(witnessed bool) error {
	if witnessed {
		return errors.WithHint(errors.WithStackDepth(errUnseen, 1),
			"Not enough witnesses have cosigned a checkpoint of it yet; daybook status says how they are. Ask again, or take the ledger's own word.")
	}
	return errors.WithHint(errors.WithStackDepth(errUnsigned, 1), "Checkpoints are signed every second while the log grows; ask again.")
}

const damageHint = "Nothing is written to a history that is not the one that was signed. Stop the ledger and run daybook repair --data DIR: it " +
	"shows what it would do first. daybook verify --data DIR says what is damaged."

func damaged(what, file string, from, to domain.Position) error {
	return Found(&Damage{What: what, File: file, From: from, To: to})
}

// Found gives damage that was found elsewhere its hint.
func Found(d *Damage) error { return errors.WithHint(errors.WithStackDepth(d, 1), damageHint) }
