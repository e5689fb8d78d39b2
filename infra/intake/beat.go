package intake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/source"
	"github.com/jigowatt/daybook/infra/wire"
)

// How often heartbeats of one service are recorded: often where they show a gap, and otherwise so that silence shows.
const (
	beatEvery = time.Hour
	gapEvery  = time.Minute
	beatWait  = 5 * time.Second
	// maxPulses bounds the services whose heartbeats are told apart. The names come from subjects, which anybody who may publish
	// can make up.
	maxPulses = 4096
)

// origin is who publishes.
type origin struct {
	controller domain.ControllerID
	service    domain.ServiceID
}

// pulses keeps what the heartbeats of each service are held against.
type pulses struct {
	mu sync.Mutex
	of map[origin]pulse // guarded by mu
}

type pulse struct {
	arrived  uint64    // the newest sequence of an event
	recorded uint64    // the newest sequence of a heartbeat that was recorded
	at       time.Time // when that was
}

// arrived takes note of the newest sequence among actions of one service.
func (p *pulses) arrived(from origin, actions []commands.Action) {
	var newest uint64
	for i := range actions {
		newest = max(newest, actions[i].Sequence)
	}
	if newest == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, known := p.of[from]
	if newest > now.arrived && (known || len(p.of) < maxPulses) {
		now.arrived = newest
		p.of[from] = now
	}
}

// due says whether a heartbeat is to be recorded.
func (p *pulses) due(from origin, sequence uint64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.of[from]
	if !known && len(p.of) >= maxPulses {
		for other, pulse := range p.of {
			if now.Sub(pulse.at) >= beatEvery {
				delete(p.of, other) // whose next heartbeat is due anyway
			}
		}
		if len(p.of) >= maxPulses {
			return false
		}
	}
	since := now.Sub(last.at)
	return last.at.IsZero() || since >= beatEvery || since >= gapEvery && sequence > max(last.arrived, last.recorded)
}

func (p *pulses) recorded(from origin, sequence uint64, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.of[from]
	last.recorded, last.at = max(last.recorded, sequence), now
	p.of[from] = last
}

// beat records that a service lives, where that is news. Nobody waits for an answer.
func (s *Service) beat(m message) {
	if err := s.beaten(m); err != nil {
		if n := s.unheard.Add(1); n&(n-1) == 0 { // less often the more there are
			s.cfg.Logger.WarnContext(context.Background(), "heartbeats could not be recorded", slog.Uint64("heartbeats", n), slog.Any("error", err))
		}
	}
}

func (s *Service) beaten(m message) error {
	controller, service, err := address(m.subject)
	if err != nil {
		return err
	}
	var beat wire.Heartbeat
	if err := wire.Decode(m.body, &beat); err != nil {
		return err
	}
	from, now := origin{controller, service}, s.cfg.Now()
	if !s.pulses.due(from, beat.Sequence, now) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), beatWait)
	defer cancel()
	err = s.cfg.Ledger.Heartbeat(ctx, source.HeartbeatRecorded{Controller: controller, Service: service, Sequence: beat.Sequence})
	if err == nil {
		s.pulses.recorded(from, beat.Sequence, now)
	}
	return err
}
