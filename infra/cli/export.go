package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"

	"github.com/cockroachdb/errors"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) export() *cobra.Command {
	var in wire.ExportRequest
	var person, out string
	var at int64
	cmd := &cobra.Command{
		Use:   "export WHAT --format FORMAT --out FILE",
		Short: "Export the log, a trail or another list into a file for other programs",
		Long: "Writes a file for other programs: jsonl, csv, xlsx or parquet. The log also comes as ldv or vng, as Dutch authorities name the\n" +
			"fields of a log of processing; the record of Article 30(2) as a workbook after the UK's authority (ico) or the French and\n" +
			"Belgian ones (cnil), and as JSON-LD in the words of the Data Privacy Vocabulary (dpv). That the file was made is recorded, with\n" +
			"who asked (--as), why (--reason) and its SHA-256. What rests sealed is not exported, but for contacts with --contacts.",
		Example: "  daybook export findings --format csv --out findings.csv --as petra --reason audit\n" +
			"  daybook export article30 --format ico --out record.xlsx --contacts\n" +
			"  daybook export trail -c fenland-cycles --person email:ada@example.org --format jsonl --out ada.jsonl",
		Args: exact(1, "what to export: log, trail, findings, disclosures, recipients, retention or article30"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usage("It is not said where to write.", "Give --out with a file, or - for standard output.")
			}
			in.What = args[0]
			if person != "" {
				who, err := p.identifier(person)
				if err != nil {
					return err
				}
				in.Person = who
			}
			if at >= 0 {
				end := uint64(at)
				in.At = &end
			}
			return p.exportTo(cmd.Context(), in, out)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Format, "format", "csv", "jsonl, csv, xlsx or parquet; ldv or vng for the log; ico, cnil or dpv for article30")
	f.StringVar(&out, "out", "", "the file to write, or - for standard output")
	f.StringVarP(&in.Controller, "controller", "c", "", "only of this client; a trail needs it")
	f.StringVar(&person, "person", "", "whose trail, as kind:value; - reads it from standard input")
	f.Int64Var(&at, "at", -1, "as it was known when the ledger had so many entries")
	f.BoolVar(&in.Contacts, "contacts", false, "with the particulars of contacts, in article30")
	f.BoolVar(&in.Secret, "secret", false, secretUsage)
	return cmd
}

// exportTo fetches a file of what is recorded.
func (p *program) exportTo(ctx context.Context, in wire.ExportRequest, out string) error {
	return p.fetchTo(ctx, fetching{path: "/exports", what: "Exporting", done: "Exported", of: "rows"}, in, out)
}

// fetching says how a file is had from the ledger, and how that is told.
type fetching struct{ path, what, done, of string }

// fetchTo fetches a file, holds it against the digest that was recorded, and only then gives it its name.
func (p *program) fetchTo(ctx context.Context, f fetching, in any, out string) error {
	var made exportMade
	err := p.intoFile(out, func(w io.Writer) (err error) {
		made, err = p.fetchExport(ctx, f, in, w)
		return err
	})
	if err == nil && out != "-" {
		p.note(f.done + " " + made.rows + " " + f.of + ", recorded as entry " + made.entry + ". SHA-256: " + made.sum)
	}
	return err
}

// intoFile has a file written, or standard output where out is -, and gives the file its name only when it is whole.
func (p *program) intoFile(out string, write func(io.Writer) error) (err error) {
	if out == "-" {
		return write(p.out)
	}
	part := out + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return invalid("The file cannot be made.", "Name with --out a file in a directory that is there and can be written to.")
	}
	defer func() {
		if err != nil {
			err = errors.CombineErrors(err, os.Remove(part))
		}
	}()
	if err = write(file); err == nil {
		err = errors.Wrap(file.Sync(), "bring a file to disk")
	}
	if err = errors.CombineErrors(err, file.Close()); err != nil {
		return err
	}
	return errors.Wrap(os.Rename(part, out), "name a file")
}

// exportMade is what the ledger said of a file.
type exportMade struct{ rows, entry, sum string }

func (p *program) fetchExport(ctx context.Context, f fetching, in any, to io.Writer) (exportMade, error) {
	ledger := p.ledger()
	res, err := ledger.send(ctx, http.MethodPost, f.path, "", in)
	if err != nil {
		return exportMade{}, err
	}
	defer func() { _ = res.Body.Close() }()
	bar := p.progress(f.what, -1, progressbar.OptionShowBytes(true))
	defer bar.finish()
	sum, written := sha256.New(), int64(0)
	for {
		n, err := io.CopyN(io.MultiWriter(to, sum), res.Body, 256<<10)
		written += n
		bar.reach(written, -1)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return exportMade{}, ledger.broken(err)
		}
	}
	made := exportMade{res.Trailer.Get(wire.TrailerRows), res.Trailer.Get(wire.TrailerEntry), res.Trailer.Get(wire.TrailerSHA256)}
	if made.sum != hex.EncodeToString(sum.Sum(nil)) {
		return exportMade{}, ledger.broken(nil)
	}
	return made, nil
}
