// Package replay proves that views are what the log says: it folds them anew, apart from the ones that answer, and holds every row
// against them (Art. 5(2): accountability, and showing it).
//
// It deliberately mends nothing; projections.Runner rebuilds.
package replay

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// Live is the views that are to be proved; projections.Runner implements it.
type Live interface {
	// View gives a view by its name, nil where there is none.
	View(name string) *projections.View
	// Status gives the state of every view.
	Status() []projections.Status
}

// Query says what to replay.
type Query struct {
	// Views are the names of those to replay; all where it is empty.
	Views []string
	// At builds them as of a position instead of where the live ones stand; nil for there.
	At *domain.Position
	// Dir is the folder to build in. What is there afterwards belongs to the caller.
	Dir string
	// Progress is called after each transaction; nil for none.
	Progress func(projections.Progress)
}

// Verdict is what came of one view.
type Verdict struct {
	View string
	// At is the position at which both stood: they have all events before it.
	At domain.Position
	// Tables and Rows count what was rebuilt, LiveRows what the live view has.
	Tables         int
	Rows, LiveRows uint64
	// Compared says that there was a live view at that position to compare with.
	Compared bool
	// Differences are the first that differ, in the order of tables and keys, of Count.
	Differences []Difference
	Count       uint64
	// Reason says why nothing was compared, or why the live view takes in no more, without personal data.
	Reason string
}

// Equal says that the view was compared and is what the log says.
func (v Verdict) Equal() bool { return v.Compared && v.Count == 0 }

var errNoView = errors.Wrap(domain.ErrNotFound, "view to replay")

// Run builds the views anew from the log and compares each, row by row, with the live one at exactly the position at which that
// stands; the live views may go on meanwhile. It returns domain.ErrNotFound for a name that no view has, domain.ErrInvalid for a
// position that the log does not reach, domain.ErrUnavailable when ctx ends first, and what stops a view that is being built.
func Run(ctx context.Context, log projections.Log, open projections.Opener, all []projections.Projection, live Live, q Query) (verdicts []Verdict, err error) {
	wanted, err := chosen(all, q.Views)
	if err != nil {
		return nil, err
	}
	states := map[string]projections.Status{}
	for _, s := range live.Status() {
		states[s.Name] = s
	}
	target := map[string]domain.Position{}
	for _, p := range wanted {
		if target[p.Name()] = states[p.Name()].Position; q.At != nil {
			target[p.Name()] = *q.At
		}
	}
	made, err := projections.NewCopy(log, q.Dir, open, wanted, projections.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, made.Close()) }()
	if err := made.To(ctx, target, q.Progress); err != nil {
		return nil, errors.Wrap(err, "replay")
	}
	for _, p := range wanted {
		v, err := prove(ctx, log, p.Name(), live.View(p.Name()), made, q.At)
		if err != nil {
			return nil, errors.Wrapf(err, "replay of view %s", errors.Safe(p.Name()))
		}
		if reason := states[p.Name()].Stopped; reason != "" {
			v.Reason = reason
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// chosen gives the projections that are named, in their own order.
func chosen(all []projections.Projection, names []string) ([]projections.Projection, error) {
	if len(names) == 0 {
		return all, nil
	}
	var list []projections.Projection
	for _, p := range all {
		if slices.Contains(names, p.Name()) {
			list = append(list, p)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(p projections.Projection) bool { return p.Name() == name }) {
			return nil, errors.WithHint(errors.WithStack(errNoView), "Name views that daybook status lists.")
		}
	}
	return list, nil
}

// prove compares one view. Within one reading of the live file the copy is brought to where that stands.
func prove(ctx context.Context, log projections.Log, name string, live *projections.View, made *projections.Copy, at *domain.Position) (Verdict, error) {
	v := Verdict{View: name}
	copied := made.View(name)
	_, err := live.Read(ctx, func(answering *sqlite.Conn, stands domain.Position) error {
		if at != nil && stands != *at {
			return nil
		}
		if err := made.To(ctx, map[string]domain.Position{name: stands}, nil); err != nil {
			return err
		}
		var found compared
		reached, err := copied.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) (err error) {
			found, err = compare(ctx, log, answering, conn)
			return err
		})
		v.At, v.Compared, v.Tables, v.Rows, v.LiveRows = reached, true, found.tables, found.made, found.live
		v.Differences, v.Count = found.differences, found.count
		return err
	})
	if errors.Is(err, domain.ErrUnavailable) && ctx.Err() == nil && !v.Compared {
		v.Reason, err = errors.Redact(err), nil
	}
	if err != nil || v.Compared {
		return v, err
	}
	v.At, err = copied.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) (err error) {
		v.Tables, v.Rows, err = count(conn)
		return err
	})
	return v, err
}

// count counts the rows of a file.
func count(conn *sqlite.Conn) (tables int, rows uint64, err error) {
	list, err := tablesOf(conn)
	if err != nil {
		return 0, 0, err
	}
	for _, t := range list {
		stmt, _, err := conn.PrepareTransient(`SELECT count(*) FROM "` + t.name + `"`)
		if err != nil {
			return 0, 0, err
		}
		if _, err = stmt.Step(); err == nil {
			rows += uint64(stmt.ColumnInt64(0))
		}
		if err := errors.CombineErrors(err, stmt.Finalize()); err != nil {
			return 0, 0, err
		}
	}
	return len(list), rows, nil
}
