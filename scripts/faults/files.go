package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// base is a directory to be damaged: as a clean stop left it, or as a crash did.
type base struct {
	stop, dir string
	answers   map[string]string
	warnings  int
	content   content // what stays in the stores beneath the answers
}

// files damages every kind of file.
func (f *faults) files(ctx context.Context) error {
	live := filepath.Join(f.dir, "live")
	l, err := grow(ctx, live)
	if err != nil {
		return err
	}
	// Once more, so that the memory has files and not only its log.
	if err := l.close(); err != nil {
		return err
	}
	if l, err = open(ctx, live, time.Now); err != nil {
		return err
	}
	if code, body, err := l.call(http.MethodPost, record, wire.ContentEvent, action(batches*batch)); err != nil || code >= 300 {
		return errors.CombineErrors(errors.Newf("record: %d %s", code, body), err)
	}
	if err := l.settled(); err != nil {
		return err
	}
	// What stands in the files at this moment is what a killed process leaves.
	crash := base{stop: "crash", dir: filepath.Join(f.dir, "crash")}
	if err := errors.CombineErrors(copyDir(live, crash.dir), l.close()); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(f.seed, 1))
	for _, b := range []base{{stop: "clean", dir: live}, crash} {
		if err = f.sound(ctx, &b); err != nil {
			return errors.Wrapf(err, "the sound ledger after a %s stop", b.stop)
		}
		for kind, paths := range kinds(b.dir) {
			for _, damage := range []string{"flip", "torn"} {
				if f.only != "" && !strings.HasPrefix(kind, f.only) || f.short && (damage == "torn") == (b.stop == "clean") {
					continue
				}
				for range f.trials {
					if err := ctx.Err(); err != nil {
						return err
					}
					if err := f.trial(ctx, b, kind, paths[random.IntN(len(paths))], damage, random); err != nil {
						return errors.Wrapf(err, "%s %s", kind, damage)
					}
				}
			}
		}
	}
	return nil
}

func warnings(l *ledger) int {
	return strings.Count(l.said.String(), `"level":"WARN"`) + strings.Count(l.said.String(), `"level":"ERROR"`)
}

func (f *faults) trial(ctx context.Context, b base, kind, path, damage string, random *rand.Rand) error {
	dir := filepath.Join(f.dir, "trial")
	defer os.RemoveAll(dir)
	if err := copyDir(b.dir, dir); err != nil {
		return err
	}
	place, err := hurt(filepath.Join(dir, path), damage, random)
	if err != nil || place == "" {
		return err // there is nothing in it
	}
	o, said, err := judge(ctx, b, dir)
	if o == found && err == nil {
		o, said, err = mend(ctx, b, dir, said)
	}
	if err != nil {
		return err
	}
	if o == harmless || o == mended {
		o, said = b.below(dir, o, said)
	}
	f.table.add(kind+", "+damage+", "+b.stop, o)
	if f.verbose || o == silent {
		fmt.Printf("%s: %s %s after a %s stop, %s: %s\n", outcomes[o], path, damage, b.stop, place, said)
	}
	return nil
}

// judge says what became of a damage.
func judge(ctx context.Context, b base, dir string) (outcome, string, error) {
	l, err := open(ctx, dir, func() time.Time { return moment })
	if err != nil {
		return found, "it does not start: " + err.Error(), nil
	}
	if err := l.settled(); err != nil {
		return found, err.Error(), l.close()
	}
	answers, err := l.answers()
	if err != nil {
		return 0, "", errors.CombineErrors(err, l.close())
	}
	code, ready, err := l.call(http.MethodGet, "/readyz", "", "")
	// What ends with an error was said.
	if ended := l.close(); err != nil || ended != nil || code != http.StatusOK {
		return found, fmt.Sprintf("it is red: %.200s %v", ready, errors.CombineErrors(err, ended)), nil
	}
	differs := ""
	for question, answer := range b.answers {
		if answers[question] == answer {
			continue
		}
		if strings.HasPrefix(answers[question], "5") {
			return found, "an answer fails: " + question, nil
		}
		differs = fmt.Sprintf("%s: %.300s instead of %.300s", question, answers[question], answer)
	}
	switch {
	case differs != "" && strings.Contains(l.said.String(), "put aside"):
		return found, last(l.said.String()), nil
	case differs != "":
		return silent, differs, nil
	case warnings(l) > b.warnings:
		return mended, last(l.said.String()), nil
	}
	return harmless, "", nil
}

// mend tries to repair what was found.
func mend(ctx context.Context, b base, dir, said string) (outcome, string, error) {
	r, err := app.OpenRepair(ctx, app.Config{Data: dir}, "")
	if err != nil {
		return found, said, nil
	}
	plan, err := r.Plan(ctx)
	if err == nil && plan.Needed {
		_, err = r.Do(ctx, func(domain.Position, domain.Position) {})
	}
	if err := errors.CombineErrors(err, r.Close()); err != nil || !plan.Needed {
		return found, said, nil
	}
	o, again, err := judge(ctx, b, dir)
	if o == found || o == silent {
		return o, said + "; after the repair: " + again, err
	}
	return repaired, said, err
}

func last(said string) string {
	for _, line := range strings.Split(said, "\n") {
		if strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, `"level":"ERROR"`) {
			return fmt.Sprintf("%.200s", line)
		}
	}
	return ""
}

// hurt damages a file and says where; nothing where it is empty.
func hurt(path, damage string, random *rand.Rand) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil || len(content) == 0 {
		return "", err
	}
	at := random.IntN(len(content))
	if damage == "torn" {
		return fmt.Sprintf("cut off at byte %d of %d", at, len(content)), os.Truncate(path, int64(at))
	}
	bit := random.IntN(8)
	content[at] ^= 1 << bit
	return fmt.Sprintf("bit %d of byte %d of %d", bit, at, len(content)), os.WriteFile(path, content, 0o600)
}

var numbers = regexp.MustCompile(`[0-9]+`)

// kinds gives the files of a directory by what they are.
func kinds(dir string) map[string][]string {
	all := map[string][]string{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if kind := kindOf(name); kind != "" {
			all[kind] = append(all[kind], name)
		}
		return nil
	})
	return all
}

func kindOf(name string) string {
	parts := strings.Split(name, "/")
	file := parts[len(parts)-1]
	switch {
	case strings.EqualFold(file, "lock"):
		return "" // nothing is in it
	case parts[0] == "tiles" && strings.HasPrefix(name, "tiles/tile/"):
		return "tiles/" + parts[2]
	case parts[0] == "nats" && strings.Contains(name, "/DAYBOOK/"):
		return "nats log " + numbers.ReplaceAllString(file, "N")
	case parts[0] == "nats" && strings.Contains(name, "/obs/"):
		return "nats consumer " + file
	case parts[0] == "nats":
		return "nats other streams " + numbers.ReplaceAllString(file, "N")
	case parts[0] == "memory":
		return "memory " + numbers.ReplaceAllString(filepath.Ext(file), "") + numbers.ReplaceAllString(strings.Split(file, "-")[0], "")
	case parts[0] == "views":
		return "views " + filepath.Ext(file)
	case parts[0] == "vault":
		return "vault " + file
	}
	return name
}

// copyDir copies a directory with the modes of its files.
func copyDir(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) {
				return nil // replaced while it was copied
			}
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
}
