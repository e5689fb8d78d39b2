package wire

import (
	"embed"
	"io/fs"
)

//go:embed schemas/*.json
var schemas embed.FS

//go:embed asyncapi.yaml
var asyncAPI []byte

// Schemas holds the JSON Schema (2020-12) of every message, by file name, such as action.json. The address of a schema is
// https://daybook.dev/schemas/v1/ and its file name.
func Schemas() fs.FS {
	sub, err := fs.Sub(schemas, "schemas")
	if err != nil {
		panic("wire: schemas are not embedded") // go:embed does not build without them
	}
	return sub
}

// AsyncAPI is the AsyncAPI 3.0 document of the contract, in YAML. It refers to the schemas by their addresses.
func AsyncAPI() []byte { return append([]byte(nil), asyncAPI...) }
