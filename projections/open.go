package projections

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// open finds the files of the view and deletes those that are of no use any more. The newest file of this version that was built
// answers and is gone on with. Where there is none, a file of another version that was built answers while one of this version
// is built, from where an earlier start left it.
func (w *worker) open() error {
	dir, name := w.runner.dir, w.projection.Name()
	list, err := generations(dir, name)
	if err != nil {
		return err
	}
	var answering *file
	for _, generation := range list {
		w.generation.Store(max(w.generation.Load(), int64(generation)))
		if answering != nil && answering == w.folding {
			if err := removeFiles(filePath(dir, name, generation)); err != nil {
				return err
			}
			continue
		}
		f, err := openFile(w.projection, w.runner.open, dir, generation)
		if err != nil && (damaged(err) || !errors.Is(err, domain.ErrUnavailable)) { // Made by other statements, or damaged: nobody can read it.
			w.runner.config.Log.WarnContext(context.Background(), "a file of a view cannot be read and is built anew",
				slog.String("view", name), slog.Any("error", err))
			err = removeFiles(filePath(dir, name, generation))
		}
		if err == nil && f != nil {
			answering, err = w.choose(f, answering)
		}
		if err != nil {
			return err
		}
	}
	if w.folding == nil {
		if w.folding, err = openFile(w.projection, w.runner.open, dir, int(w.generation.Add(1))); err != nil {
			return err
		}
	}
	if answering != nil {
		w.view.answering, w.view.position = answering, answering.position
	}
	return nil
}

// choose says what an older file is for, now that the newer ones are known, and gives the one that answers.
func (w *worker) choose(f, answering *file) (*file, error) {
	current := f.version == w.projection.Version()
	switch {
	case current && f.built:
		var useless []*file
		if w.folding != nil {
			useless = append(useless, w.folding) // a rebuild that was not finished
		}
		if answering != nil {
			useless = append(useless, answering)
		}
		w.folding = f
		for _, old := range useless {
			if err := old.remove(); err != nil {
				return nil, err
			}
		}
		return f, nil
	case current && w.folding == nil:
		w.folding = f
		return answering, nil
	case f.built && answering == nil:
		return f, nil
	default:
		return answering, f.remove()
	}
}
