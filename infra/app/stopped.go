package app

import (
	"context"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/projections"
)

// Stopped is a ledger that answers nobody: its log can be read and its views can be built, by the one process that has it open.
type Stopped struct {
	app  *App
	log  projections.Log
	disk *natslog.Disk // the files of the log, nil where a server keeps it
}

// onFiles reads the log by its files, and names what cannot be read there as damage.
type onFiles struct{ *natslog.Disk }

// Read is described at natslog.Disk.Read, but gives a *Damage where a frame is missing or damaged.
func (l onFiles) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		end := from
		for batch, err := range l.Disk.Read(ctx, from) {
			if errors.HasAssertionFailure(err) {
				err = errors.WithSecondaryError(found("the log has a gap or cannot be read", end, end+1), err)
			}
			if !yield(batch, err) {
				return
			}
			end = batch.End()
		}
	}
}

// OpenStopped opens the log of a ledger that does not run. The files of an embedded server are read without starting it, so that
// it changes nothing in them. It returns domain.ErrNotFound where the directory holds none, domain.ErrUnavailable where another
// process has it, and an assertion failure where a log elsewhere was lost or changed.
func OpenStopped(ctx context.Context, cfg Config) (*Stopped, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	cfg.existing = true
	a := &App{cfg: cfg, quiet: true}
	s := &Stopped{app: a}
	for _, open := range []func(context.Context) error{a.chooseEngine, a.findLedger, a.openDirectory, s.openLog} {
		if err := open(ctx); err != nil {
			return nil, errors.CombineErrors(err, a.closers.close())
		}
	}
	return s, nil
}

func (s *Stopped) openLog(ctx context.Context) error {
	a := s.app
	if !a.cfg.onDisk() {
		if a.cfg.Engine == EngineNATS {
			if err := a.openBus(ctx); err != nil {
				return err
			}
		}
		err := a.openLog(ctx)
		s.log = a.log
		return err
	}
	disk, err := a.disk()
	if errors.Is(err, domain.ErrNotFound) {
		want, failed := a.expected(ctx)
		return errors.CombineErrors(found("the files of the log are gone", 0, max(want.end, a.signedSize())), failed)
	}
	s.log, s.disk = onFiles{disk}, disk
	return err
}

// Progress says how far a rebuild is.
type Progress = projections.Progress

// Read yields the events of the log as projections.Log says.
func (s *Stopped) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return s.log.Read(ctx, from)
}

// Rebuild builds the named views anew, or all where none is named, and reports the progress of each. It is called once. It returns
// domain.ErrNotFound for a name that no view has, and what stopped a view.
func (s *Stopped) Rebuild(ctx context.Context, names []string, progress func(view string, p projections.Progress)) error {
	if err := s.app.openViewsOn(s.log); err != nil {
		return err
	}
	views := s.app.views
	if len(names) == 0 {
		for _, status := range views.Status() {
			names = append(names, status.Name)
		}
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); views.Run(running) }()
	defer func() { stop(); <-ended }()
	for _, name := range names {
		if err := views.Rebuild(ctx, name, func(p projections.Progress) { progress(name, p) }); err != nil {
			return errors.Wrapf(err, "rebuild %s", errors.Safe(name))
		}
	}
	return nil
}

// Close closes what was opened.
func (s *Stopped) Close() error { return s.app.closers.close() }
