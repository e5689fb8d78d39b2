package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/export"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
)

// printed sends a page to print: one page without scripts, pictures or anything else to fetch.
func (c *call) printed(name, text string, data any, at uint64) error {
	if c.fault != nil {
		return c.fault
	}
	page, err := template.New(name).Funcs(template.FuncMap{
		"day":       func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"moment":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
		"term":      func(category string) string { return domain.Category(category).Term() },
		"provision": sentence.Provision,
		"kept":      export.Kept,
		"basis":     func(basis string) string { return sentence.Basis(domain.Basis(basis)) },
		// What a page shows in the clear was asked for by whoever may see it, and goes nowhere else.
		"reveal": func(t wire.Text) string { return string(t) },
		"style":  func() template.CSS { return template.CSS(reportStyle) }, //nolint:gosec // our own file
	}).Parse(text)
	if err != nil {
		return errors.NewAssertionErrorWithWrappedErrf(err, "the page of a report cannot be read")
	}
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		return errors.Wrap(err, "write the page of a report")
	}
	sum := sha256.Sum256([]byte(reportStyle))
	h := c.w.Header()
	h.Set(wire.HeaderPosition, domain.Position(at).String())
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; frame-ancestors 'none'")
	c.sendRaw(http.StatusOK, contentHTML, b.Bytes())
	return nil
}
