package api

import (
	"io/fs"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// contractRoutes serves what the messages are: the JSON Schemas and the AsyncAPI document.
func (a *API) contractRoutes() {
	a.route(huma.Operation{
		Method: http.MethodGet, Path: "/schemas/{schema}", OperationID: "schema", Tags: []string{"contract"},
		Summary: "The JSON Schema of a message, such as action.json",
		Responses: map[string]*huma.Response{"200": {
			Description: "JSON Schema 2020-12", Content: map[string]*huma.MediaType{contentSchema: {Schema: &huma.Schema{Type: "object"}}},
		}},
	}, func(c *call) error {
		name := c.r.PathValue("schema")
		// What is not a plain file name is not asked of the file system.
		if stem, ok := strings.CutSuffix(name, ".json"); !ok || !wire.ValidName(stem) {
			return noSchema()
		}
		schema, err := fs.ReadFile(wire.Schemas(), name)
		if err != nil {
			return noSchema()
		}
		c.sendRaw(http.StatusOK, contentSchema, schema)
		return nil
	})
	a.route(huma.Operation{
		Method: http.MethodGet, Path: "/asyncapi.yaml", OperationID: "asyncapi", Tags: []string{"contract"},
		Summary: "The AsyncAPI document of what services send over NATS",
		Responses: map[string]*huma.Response{"200": {
			Description: "AsyncAPI 3.0", Content: map[string]*huma.MediaType{contentYAML: {Schema: &huma.Schema{Type: "string"}}},
		}},
	}, func(c *call) error {
		c.sendRaw(http.StatusOK, contentYAML, wire.AsyncAPI())
		return nil
	})
}

const (
	contentSchema = "application/schema+json"
	contentYAML   = "application/yaml"
)

func noSchema() error {
	return problem.New(wire.NotFound, "there is no schema of that name", "The AsyncAPI document at "+Prefix+"/asyncapi.yaml names the schemas.")
}
