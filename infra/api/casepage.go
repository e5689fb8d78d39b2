package api

import (
	_ "embed"

	"github.com/jigowatt/daybook/infra/wire"
)

//go:embed casereport.css
var reportStyle string

//go:embed casereport.html
var reportPage string

// page sends a report as one page. It is the one place where a person's names stand in the clear: it goes to the person.
func (c *call) page(report wire.AccessReport) error {
	return c.printed("report", reportPage, report, report.Position)
}
