package register

import (
	"net/netip"
	"net/url"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxCallbacks bounds the addresses of one controller.
const MaxCallbacks = 8

// callback checks an address that is called with the status of a request. What is sent there is about a person, so that it goes over
// TLS, or stays on this machine (Art. 32(1)(a)). Nothing in it may change from request to request: it rests in the clear for ever.
func callback(address string) error {
	u, err := url.Parse(address)
	if err == nil && len(address) <= domain.MaxTextBytes && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())) {
		return nil
	}
	return errors.WithHint(errors.Wrap(domain.ErrInvalid, "address of a callback"),
		"Article 32(1)(a): write https://host/path, or http://127.0.0.1:port/path for a program on this machine; without user, query or fragment.")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
