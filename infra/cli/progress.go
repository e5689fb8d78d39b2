package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long work is, on a terminal only; elsewhere it stays silent.
type progress struct {
	bar   *progressbar.ProgressBar // nil where nothing is shown
	total int64
}

// progress begins a bar for a work of total steps, -1 where that is not known yet.
func (p *program) progress(what string, total int64, more ...progressbar.Option) *progress {
	if _, is := terminal(p.err); !is {
		return &progress{}
	}
	options := append([]progressbar.Option{
		progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(),
	}, more...)
	return &progress{total: total, bar: progressbar.NewOptions64(total, options...)}
}

// reach moves the bar to a step of a total that may have grown.
func (b *progress) reach(step, total int64) {
	if b.bar == nil {
		return
	}
	if total != b.total && total > 0 {
		b.total = total
		b.bar.ChangeMax64(total)
	}
	_ = b.bar.Set64(step) // a terminal that is gone ends nothing
}

func (b *progress) finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}
