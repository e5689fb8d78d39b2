package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) backup() *cobra.Command {
	return group("backup", "Make backups of a ledger, prove them, and put the ledger back", p.backupCreate(), p.backupVerify(), p.backupRestore(), p.backupForgotten())
}

func (p *program) keys() *cobra.Command {
	var f stoppedFlags
	cmd := &cobra.Command{
		Use: "export-public", Short: "Print the key with which anybody checks the ledger's checkpoints", Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.data == "" {
				key, err := remoteFiles{remote: p.ledger()}.get(cmd.Context(), "/proof/key")
				if err == nil {
					p.say(strings.TrimSpace(string(key)))
				}
				return err
			}
			ledger, err := p.openStopped(cmd.Context(), f)
			if err != nil {
				return err
			}
			defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
			key, err := ledger.PublicKey(cmd.Context())
			if err == nil {
				p.say(key)
			}
			return err
		},
	}
	f.add(cmd, "read")
	return group("keys", "The ledger's keys", cmd)
}

// backing are the flags of backup create.
type backing struct {
	stoppedFlags
	out, keysOut, recipientsFile, keep string
	recipients                         []string
}

func (p *program) backupCreate() *cobra.Command {
	var f backing
	cmd := &cobra.Command{
		Use:   "create --out FILE --keys-out FILE --recipient age1…",
		Short: "Back up the log with its proof, and apart from it the keys",
		Long: "Writes one file with the log, its tiles and the signed checkpoint, of a ledger that runs or, with --data, is stopped. In it\n" +
			"people are pseudonyms, and what is of them is sealed: it opens nothing, and can be kept as long as you like.\n\n" +
			"The keys go into another file, encrypted with age to those who may restore. They are apart for two reasons. Whoever has\n" +
			"both files, and an identity of age, has everything. And a copy of the keys still knows whoever is forgotten after it was\n" +
			"made (Art. 17): it resurrects them until it is deleted. So it says until when it may be kept (--keys-keep), and you delete\n" +
			"it by then; verify and restore refuse it afterwards. Take the keys at least as often as the log: what was sealed under a\n" +
			"key that no backup has is lost for ever.\n\n" +
			"With both files, the messages that wait in the inbox and in quarantine are taken, too, sealed as they rest. They open only\n" +
			"with the keys that were made with them: name the two files of one run when you restore.",
		Example: "  daybook backup create --out ledger.tar.zst --keys-out keys.age --recipient age1ql3z…\n" +
			"  daybook backup create --data ./daybook-data --out ledger.tar.zst",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.createBackup(cmd.Context(), f) },
	}
	f.add(cmd, "back up")
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the file for the log with its proof, such as ledger.tar.zst")
	flags.StringVar(&f.keysOut, "keys-out", "", "the file for the keys, such as keys.age")
	flags.StringArrayVar(&f.recipients, "recipient", nil, "who may open the keys, as age writes it; may be given more than once")
	flags.StringVar(&f.recipientsFile, "recipients-file", "", "a file of recipients, one a line")
	flags.StringVar(&f.keep, "keys-keep", "30d", "how long the keys may be kept, in days")
	return cmd
}

func (p *program) createBackup(ctx context.Context, f backing) error {
	request := wire.BackupRequest{What: wire.BackupKeys, Recipients: f.recipients}
	switch days, err := strconv.Atoi(strings.TrimSuffix(f.keep, "d")); {
	case f.out == "" && f.keysOut == "":
		return usage("It is not said where to write.", "Give --out for the log, --keys-out for the keys, or both.")
	case err != nil || days < 1 || days > wire.MaxBackupKeep:
		return usage("How long the keys may be kept is no number of days.", "Write --keys-keep 30d; at most 366 days.")
	default:
		request.Keep = days
	}
	if f.recipientsFile != "" {
		lines, err := recipientsOf(f.recipientsFile)
		if err != nil {
			return err
		}
		request.Recipients = append(request.Recipients, lines...)
	}
	if (f.keysOut != "") != (len(request.Recipients) > 0) {
		return usage("Keys are backed up to somebody, and into a file.", "Give --keys-out together with --recipient or --recipients-file.")
	}
	// What waits is closed with a key that is made for this backup and goes with the keys.
	waits := ""
	if f.out != "" && f.keysOut != "" {
		var err error
		if waits, request.Waiting, err = app.NewWaiting(); err != nil {
			return err
		}
	} else if f.out != "" {
		p.note("What waits in the inbox and in quarantine is not in it: it is taken together with the keys, with --keys-out.")
	}
	if f.data != "" {
		return p.backupStopped(ctx, f, request, waits)
	}
	// The keys come last: they must be of everybody whom the log names.
	for _, part := range []struct {
		out     string
		request wire.BackupRequest
	}{{f.out, wire.BackupRequest{What: wire.BackupLog, Waiting: waits}}, {f.keysOut, request}} {
		if part.out == "" {
			continue
		}
		var made exportMade
		if err := p.intoFile(part.out, func(file io.Writer) (err error) {
			made, err = p.fetchExport(ctx, fetching{path: "/backups", what: "Backing up"}, part.request, file)
			return err
		}); err != nil {
			return err
		}
		p.backedUp(part.out, part.request, made.rows, made.sum, "Recorded as entry "+made.entry+".")
	}
	return nil
}

func recipientsOf(path string) (lines []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, invalid("The file of recipients cannot be read.", "Name with --recipients-file a file with recipients of age, one a line.")
	}
	defer func() { err = errors.CombineErrors(err, file.Close()) }()
	scanner := bufio.NewScanner(io.LimitReader(file, 1<<20))
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, errors.Wrap(scanner.Err(), "read recipients")
}

// backedUp says what was written.
func (p *program) backedUp(out string, of wire.BackupRequest, entries, sum, more string) {
	if of.What == wire.BackupLog {
		p.say("The log with its "+entries+" entries is in "+out+". "+more, "  SHA-256  "+sum)
		return
	}
	p.say("The keys are in "+out+", encrypted to "+count(len(of.Recipients), "recipient")+". "+more, "  SHA-256  "+sum,
		"  Delete it within "+count(of.Keep, "day")+", and sooner when somebody is forgotten and there is a newer one.")
}

// backupStopped backs up a ledger that is stopped, which can record nothing of it.
func (p *program) backupStopped(ctx context.Context, f backing, request wire.BackupRequest, waits string) (err error) {
	ledger, err := p.openStopped(ctx, f.stoppedFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	if f.out != "" {
		bar := p.progress("Backing up", -1)
		var m app.StoppedBackup
		sum, err := p.summed(f.out, func(file io.Writer) (err error) {
			m, err = ledger.BackupLog(ctx, file, waits, func(done, of domain.Position) { bar.reach(int64(done), int64(of)) })
			return err
		})
		bar.finish()
		if err != nil {
			return err
		}
		p.backedUp(f.out, wire.BackupRequest{What: wire.BackupLog}, strconv.FormatUint(m.Size, 10), sum, "The ledger is stopped, so that this is recorded nowhere.")
		if m.Beyond > 0 {
			p.note("It ends at the last checkpoint: " + count(int(m.Beyond), "event") + " beyond it are signed at the next start, and are not in it.")
		}
		if m.Damaged > 0 {
			p.note("DAMAGED: " + count(m.Damaged, "message") + " that waited beside the log cannot be read, and are not in it.")
		}
	}
	if f.keysOut == "" {
		return nil
	}
	sum, err := p.summed(f.keysOut, func(file io.Writer) error {
		return ledger.BackupKeys(ctx, file, request.Recipients, request.Waiting, time.Duration(request.Keep)*24*time.Hour)
	})
	if err == nil {
		p.backedUp(f.keysOut, request, "", sum, "The ledger is stopped, so that this is recorded nowhere.")
	}
	return err
}

// summed is intoFile, and gives the file's digest.
func (p *program) summed(out string, write func(io.Writer) error) (string, error) {
	sum := sha256.New()
	err := p.intoFile(out, func(file io.Writer) error { return write(io.MultiWriter(file, sum)) })
	return hex.EncodeToString(sum.Sum(nil)), err
}

func (p *program) backupForgotten() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "forgotten --out FILE",
		Short: "List everybody who was forgotten, for restoring a backup from before",
		Long: "Writes the keys of everybody whom the running ledger was made to forget. An older backup restored with this list forgets\n" +
			"each of them again. A newer backup of the log says the same.",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage("It is not said where to write.", "Give --out with a file.")
			}
			list, err := remoteFiles{remote: p.ledger()}.get(cmd.Context(), "/forgotten")
			if err != nil {
				return err
			}
			people, err := app.ParseForgotten(list)
			if err != nil {
				return err
			}
			if err := p.intoFile(out, func(file io.Writer) error { _, err := file.Write(list); return err }); err != nil {
				return err
			}
			p.say("People who were forgotten: " + strconv.Itoa(len(people)) + "; their keys are listed in " + out + ".")
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file to write")
	return cmd
}
