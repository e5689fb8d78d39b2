package load

import (
	"math/bits"
	"time"
)

// subBits decides how fine a Histogram is: 2^subBits buckets for each doubling, so a figure is at most 1.6% too high.
const subBits = 6

// Histogram counts durations from a nanosecond to about two hours in buckets of equal relative width. Its zero value is ready;
// it is not safe for use by several goroutines at once.
type Histogram struct {
	counts [(43 - subBits) << subBits]uint64
	total  uint64
}

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < 1<<subBits {
		return int(n)
	}
	shift := bits.Len64(n) - 1 - subBits
	return shift<<subBits + int(n>>shift)
}

// Add counts one duration; what is longer than the last bucket is counted in it.
func (h *Histogram) Add(d time.Duration) {
	h.counts[min(bucketOf(d), len(h.counts)-1)]++
	h.total++
}

// Merge adds another histogram's counts.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.total }

// Quantile gives the least upper bound of a bucket that at least the share q of all durations do not exceed; 0 where none was
// added.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := uint64(q * float64(h.total))
	if float64(rank) < q*float64(h.total) || rank == 0 {
		rank++
	}
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return upperBound(i)
		}
	}
	return upperBound(len(h.counts) - 1)
}

func upperBound(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket)
	}
	shift := bucket>>subBits - 1
	mantissa := uint64(bucket - shift<<subBits)
	return time.Duration((mantissa+1)<<shift - 1)
}
