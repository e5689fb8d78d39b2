package bus

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

const varzBytes = 1 << 20 // more than a server says of itself

// Synced asks a NATS server's monitoring, at a URL such as http://nats-1.internal:8222, whether it syncs what it acknowledges: clients
// are not told. It returns the server's name, domain.ErrConflict where it does not sync, and domain.ErrUnavailable where it does not say.
func Synced(ctx context.Context, monitor string) (name string, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(monitor, "/")+"/varz", nil)
	if err != nil {
		return "", errors.WithHint(errors.Wrap(domain.ErrInvalid, "the address of the NATS monitoring"),
			"Write it as a URL, for example http://nats-1.internal:8222.")
	}
	var varz struct {
		Name      string `json:"server_name"`
		JetStream struct {
			Config *struct {
				SyncAlways bool `json:"sync_always"`
			} `json:"config"`
		} `json:"jetstream"`
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		defer res.Body.Close()
		err = json.NewDecoder(io.LimitReader(res.Body, varzBytes)).Decode(&varz)
	}
	switch {
	case err != nil || varz.JetStream.Config == nil:
		return varz.Name, errors.WithHint(errors.Wrap(domain.ErrUnavailable, "the monitoring of the NATS server does not say how it syncs"),
			"Name with --nats-monitor the http port of a NATS server that runs JetStream.")
	case !varz.JetStream.Config.SyncAlways:
		return varz.Name, errors.WithHint(errors.Wrap(domain.ErrConflict, "the NATS server acknowledges what it has not synced"),
			"A power failure takes back what was acknowledged. Set in the server's configuration: jetstream { sync_interval: always }.")
	}
	return varz.Name, nil
}
