package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/app"
)

func (p *program) backupVerify() *cobra.Command {
	var f restoring
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Prove a backup of the log, and that the backup of the keys goes with it",
		Long: "Holds every file of the backup against its hash, and the whole tree against the signed checkpoint. It exits with 3 where\n" +
			"anything differs, and names the first position. With --keys and --identity it opens the keys, without writing them\n" +
			"anywhere, and makes sure that there is one for everybody whom the log names and does not say was forgotten.",
		Example: "  daybook backup verify ledger.tar.zst --key daybook/ledger+1234abcd+AQ…\n" +
			"  daybook backup verify ledger.tar.zst --keys keys.age --identity key.txt",
		Args: exact(1, "the file of the backup of the log"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Log = args[0]
			return p.verifyBackup(cmd.Context(), f)
		},
	}
	f.add(cmd)
	cmd.Flags().Lookup("policy").Usage = "a C2SP tlog-policy file with the witnesses that must have cosigned"
	return cmd
}

// checkedBackup is what verify shows.
type checkedBackup struct {
	Ledger    string `json:"ledger"`
	Key       string `json:"key"`
	Entries   uint64 `json:"entries"`
	Root      string `json:"root"`
	Made      string `json:"made"`
	People    int    `json:"people"`
	Forgotten int    `json:"forgotten"`
	// Inbox and Quarantine are how many messages waited.
	Inbox      int `json:"inbox"`
	Quarantine int `json:"quarantine"`
	Keys       *struct {
		Made    string `json:"made"`
		Expires string `json:"expires"`
		Live    int    `json:"live"`
		Missing int    `json:"missing"`
	} `json:"keys,omitempty"`
}

func (p *program) verifyBackup(ctx context.Context, f restoring) error {
	cfg, done, err := p.prepare(ctx, &f)
	if err != nil {
		return err
	}
	checked, err := app.CheckBackup(ctx, cfg, f.Restoring, f.Policy)
	done()
	if err != nil {
		return p.badBackup(err)
	}
	m := checked.Manifest
	out := checkedBackup{Ledger: m.Ledger, Key: m.Key, Entries: m.Size, Root: m.Root, Made: moment(m.Made), People: checked.People, Forgotten: checked.Forgotten}
	words := []string{
		"The backup of " + moment(m.Made) + " is whole: " + count(int(m.Size), "event") + " of " + m.Ledger + ", as they were signed.", "  root  " + m.Root,
		"The log names " + count(checked.People, "key") + " of people, and " + strconv.Itoa(checked.Forgotten) + " that were forgotten.",
	}
	if w := m.Waiting; w != nil {
		out.Inbox, out.Quarantine = w.Inbox, w.Quarantine
		words = append(words, waitedWords(*w)+".")
	}
	if f.Key == "" {
		words = append(words, "That is by the backup's own word: give --key with the verifier key that you have from elsewhere.")
	}
	var failed error
	if k := checked.Keys; k != nil {
		words = append(words, "The keys of "+moment(k.Made)+" are those of "+count(checked.Live, "dossier")+"; they may be kept until "+moment(k.Expires)+".")
		out.Keys = &struct {
			Made    string `json:"made"`
			Expires string `json:"expires"`
			Live    int    `json:"live"`
			Missing int    `json:"missing"`
		}{moment(k.Made), moment(k.Expires), checked.Live, checked.Missing}
		if checked.Closed != (app.BackupWaiting{}) {
			failed = &failure{errVerification, upperFirst(waitedWords(checked.Closed)) + ", and do not open with these keys.",
				"Name the two files that one run of daybook backup create wrote.", nil}
		} else if checked.Missing > 0 {
			failed = &failure{errVerification, "The keys of " + strconv.Itoa(checked.Missing) + " people whom the log names are not in the backup of the keys.",
				"It is older than the backup of the log. Make one of the keys after each of the log.", nil}
		} else if err := k.Expired(p.now()); err != nil && !f.Expired {
			failed = p.badBackup(err)
		}
	}
	if checked.Newer > 0 {
		failed = &failure{errVerification, "Others saw " + strconv.FormatUint(uint64(checked.Newer), 10) + " entries; the backup has " + strconv.FormatUint(m.Size, 10) + ".",
			"It is whole, and older than what they saw: look for a newer one.", nil}
	}
	if p.format == "table" {
		p.say(words...)
	} else if err := p.show(listing{whole: out, items: []any{out}, head: []string{"ledger", "entries", "root", "people", "forgotten"},
		rows: [][]string{{out.Ledger, strconv.FormatUint(out.Entries, 10), out.Root, strconv.Itoa(out.People), strconv.Itoa(out.Forgotten)}}}); err != nil {
		return err
	}
	return failed
}
