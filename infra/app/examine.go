package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// Found is what an examination of NATS says of one thing, in sentences.
type Found struct {
	Name, Words, Fix string
	State            FoundState
}

// FoundState says how a thing was found.
type FoundState uint8

// The states in which things are found.
const (
	FoundGood FoundState = iota
	FoundDoubtful
	FoundBad
	FoundUnseen
)

// ExamineNATS looks at the NATS server at a URL as a ledger's: its streams, the account's limits, and, through the monitoring addresses
// of its servers, whether they sync what they acknowledge. It changes nothing.
func ExamineNATS(ctx context.Context, url string, monitors []string) []Found {
	nc, err := bus.Connect(ctx, url, nil, nats.Name("daybook doctor"), nats.NoReconnect())
	if err != nil {
		return []Found{{"stream", "No NATS server answers, so the stream was not looked at.", "Name it with --nats-url.", FoundUnseen}}
	}
	defer nc.Close()
	streams, account, err := natslog.Examine(ctx, nc)
	switch {
	case errors.Is(err, domain.ErrForbidden):
		return []Found{{"permissions", "The NATS user may not do what a ledger must.", errors.FlattenHints(err), FoundBad}}
	case errors.Is(err, domain.ErrConflict):
		return []Found{{"account", "The NATS account cannot keep a ledger.", errors.FlattenHints(err), FoundBad}}
	case err != nil:
		return []Found{{"stream", "JetStream does not answer, so the stream was not looked at.", errors.FlattenHints(err), FoundUnseen}}
	}
	embedded := nc.ConnectedServerName() == bus.EmbeddedName
	found := []Found{foundMessages(nc.MaxPayload()), foundAccount(account)}
	if account.Taker != "" {
		found = append(found, Found{"subject", "Another stream, " + account.Taker + ", takes what is published on the ledger's subject.",
			"Take the subject out of it, or give the ledger a NATS account of its own.", FoundBad})
	}
	for _, s := range streams {
		found = append(found, foundStream(s))
		if s.Cluster {
			found = append(found, foundCopies(s))
		}
		if embedded { // which lets nobody but its own process publish frames
			continue
		}
		if err := natslog.Publishable(ctx, nc, s.Ledger); err != nil {
			found = append(found, Found{"permissions", "The user that the doctor came as may not publish the entries of " + s.Stream + ".", errors.FlattenHints(err), FoundDoubtful})
		}
	}
	if len(streams) == 0 {
		found = append(found, Found{"stream", "The NATS server has no ledger's stream.", "Name the ledger's NATS server with --nats-url.", FoundUnseen})
		found = append(found, foundRoom(account)...)
	}
	if embedded {
		return append(found, Found{"sync", "The embedded server syncs all that it acknowledges.", "", FoundGood})
	}
	return append(found, foundSync(ctx, monitors)...)
}

func foundStream(s natslog.Examined) Found {
	if len(s.Dangers) > 0 {
		return Found{"stream " + s.Stream, "Its settings can lose or rewrite entries: " + strings.Join(s.Dangers, "; ") + ".",
			"Stop whoever changed it; put the settings back with the nats program, and compare the log with its second copy.", FoundBad}
	}
	return Found{"stream " + s.Stream, "Its settings neither lose nor rewrite entries.", "", FoundGood}
}

// foundRoom says why an account takes no ledger's stream.
func foundRoom(a natslog.Account) []Found {
	var found []Found
	if a.MaxStreams > 0 && a.Streams >= a.MaxStreams {
		found = append(found, Found{"room for a stream", fmt.Sprintf("The NATS account has all of its %d streams.", a.MaxStreams), "Raise max_streams of the account.", FoundBad})
	}
	if a.LimitsWanted {
		found = append(found, Found{"room for a stream", "The NATS account takes no stream without a limit, and a ledger only grows.",
			"Leave max_bytes_required out of the account's limits.", FoundBad})
	}
	return found
}

func foundCopies(s natslog.Examined) Found {
	name, words := "copies of "+s.Stream, fmt.Sprintf("%d copies are kept.", s.Copies)
	switch {
	case s.Copies < 3:
		return Found{name, fmt.Sprintf("%d copy is kept, on one server of the cluster.", s.Copies),
			"Keep three: nats stream edit " + s.Stream + " --replicas 3, and give serve --replicas 3.", FoundDoubtful}
	case s.Behind > 0:
		return Found{name, fmt.Sprintf("%s %d of them cannot be reached or have fallen behind.", words, s.Behind),
			"Bring these servers back before another is stopped.", FoundBad}
	}
	return Found{name, words + " All have everything.", "", FoundGood}
}

// roomyMessages is the largest message that lets a frame be as large as it may be.
const roomyMessages = 8 << 20

func foundMessages(limit int64) Found {
	words := fmt.Sprintf("The server takes messages of %d KiB.", limit>>10)
	if limit < roomyMessages {
		return Found{"largest message", words, "Set max_payload: 8MB in the server's configuration. Larger frames are written faster.", FoundDoubtful}
	}
	return Found{"largest message", words, "", FoundGood}
}

func foundAccount(a natslog.Account) Found {
	if a.Limit >= 0 {
		return Found{"account", fmt.Sprintf("The NATS account keeps %d of at most %d MiB.", a.Used>>20, a.Limit>>20),
			"Raise max_store of the account before it is reached: the ledger takes nothing more then.", FoundDoubtful}
	}
	return Found{"account", "The NATS account sets no limit on what is kept.", "", FoundGood}
}

func foundSync(ctx context.Context, monitors []string) []Found {
	if len(monitors) == 0 {
		return []Found{{"sync", "Clients cannot see whether the NATS servers sync what they acknowledge.",
			"Set jetstream { sync_interval: always } on each, with the default a power failure loses acknowledged entries; and name their " +
				"monitoring addresses with --nats-monitor, so that it is checked.", FoundDoubtful}}
	}
	var found []Found
	for _, address := range monitors {
		server, err := bus.Synced(ctx, address)
		f := Found{Name: "sync of " + server, Words: "The server syncs all that it acknowledges.", State: FoundGood}
		if server == "" {
			f.Name = "sync"
		}
		if err != nil {
			f.Words, f.Fix, f.State = "It could not be seen how a server syncs.", errors.FlattenHints(err), FoundUnseen
		}
		if errors.Is(err, domain.ErrConflict) {
			f.Words, f.State = "The server acknowledges what it has not synced.", FoundBad
		}
		found = append(found, f)
	}
	return found
}

// checkServers refuses servers that are said to sync nothing, where they can be seen.
func (a *App) checkServers(ctx context.Context) error {
	for _, address := range a.cfg.NATSMonitors {
		if _, err := bus.Synced(ctx, address); err != nil {
			return errors.Wrap(err, "settings of the NATS server")
		}
	}
	if a.cfg.NATSURL != "" && len(a.cfg.NATSMonitors) == 0 && !a.quiet {
		a.cfg.Logger.WarnContext(ctx, "it was not checked whether the nats servers sync what they acknowledge; name their monitoring with --nats-monitor")
	}
	return nil
}

// ExamineEngine looks at the event store that a data directory says to keep its log, where that is not NATS: whether it answers, lets the
// ledger in, and is told to drop nothing. It changes nothing, and gives nothing where the log is kept by NATS.
func ExamineEngine(ctx context.Context, cfg Config) []Found {
	a := &App{cfg: cfg}
	if err := a.chooseEngine(ctx); err != nil {
		return []Found{{"engine", "Which engine keeps the log cannot be told.", errors.FlattenHints(err), FoundBad}}
	}
	if a.cfg.Engine != EngineKurrentDB {
		return nil
	}
	const name = "kurrentdb"
	if a.cfg.KurrentDBURL == "" {
		return []Found{{name, "KurrentDB keeps the log, and was not looked at.", "Name it with --kurrentdb-url, or in DAYBOOK_KURRENTDB_URL.", FoundUnseen}}
	}
	log, err := a.openEngine(ctx)
	if err != nil {
		return []Found{{name, "KurrentDB keeps the log, and cannot serve it: " + err.Error() + ".", errors.FlattenHints(err), FoundBad}}
	}
	log.Close()
	return []Found{{name, "KurrentDB keeps the log, answers, and drops nothing of it.", "", FoundGood}}
}
