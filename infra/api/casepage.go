package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

//go:embed casereport.css
var reportStyle string

//go:embed casereport.html
var reportPage string

// page sends a report as one page without scripts, pictures or anything else to fetch.
func (c *call) page(report wire.AccessReport) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"day":    func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"moment": func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
		"term":   func(category string) string { return domain.Category(category).Term() },
		// A report is the one place where a person's names stand in the clear: it goes to the person.
		"reveal": func(t wire.Text) string { return string(t) },
		"style":  func() template.CSS { return template.CSS(reportStyle) }, //nolint:gosec // our own file
	}).Parse(reportPage)
	if err != nil {
		return errors.NewAssertionErrorWithWrappedErrf(err, "the page of a report cannot be read")
	}
	var b bytes.Buffer
	if err := page.Execute(&b, report); err != nil {
		return errors.Wrap(err, "write the page of a report")
	}
	sum := sha256.Sum256([]byte(reportStyle))
	h := c.w.Header()
	h.Set(wire.HeaderPosition, domain.Position(report.Position).String())
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; frame-ancestors 'none'")
	c.sendRaw(http.StatusOK, contentHTML, b.Bytes())
	return nil
}
