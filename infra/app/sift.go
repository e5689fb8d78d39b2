package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/tiles"
)

// sift looks at what rests beside the log, in the inbox, in the quarantine and for services, before the embedded server is started:
// it would cut a file off at the first damaged message. Here only that message is taken out, the file as it was is put aside, and
// the operator is told.
func (a *App) sift(ctx context.Context) error {
	if !a.cfg.onDisk() {
		return nil
	}
	log, err := a.disk()
	if err != nil {
		return nil // it is new; inspect said so where it is not
	}
	streams := filepath.Dir(log.Dir())
	listed, err := os.ReadDir(streams)
	if err != nil {
		return errors.Wrap(cannotAside(err), "list the streams")
	}
	for _, stream := range listed {
		dir := filepath.Join(streams, stream.Name())
		if strings.HasPrefix(stream.Name(), intake.InboxStream) {
			if err := deliverAgain(dir); err != nil {
				return err
			}
		}
		files, err := blocks.Files(dir)
		if dir == log.Dir() || err != nil {
			continue // a stream without messages
		}
		for _, file := range files {
			if err := a.siftFile(ctx, stream.Name(), dir, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliverAgain forgets how far the inbox was handed out, which no checksum guards. All that stands in it is what was not taken yet,
// and what is taken twice is recorded once.
func deliverAgain(dir string) error {
	states, err := filepath.Glob(filepath.Join(dir, "obs", "*", "o.dat"))
	for _, state := range states {
		err = errors.CombineErrors(err, os.Remove(state))
	}
	if err != nil {
		return cannotAside(err)
	}
	return nil
}

func (a *App) siftFile(ctx context.Context, stream, dir string, file blocks.File) error {
	var sound []blocks.Record
	bad := 0
	for r, err := range file.Records() {
		if err != nil {
			return err
		}
		if r.Sound {
			sound = append(sound, r)
		} else {
			bad++ // at the end of the file it may be what a crash left of a message that nobody was told of
		}
	}
	if bad == 0 {
		return nil
	}
	aside := a.aside()
	kept := filepath.Join(aside, stream, filepath.Base(file.Path))
	content, err := os.ReadFile(file.Path)
	if err != nil {
		return cannotAside(err)
	}
	if err := tiles.Directory(filepath.Join(aside, stream)).Replace(filepath.Base(file.Path), content); err != nil {
		return errors.Wrap(cannotAside(err), "keep a damaged file")
	}
	var whole []byte
	for _, r := range sound {
		whole = append(whole, content[r.Offset:r.Offset+r.Length]...)
	}
	// Without its index the server counts the messages anew.
	if err := os.Remove(filepath.Join(dir, "msgs", "index.db")); err != nil && !os.IsNotExist(err) {
		return cannotAside(err)
	}
	if err := tiles.Directory(filepath.Dir(file.Path)).Replace(filepath.Base(file.Path), whole); err != nil {
		return errors.Wrap(err, "write a file without its damaged messages")
	}
	a.cfg.Logger.ErrorContext(ctx, "damaged messages were taken out of a stream and put aside",
		slog.String("stream", stream), slog.Int("messages", bad), slog.String("file", kept))
	a.Note += fmt.Sprintf("%d damaged messages were taken out of the stream %s, which rests beside the log; at the end of a file that may be "+
		"what a crash left of a message that nobody was told of. The file as it was stands in %s.\n", bad, stream, kept)
	return nil
}

// aside gives a directory for what is put aside now.
func (a *App) aside() string {
	return a.cfg.path(filepath.Join("set-aside", a.cfg.Now().UTC().Format("20060102T150405.000Z")))
}
