package cli

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

// restoring are the flags of backup verify and restore.
type restoring struct {
	app.Restoring
	data, name, policy   string
	witnessed, forgotten []string
}

func (f *restoring) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.Keys, "keys", "", "the backup of the keys")
	flags.StringVar(&f.Identity, "identity", "", "a file with an identity of age that opens the keys")
	flags.StringVar(&f.Key, "key", "", "the verifier key, where you have it from elsewhere; the backup's own word by default")
	flags.StringArrayVar(&f.witnessed, "witnessed", nil, "a file or an address with a checkpoint that others saw; may be given more than once")
	flags.StringVar(&f.policy, "policy", "", "a C2SP tlog-policy file with the witnesses; that of the backup by default")
	flags.BoolVar(&f.Expired, "expired", false, "take keys that must not be kept any more")
	flags.StringVar(&f.name, "name", "", "the ledger's name, where it has one")
}

// prepare reads what the flags name, and shows progress until done is called.
func (p *program) prepare(ctx context.Context, f *restoring) (cfg app.Config, done func(), err error) {
	cfg = app.Config{Data: f.data, Name: f.name, Version: version(), Now: p.now, Logger: p.logger(false, slog.LevelError)}
	if cfg.Data == "" {
		cfg.Data = "." // nothing is written
	}
	if (f.Keys == "") != (f.Identity == "") {
		return cfg, nil, usage("Keys are opened with an identity.", "Give --keys together with --identity.")
	}
	if f.policy != "" {
		if f.Policy, f.Key, err = readPolicy(f.policy, f.Key); err != nil {
			return cfg, nil, err
		}
	}
	for _, place := range f.witnessed {
		note, err := p.fetched(ctx, place)
		if err != nil {
			return cfg, nil, err
		}
		f.Seen = append(f.Seen, note)
	}
	bar, at := p.progress("", -1), ""
	f.Progress = func(step string, done, of domain.Position) {
		if step != at {
			bar.finish()
			bar, at = p.progress(map[string]string{"verify": "Verifying", "unpack": "Unpacking", "build": "Writing the log"}[step], int64(of)), step
		}
		bar.reach(int64(done), int64(of))
	}
	return cfg, func() { bar.finish() }, nil
}

// fetched reads a small file, or what is at an address.
func (p *program) fetched(ctx context.Context, place string) ([]byte, error) {
	if !strings.HasPrefix(place, "http://") && !strings.HasPrefix(place, "https://") {
		content, err := os.ReadFile(place)
		if err != nil {
			return nil, invalid("A file that is named cannot be read.", "Name one that is there, or an address that begins with http.")
		}
		return content, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, usage("An address makes no sense.", "Write it as http://127.0.0.1:8430/api/v1/proof/witnessed.")
	}
	res, err := p.http.Do(req)
	if err != nil {
		return nil, &failure{domain.ErrUnavailable, "Nothing answers at an address that is named.", "Look at the address, or fetch it into a file.", nil}
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, &failure{domain.ErrUnavailable, "What is at an address that is named cannot be had: " + res.Status + ".", "Look at the address, or fetch it into a file.", nil}
	}
	return content, nil
}

// badBackup makes the failure of a backup that is not what it must be.
func (p *program) badBackup(err error) error {
	var damage *app.Damage
	hint := strings.Join(errors.GetAllHints(err), " ")
	switch {
	case errors.Is(err, app.ErrSplit):
		return &failure{errVerification, "A witness saw another history than the backup has.", hint, nil}
	case errors.Is(err, app.ErrOlder):
		sentence, _, _ := strings.Cut(err.Error(), ": ")
		return &failure{errVerification, "Others saw more of the ledger than the backup has: " + stopped(sentence), hint, nil}
	case errors.As(err, &damage):
		return &failure{errVerification, "The backup is not what was signed: " + stopped(damage.Error()), "Use another backup; this one cannot be relied on.", nil}
	case errors.IsAny(err, app.ErrArtifact, app.ErrKeysLost, app.ErrExpired, app.ErrQuorum, app.ErrWaiting):
		return &failure{errVerification, stopped(upperFirst(withoutKind(err.Error()))), hint, nil}
	}
	return err
}

func (p *program) backupRestore() *cobra.Command {
	var f restoring
	cmd := &cobra.Command{
		Use:   "restore FILE --keys FILE --identity FILE --data NEWDIR",
		Short: "Put a ledger back from its two backups, without bringing back whoever was forgotten",
		Long: "Proves the backup of the log, writes the log and its tiles into a new directory, and puts the keys beside them. Whoever was\n" +
			"forgotten, as the log says, or as a newer list says (--forgotten, from daybook backup forgotten or a newer backup of the\n" +
			"log), is forgotten again before the ledger can be served. That it was restored is recorded.\n\n" +
			"What waited in the inbox is put back, and recorded once it is served; what the log has already is not recorded twice.\n\n" +
			"The witnesses of the backup's policy, or of --policy, are asked how far they saw the ledger. Where they or others saw a\n" +
			"newer checkpoint (--witnessed), the ledger is not continued as if nothing had been there: restoring refuses. With --fork\n" +
			"it goes on apart, openly: under another origin and another key, and it records where from.",
		Example: "  daybook backup restore ledger.tar.zst --keys keys.age --identity key.txt --data ./daybook-data --forgotten forgotten.json",
		Args:    exact(1, "the file of the backup of the log"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Log = args[0]
			return p.restoreBackup(cmd.Context(), f)
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "the new data directory")
	flags.StringArrayVar(&f.forgotten, "forgotten", nil, "who was forgotten since: a list, a newer backup of the log, or an address; may be given more than once")
	flags.BoolVar(&f.Fork, "fork", false, "go on apart from a newer checkpoint")
	flags.BoolVar(&f.Lost, "lost-keys", false, "go on without the keys of people whom the log names, or of what waited")
	return cmd
}

// restoredBackup is what restore shows.
type restoredBackup struct {
	Entries   uint64 `json:"entries"`
	Root      string `json:"root"`
	Forgotten int    `json:"forgotten"`
	Lost      int    `json:"lost"`
	Key       string `json:"key"`
	Fork      string `json:"fork,omitempty"`
	// Inbox and Quarantine are how many messages wait again, and LostMessages how many that waited do not open.
	Inbox        int `json:"inbox"`
	Quarantine   int `json:"quarantine"`
	LostMessages int `json:"lostMessages"`
	// Witnesses is how many said what they saw, and Silent why others did not.
	Witnesses int      `json:"witnesses"`
	Silent    []string `json:"silent,omitempty"`
}

// waitedWords counts messages that waited.
func waitedWords(w app.BackupWaiting) string {
	return count(w.Inbox, "message") + " waited in the inbox and " + strconv.Itoa(w.Quarantine) + " in quarantine"
}

func (p *program) restoreBackup(ctx context.Context, f restoring) error {
	if f.data == "" || f.Keys == "" {
		return usage("A ledger is put back from its log and its keys into a new directory.", "Give --keys, --identity and --data.")
	}
	cfg, done, err := p.prepare(ctx, &f)
	if err != nil {
		return err
	}
	for _, place := range f.forgotten {
		people, err := p.forgottenAt(ctx, cfg, place)
		if err != nil {
			return p.badBackup(err)
		}
		f.Forgotten = append(f.Forgotten, people...)
	}
	r, err := app.Restore(ctx, cfg, f.Restoring)
	done()
	if err != nil {
		return p.badBackup(err)
	}
	if p.format != "table" {
		out := restoredBackup{
			uint64(r.Events), r.Root, r.Forgotten, r.Lost, r.Key, r.Fork, r.Waited.Inbox, r.Waited.Quarantine, r.Closed.Inbox + r.Closed.Quarantine, r.Asked, r.Silent,
		}
		return p.show(listing{whole: out, items: []any{out}, head: []string{"entries", "root", "forgotten", "lost", "key", "fork"},
			rows: [][]string{{strconv.FormatUint(out.Entries, 10), r.Root, strconv.Itoa(r.Forgotten), strconv.Itoa(r.Lost), r.Key, r.Fork}}})
	}
	p.say("Restored "+count(int(r.Size), "event")+" of "+moment(r.Made)+" into "+f.data+"; that is recorded behind them.", "  root  "+r.Root)
	p.say(count(r.Forgotten, "key") + " of people who were forgotten were destroyed again.")
	if r.Lost > 0 {
		p.say("LOST: the keys of " + count(r.Lost, "dossier") + " were not in the backup. What was sealed under them never opens again.")
	}
	if r.Waited != (app.BackupWaiting{}) {
		p.say(upperFirst(waitedWords(r.Waited)) + "; they wait again. What the log has already is not recorded twice.")
	}
	if r.Closed != (app.BackupWaiting{}) {
		p.say("LOST: " + waitedWords(r.Closed) + ", and do not open with these keys.")
	}
	if r.Asked > 0 {
		p.say("Witnesses that said how far they saw the ledger: " + strconv.Itoa(r.Asked) + ".")
	}
	for _, why := range r.Silent {
		p.say("NOT ASKED: the witness " + stopped(why) + " Whether it saw more is not known until it cosigns again; daybook status says so.")
	}
	if r.Fork != "" {
		p.say("From here on the ledger is a fork, "+r.Fork+". Tell those who check it: its verifier key is now", "  "+r.Key)
	}
	p.say("Its memory and its views are made from the log at the first start: daybook serve --data " + f.data)
	return nil
}

// forgottenAt reads who was forgotten, from a file or an address.
func (p *program) forgottenAt(ctx context.Context, cfg app.Config, place string) ([][]domain.SubjectKey, error) {
	if !strings.Contains(place, "://") {
		return app.ReadForgotten(ctx, cfg, place)
	}
	content, err := p.fetched(ctx, place)
	if err != nil {
		return nil, err
	}
	return app.ParseForgotten(content)
}
