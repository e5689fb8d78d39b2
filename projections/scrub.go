package projections

import (
	"context"
	"os"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
)

// scrubbed is how many pages are read at once while nobody asks for them, and shortestScrub the pause after them.
const (
	scrubbed      = 64
	shortestScrub = 10 * time.Millisecond
)

// scrub reads every page of every view again and again until ctx ends, each pass spread over the time that is set, so that damage is found
// before somebody asks for what is there.
func (r *Runner) scrub(ctx context.Context) {
	for r.config.Scrub > 0 && len(r.workers) > 0 {
		for _, w := range r.workers {
			for from := int64(0); ; from += scrubbed {
				pages := w.view.scrub(ctx, from)
				pause := max(r.config.Scrub/time.Duration(len(r.workers))*scrubbed/time.Duration(max(pages, scrubbed)), shortestScrub)
				timer := time.NewTimer(pause)
				select {
				case <-timer.C:
				case <-ctx.Done():
					timer.Stop()
					return
				}
				if from+scrubbed >= pages {
					break
				}
			}
		}
	}
}

// scrub reads pages of the file that answers, after the first so many, and gives how many the file has. What it finds shows as it does where
// somebody asks.
func (v *View) scrub(ctx context.Context, from int64) (pages int64) {
	_, _ = v.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		// Pages that are in the write-ahead log only may lie beyond the end of the file.
		info, err := os.Stat(v.answering.path)
		if err != nil {
			return errors.Wrap(err, "look at the file of a view")
		}
		size := int64(0)
		if err := sqlitex.Execute(conn, "PRAGMA page_size", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			size = stmt.ColumnInt64(0)
			return nil
		}}); err != nil {
			return err
		}
		pages = info.Size() / size
		for page := from + 1; page <= min(from+scrubbed, pages); page++ {
			if err := sqlitex.Execute(conn, "SELECT length(data) FROM sqlite_dbpage WHERE pgno = ?", &sqlitex.ExecOptions{Args: []any{page}}); err != nil {
				return err
			}
		}
		return nil
	})
	return pages
}
