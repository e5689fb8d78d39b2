package api

import (
	"encoding/json"
	"net/http"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// contentPEM is the type of a certificate in PEM (RFC 8555).
const contentPEM = "application/pem-certificate-chain"

// base gives the address at which the caller reaches the API.
func (c *call) base() string { return "http://" + c.r.Host + Prefix }

func (c *call) dsrBase(controller domain.ControllerID) string {
	return c.base() + "/opendsr/" + string(controller) + "/"
}

func (c *call) answerSigned(v any) error {
	c.w.Header().Set(wire.HeaderPosition, c.api.cfg.Ledger.State().End.String())
	return c.sendSigned(http.StatusOK, v)
}

// sendSigned answers with a body and, where the ledger has a key, the signature over exactly its bytes.
func (c *call) sendSigned(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	body = append(body, '\n')
	if c.api.cfg.Signer != nil {
		signature, of, err := c.api.cfg.Signer.Sign(body)
		if err != nil {
			return err
		}
		c.w.Header().Set(wire.HeaderDSRDomain, of)
		c.w.Header().Set(wire.HeaderDSRSignature, signature)
	}
	c.sendRaw(status, wire.ContentJSON, body)
	return nil
}

func (c *call) openDSRCertificate() error {
	if _, err := name[domain.ControllerID](c, "controller"); err != nil {
		return err
	}
	if c.api.cfg.Signer == nil {
		return problem.New(wire.NotFound, "this ledger signs nothing", "Run it with daybook serve, which has a key for OpenDSR.")
	}
	certificate, err := c.api.cfg.Signer.Certificate()
	if err != nil {
		return err
	}
	c.sendRaw(http.StatusOK, contentPEM, append(certificate, '\n'))
	return nil
}
