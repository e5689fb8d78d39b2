package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// machine describes what everything ran on, the cost of an fsync included: a disk that answers at once flatters every side.
func machine(dir string) ([]report.Setting, error) {
	h, err := fsyncs(dir)
	if err != nil {
		return nil, err
	}
	return []report.Setting{
		{Name: "cpu", Value: field("/proc/cpuinfo", "model name")},
		{Name: "cores", Value: strconv.Itoa(runtime.NumCPU())},
		{Name: "memory", Value: field("/proc/meminfo", "MemTotal")},
		{Name: "system", Value: runtime.GOOS + "/" + runtime.GOARCH},
		{Name: "go", Value: strings.TrimPrefix(runtime.Version(), "go")},
		{Name: "filesystem", Value: filesystem(dir)},
		{Name: "fsync of 4 KiB", Value: "p50 " + h.Quantile(0.5).String() + ", p99 " + h.Quantile(0.99).String()},
	}, nil
}

func (b *bench) plan() []report.Setting {
	callers := "cheap: requests outstanding, no goroutine each"
	if b.cfg.requests {
		callers = "a goroutine each, waiting for its answer"
	}
	return []report.Setting{
		{Name: "callers", Value: callers},
		{Name: "events", Value: strconv.Itoa(b.cfg.events) + " of " + strconv.Itoa(load.EventBytes) + " bytes"},
		{Name: "people", Value: strconv.Itoa(b.cfg.people) + " under " + strconv.Itoa(load.Controllers) + " controllers"},
		{Name: "services", Value: strconv.Itoa(load.Controllers * load.Services)},
		{Name: "measured", Value: b.cfg.measure.String() + " a run after " + b.cfg.warm.String() + " of warm-up, sides in turn"},
		{Name: "runs", Value: strconv.Itoa(b.cfg.runs) + ", the median counts"},
	}
}

func fsyncs(dir string) (h load.Histogram, err error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return h, errors.Wrap(err, "file to sync")
	}
	defer func() { err = errors.CombineErrors(err, f.Close()) }()
	block := make([]byte, 4096)
	for range 200 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return h, errors.Wrap(err, "write before a sync")
		}
		if err := f.Sync(); err != nil {
			return h, errors.Wrap(err, "sync a file")
		}
		h.Add(time.Since(began))
	}
	return h, nil
}

// field finds a named value in one of Linux's text files.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// filesystem names the type of the filesystem that holds dir.
func filesystem(dir string) string {
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return "unknown"
	}
	kind, longest := "unknown", -1
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		below, err := filepath.Rel(f[1], dir)
		if err == nil && !strings.HasPrefix(below, "..") && len(f[1]) > longest {
			kind, longest = f[2], len(f[1])
		}
	}
	return kind
}
