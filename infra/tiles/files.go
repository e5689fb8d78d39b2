package tiles

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/domain"
)

// Files gives the files of a log in the standard layout by their paths, such as checkpoint or tile/0/x001/234.p/5. It returns
// domain.ErrNotFound for what is not there and domain.ErrUnavailable where it cannot be read now.
type Files interface {
	File(ctx context.Context, path string) ([]byte, error)
}

// Directory is a log on plain files.
type Directory string

var _ Files = Directory("")

// File is described at Files. A partial tile that is no longer kept is cut from a wider one.
func (d Directory) File(_ context.Context, path string) ([]byte, error) {
	if path == checkpointFile || path == witnessedFile {
		return d.read(path)
	}
	p, err := parse(path)
	if err != nil {
		return nil, err
	}
	for range 3 { // a wider one may be replaced while it is looked for
		content, err := d.read(path)
		if !errors.Is(err, domain.ErrNotFound) || p.width == width {
			return content, err
		}
		for _, wider := range d.wider(p) {
			if content, err := d.read(wider); err == nil {
				if content = p.cut(content); content != nil {
					return content, nil
				}
			}
		}
	}
	return nil, errors.WithStack(errNoTile)
}

// wider gives the paths of the tiles that hold more of the same.
func (d Directory) wider(p place) []string {
	paths := []string{p.whole()}
	listed, err := os.ReadDir(filepath.Join(string(d), p.whole()+".p"))
	if err != nil {
		return paths
	}
	for _, entry := range listed {
		if n, err := strconv.Atoi(entry.Name()); err == nil && n > p.width {
			paths = append(paths, p.whole()+".p/"+entry.Name())
		}
	}
	return paths
}

func (d Directory) read(path string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(string(d), filepath.FromSlash(path)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.WithStack(errNoTile)
	case err != nil:
		return nil, unusable(err)
	}
	return content, nil
}

func unusable(err error) error {
	return errors.WithHint(errors.WithSecondaryError(errors.WithStackDepth(errCannot, 1), err),
		"Check that the disk has room, and that daybook may write to the directory tiles of its data directory.")
}

// writers is how many files are made, or brought to disk, at once: making one takes a file system long, but it makes several together.
const writers = 8

// few is how many files are brought to disk one by one; for more, the file system is asked for all at once.
const few = 16

// writer writes files beside its owner. They are durable once sync has returned.
type writer struct {
	dir   string
	group *errgroup.Group
	dirs  map[string]bool
	bytes int

	mu    sync.Mutex // guards what follows
	files []*os.File
}

// write takes a copy of the content. What goes wrong is told by sync.
func (w *writer) write(p place, content []byte) error {
	path := filepath.Join(w.dir, filepath.FromSlash(p.path()))
	if w.group == nil {
		w.group, w.dirs = &errgroup.Group{}, map[string]bool{}
		w.group.SetLimit(writers)
	}
	if parent := filepath.Dir(path); !w.dirs[parent] {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return unusable(err)
		}
		for ; len(parent) >= len(w.dir); parent = filepath.Dir(parent) {
			w.dirs[parent] = true
		}
	}
	content = bytes.Clone(content)
	w.bytes += len(content)
	w.group.Go(func() error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.files = append(w.files, f)
		w.mu.Unlock()
		_, err = f.Write(content)
		return err
	})
	return nil
}

// sync makes everything durable that was written since the last call, and closes it.
func (w *writer) sync() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Wait()
	if err == nil {
		err = w.toDisk()
	}
	w.drop()
	if err != nil {
		return unusable(err)
	}
	return nil
}

func (w *writer) toDisk() error {
	if len(w.files) > few {
		if can, err := syncAll(w.files[0].Fd()); can {
			return err
		}
	}
	var group errgroup.Group
	group.SetLimit(writers)
	for _, f := range w.files {
		group.Go(f.Sync)
	}
	err := group.Wait()
	for _, dir := range slices.Sorted(maps.Keys(w.dirs)) {
		err = errors.CombineErrors(err, syncDirectory(dir))
	}
	return err
}

// drop closes what was written and gives it up.
func (w *writer) drop() {
	if w.group != nil {
		_ = w.group.Wait() // sync told what went wrong
	}
	for _, f := range w.files {
		_ = f.Close() // what was written is on disk, or given up
	}
	w.files, w.group, w.dirs, w.bytes = nil, nil, nil, 0
}

// replace puts a file in the place of another so that, whatever happens, there is the one or the other, and is durable when it
// returns.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unusable(err)
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return unusable(err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.CombineErrors(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return unusable(err)
	}
	return nil
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.CombineErrors(d.Sync(), d.Close())
}
