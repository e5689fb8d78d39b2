package app_test

import (
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/app"
)

// Whatever reads the log of a stopped ledger says of a damaged one which positions are concerned, and not that the program is wrong.
func TestWhoReadsADamagedLogHearsOfTheDamage(t *testing.T) {
	t.Parallel()
	sound := filepath.Join(t.TempDir(), "data")
	r := start(t, sound)
	r.recordMany(t, "one", 8)
	must(t, r.stop())

	reads := map[string]func(s *app.Stopped) error{
		"reading": func(s *app.Stopped) error {
			for batch, err := range s.Read(t.Context(), 0) {
				if err != nil || batch.CaughtUp {
					return err
				}
			}
			return nil
		},
		"replaying": func(s *app.Stopped) error {
			_, err := s.Replay(t.Context(), nil, nil, "", func(app.Progress) {})
			return err
		},
		"rebuilding": func(s *app.Stopped) error {
			return s.Rebuild(t.Context(), nil, func(string, app.Progress) {})
		},
	}
	for _, tt := range []struct {
		given string
		harm  func(t *testing.T, data string)
		reads []string
	}{
		{"a changed bit", func(t *testing.T, data string) { flip(t, block(t, data), 5) }, []string{"reading", "replaying", "rebuilding"}},
		{"a log that was cut off", func(t *testing.T, data string) { cut(t, block(t, data), 5) }, []string{"replaying"}},
	} {
		for _, name := range tt.reads {
			t.Run(tt.given+", "+name, func(t *testing.T) {
				data := copied(t, sound)
				tt.harm(t, data)
				s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
				must(t, err)
				defer func() { must(t, s.Close()) }()
				err = reads[name](s)
				var damage *app.Damage
				if !errors.As(err, &damage) || damage.To <= damage.From {
					t.Errorf("not said, or without positions: %v", err)
				}
			})
		}
	}
}
