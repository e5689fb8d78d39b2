package app

import (
	"context"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/wire"
)

// busses are the connections to NATS: one for the log, one for the ledger's other streams, one for callers, so that none waits for
// the others' messages.
type busses struct {
	server               *bus.Server // nil with an external server
	log, services, doors *nats.Conn
	url                  string
}

func (a *App) openBus(ctx context.Context) error {
	cfg := a.cfg
	if cfg.NATSURL != "" {
		for _, conn := range []**nats.Conn{&a.bus.log, &a.bus.services, &a.bus.doors} {
			nc, err := bus.Connect(ctx, cfg.NATSURL, cfg.Logger)
			if err != nil {
				return err
			}
			a.closers.addPlain(nc.Close)
			*conn = nc
		}
		a.bus.url = a.bus.log.ConnectedUrlRedacted()
		return a.checkServers(ctx)
	}
	host, port, err := loopback(cfg.NATS)
	if err != nil {
		return err
	}
	server, err := bus.Embedded(ctx, bus.Config{
		StoreDir: cfg.path("nats"), Host: host, Port: port, DontListen: a.quiet, Reserved: a.reserved(), Logger: cfg.Logger,
	})
	if err != nil {
		return errors.Wrap(err, "embedded NATS server")
	}
	a.closers.add(server.Close)
	a.bus = busses{server: server, log: server.Conn(), url: server.ClientURL()}
	// The connection that answers publishes where its callers say, so that it may do no more than they.
	for conn, dial := range map[**nats.Conn]func(...nats.Option) (*nats.Conn, error){
		&a.bus.services: server.Dial, &a.bus.doors: server.DialOutside,
	} {
		if *conn, err = dial(); err != nil {
			return err
		}
		a.closers.addPlain((*conn).Close)
	}
	return nil
}

// reserved are the subjects on which the embedded server lets nobody publish but the ledger. One stray message in the log would end
// it for good, since nothing is taken out of a log. On a server elsewhere, its operator sees to this.
func (a *App) reserved() []string {
	subjects := []string{"daybook.log", "daybook.log.>", "daybook.bell", "daybook.bell.>", wire.Pattern(wire.Orders)}
	for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE", "SNAPSHOT"} {
		subjects = append(subjects, "$JS.API.STREAM."+verb+".>")
	}
	return append(subjects, intake.Streams{Name: a.cfg.Name}.Reserved()...)
}
