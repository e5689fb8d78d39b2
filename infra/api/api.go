package api

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/semaphore"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/casework"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// Log is the event log as the API reads it. It is described at projections.Log.
type Log interface {
	Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error]
}

// Vault opens what is sealed at the last moment; see commands.Vault.
type Vault interface {
	Keys(ctx context.Context, controller domain.ControllerID, id domain.Identifier) ([]domain.SubjectKey, error)
	Identifiers(ctx context.Context, key domain.SubjectKey) ([]domain.Identifier, error)
	Open(ctx context.Context, key domain.SubjectKey, aad string, sealed domain.Sealed) (domain.Personal, error)
}

// Views is the read side's machinery; projections.Runner implements it.
type Views interface {
	// View gives a view by its name, nil where there is none.
	View(name string) *projections.View
	// Status gives the state of every view.
	Status() []projections.Status
	// Rebuild builds a view anew and reports progress; see projections.Runner.
	Rebuild(ctx context.Context, name string, progress func(projections.Progress)) error
}

// Quarantine is what was set aside because it could not be understood; infra/intake implements it.
type Quarantine interface {
	// List gives at most limit messages after the one with the id, the oldest first. It returns domain.ErrInvalid for an id that
	// none can have, and domain.ErrUnavailable.
	List(ctx context.Context, after string, limit int) ([]wire.Quarantined, error)
	// Open gives a message with its content. It returns domain.ErrNotFound and domain.ErrUnavailable.
	Open(ctx context.Context, id string) (wire.QuarantinedContent, error)
	// Replay records a message again. It returns domain.ErrNotFound and domain.ErrUnavailable, and the error for which the whole
	// message is refused again.
	Replay(ctx context.Context, id string) (wire.Replayed, error)
}

// Config is what the API needs. Ledger, Log, Vault and Views are required; without Quarantine its endpoints answer that there is
// none. Zero values of the rest mean the defaults.
type Config struct {
	Ledger     *commands.Ledger
	Log        Log
	Vault      Vault
	Views      Views
	Quarantine Quarantine
	// Signer signs what is said in OpenDSR; without it nothing is signed.
	Signer Signer
	// Proofs proves the history to anybody; without it the endpoints answer that there is none.
	Proofs Proofs
	// Past answers as of earlier positions; without it nothing does.
	Past Past
	// Hindsight answers how it was with a person on a date, given all that is known; without it nothing does.
	Hindsight Hindsight
	// Proving says how far the history is signed and when it was looked at, nil where no proof is kept.
	Proving func() *wire.ProofStatus
	// Witnessing says how the witnesses of the checkpoints are, nil where none are asked.
	Witnessing func() *wire.Witnessing
	// Backups makes backups; without it the endpoints answer that none are made.
	Backups Backups
	// Forked says how the ledger went on apart from what others saw of it, nil where it did not.
	Forked *wire.Forked
	// Replay compares views with new ones; without it the endpoint answers that there is none.
	Replay Replayer
	// Bundle makes evidence bundles; without it the endpoint answers that there are none.
	Bundle Bundler
	// Healthy gives why the ledger cannot write or read its log now, nil where it can: what Open and Run of the parts report.
	// Nothing is asked where it is nil.
	Healthy func() error
	// Done ends the streams when it closes: hand in the Done channel of Serve's context.
	Done    <-chan struct{}
	Version string           // of the program; 0.0.0
	Now     func() time.Time // says whether an order is still secret; time.Now
	NewID   func() string    // numbers of faults; random UUIDs
	Logger  *slog.Logger     // discards by default

	// MaxLag is how many events a view may be behind while the ledger counts as ready; 10,000.
	MaxLag domain.Position
	// Patience is how long a read waits for Daybook-Min-Position; 5 seconds.
	Patience time.Duration
	// Heartbeat is how often a followed log says that it lives; 15 seconds.
	Heartbeat time.Duration
	// Stall is how long one piece of a body may take to come or to go; 30 seconds.
	Stall time.Duration

	// clock is the system's, by which connections count their deadlines, whatever the ledger's is.
	clock func() time.Time
}

func (c *Config) fill() {
	c.clock = time.Now
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Version == "" {
		c.Version = "0.0.0"
	}
	if c.MaxLag == 0 {
		c.MaxLag = 10_000
	}
	for _, d := range []struct {
		value   *time.Duration
		initial time.Duration
	}{{&c.Patience, 5 * time.Second}, {&c.Heartbeat, 15 * time.Second}, {&c.Stall, 30 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
}

// API answers requests. It is made by New.
type API struct {
	cfg      Config
	mux      *http.ServeMux
	doc      huma.API
	decoder  *cloudevents.Decoder
	problems problem.Reporter
	bodies   *semaphore.Weighted // bytes of bodies that are being handled
	streams  *semaphore.Weighted // followed logs
	exports  *semaphore.Weighted // files that are being made
	replays  *semaphore.Weighted // replays and other work over the whole log
	cases    *casework.Cases
}

// Limits of what is handled at once.
const (
	maxBodyBytesAtOnce = 16 * wire.MaxBodyBytes
	maxStreams         = 64
)

// New gives the handler of the whole API, guards included.
func New(cfg Config) http.Handler {
	cfg.fill()
	a := &API{
		cfg: cfg, mux: http.NewServeMux(), decoder: cloudevents.NewDecoder(),
		problems: problem.Reporter{Logger: cfg.Logger, NewID: cfg.NewID},
		bodies:   semaphore.NewWeighted(maxBodyBytesAtOnce), streams: semaphore.NewWeighted(maxStreams), exports: semaphore.NewWeighted(maxExports),
		replays: semaphore.NewWeighted(1),
		cases:   casework.New(casework.Config{Ledger: cfg.Ledger, Vault: cfg.Vault, Views: cfg.Views, Now: cfg.Now, Patience: cfg.Patience}),
	}
	config := huma.DefaultConfig("Daybook", cfg.Version)
	config.Info.Description = "The book of original entry for personal data: what was done, to whose data, for which controller, " +
		"on whose instruction, on which basis."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = Prefix+"/openapi", "", "", nil
	config.Components.Schemas.RegisterTypeAlias(detailsType, objectType)
	a.doc = humago.New(a.mux, config)
	a.routes()
	return a.guarded()
}

func (a *API) routes() {
	a.recordRoutes()
	a.registerRoutes()
	a.peopleRoutes()
	a.matterRoutes()
	a.rightRoutes()
	a.lookRoutes()
	a.exportRoutes()
	a.bundleRoutes()
	a.backupRoutes()
	a.courtOrderRoutes()
	a.caseRoutes()
	a.reportRoutes()
	a.openDSRRoutes()
	a.findingRoutes()
	a.retentionRoutes()
	a.taskRoutes()
	a.disclosureRoutes()
	a.article30Routes()
	a.promiseRoutes()
	a.logRoutes()
	a.proofRoutes()
	a.statusRoutes()
	a.replayRoutes()
	a.quarantineRoutes()
	a.contractRoutes()
}
