// Command daybook keeps and reads the book of original entry for personal data. See infra/cli.
package main

import (
	"os"

	"github.com/jigowatt/daybook/infra/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
