package export

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/wire"
)

// DPV is the record of Article 30 as JSON-LD in the words of the Data Privacy Vocabulary 2.3, with its context within, so that nothing is
// fetched to read it. DPV has no profile for such records yet; the terms are those of its core.
const DPV = "dpv"

// node is one thing of a graph.
type node map[string]any

// WriteDPV writes the record, and gives how many processes stand in it. The ids are relative to the document.
func WriteDPV(w io.Writer, a wire.Article30) (processes int, err error) {
	graph := []node{}
	record := node{"@id": "#record", "@type": "dpv:ROPA", "dct:issued": a.AsOf, "dct:identifier": Cell{Number: a.Position}.in(Number)}
	if p := a.Processor; p != nil {
		record["dpv:hasDataProcessor"] = ref("#processor")
		graph = append(graph, node{
			"@id": "#processor", "@type": "dpv:DataProcessor", "dpv:hasName": p.Name,
			"dpv:hasTechnicalOrganisationalMeasure": p.Measures,
		})
	}
	for _, r := range a.Recipients {
		kind := "dpv:Recipient"
		switch r.Kind {
		case "sub-processor":
			kind = "dpv:DataSubProcessor"
		case "controller":
			kind = "dpv:DataController"
		case "authority":
			kind = "dpv:Authority"
		case "third-party":
			kind = "dpv:ThirdParty"
		}
		graph = append(graph, node{"@id": "#recipient/" + r.ID, "@type": kind, "dpv:hasName": r.Name, "dpv:hasLocation": ref("loc:" + r.Country)})
	}
	var parts []node
	for _, r := range a.Records {
		graph = append(graph, node{
			"@id": "#controller/" + r.Controller, "@type": "dpv:DataController", "dpv:hasName": r.Name, "dpv:hasLocation": ref("loc:" + r.Country),
		})
		for _, act := range r.Activities {
			process := processNode(r, act)
			graph = append(graph, process)
			parts = append(parts, ref(process["@id"].(string)))
		}
	}
	record["dpv:hasProcess"] = parts
	body, err := json.MarshalIndent(node{
		"@context": node{
			"dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#", "pd": "https://w3id.org/dpv/pd#",
			"loc": "https://w3id.org/dpv/loc#", "dct": "http://purl.org/dc/terms/",
		},
		"@graph": append([]node{record}, graph...),
	}, "", "  ")
	if err != nil {
		return 0, errors.Wrap(err, "encode a graph")
	}
	_, err = w.Write(append(body, '\n'))
	return len(parts), err
}

func ref(id string) node { return node{"@id": id} }

// processNode gives what is done under one instruction.
func processNode(r wire.Article30Record, a wire.Article30Activity) node {
	n := node{
		"@id": "#process/" + r.Controller + "/" + a.Instruction, "@type": "dpv:Process", "dpv:hasDataController": ref("#controller/" + r.Controller),
		"dpv:hasDataProcessor": ref("#processor"),
	}
	if a.Title != "" {
		n["dct:title"] = a.Title
	}
	if a.Purpose != "" {
		n["dpv:hasPurpose"] = ref("dpv:" + a.Purpose)
	}
	// A6-1-ea is of the UK only, and DPV has no term for it.
	if strings.HasPrefix(a.Basis, "A6-1-") && a.Basis != "A6-1-ea" {
		n["dpv:hasLegalBasis"] = ref("eu-gdpr:" + a.Basis)
	} else if a.Basis != "" {
		n["dct:description"] = "Lawful basis " + a.Basis + " of the UK GDPR"
	}
	add := func(property, id string) {
		list, _ := n[property].([]node)
		n[property] = append(list, ref(id))
	}
	for _, l := range a.Lines {
		switch l.Dimension {
		case "operation":
			add("dpv:hasProcessing", "dpv:"+l.Value)
		case "category":
			if strings.HasPrefix(l.Value, "pd:") || strings.HasPrefix(l.Value, "dpv:") {
				add("dpv:hasPersonalData", l.Value)
			}
		case "recipient":
			add("dpv:hasRecipient", "#recipient/"+l.Value)
		case "country":
			add("dpv:hasLocation", "loc:"+l.Value)
		}
	}
	for _, rule := range a.Retention {
		list, _ := n["dpv:hasStorageCondition"].([]node)
		n["dpv:hasStorageCondition"] = append(list, node{
			"@type": "dpv:StorageDuration", "dpv:hasDuration": rule.Keep, "dct:description": Kept(rule),
		})
	}
	return n
}
