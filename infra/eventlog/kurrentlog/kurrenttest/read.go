package kurrenttest

import (
	"math"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Read is described in the protocol. It reads one stream; the log of all streams is not part of the model.
func (s *Server) Read(r *streams.ReadReq, out streams.Streams_ReadServer) error {
	o := r.GetOptions()
	if o.GetStream() == nil || o.GetUuidOption() == nil {
		return status.Error(codes.InvalidArgument, "the model reads streams only")
	}
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if o.GetSubscription() != nil {
		return s.subscribe(name, o.GetStream(), out)
	}
	fault := s.nextRead(name)
	switch fault {
	case CutBeforeReading:
		s.Cut()
		return status.Error(codes.Unavailable, "cut")
	case Hang:
		s.hang(out.Context())
		return status.Error(codes.Unavailable, "hung")
	case UnknownResult:
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: 7}})
	}
	if err := fault.refusal(out); err != nil {
		return err
	}
	count := int(min(o.GetCount(), math.MaxInt32))
	var p page
	if o.GetReadDirection() == streams.ReadReq_Options_Backwards {
		p = s.db.backwards(name, revision(o.GetStream()), count)
	} else {
		p = s.db.forwards(name, revision(o.GetStream()), count)
	}
	switch {
	case p.deleted:
		return deleted(out, name)
	case p.last == noStream:
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)}},
		}})
	}
	for i, e := range p.events {
		if fault == CutHalfway && i == len(p.events)/2 {
			s.Cut()
			return status.Error(codes.Unavailable, "cut")
		}
		if err := out.Send(event(name, e)); err != nil {
			return err
		}
	}
	return nil
}

// subscribe sends the events after a revision, says when it caught up, and goes on with what is appended.
func (s *Server) subscribe(name string, o *streams.ReadReq_Options_StreamOptions, out streams.Streams_ReadServer) error {
	next := int64(0)
	switch r := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision: // events after it
		next = int64(r.Revision) + 1
	case *streams.ReadReq_Options_StreamOptions_End:
		next = s.db.forwards(name, 0, 0).last + 1
	}
	err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}})
	if s.mute.Load() && err == nil {
		s.hang(out.Context())
		return out.Context().Err()
	}
	for caughtUp := false; err == nil; {
		p := s.db.forwards(name, next, 500)
		switch {
		case p.deleted:
			return deleted(out, name)
		case len(p.events) == 0 && !caughtUp:
			caughtUp = true
			err = out.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
			continue
		case len(p.events) == 0:
			select {
			case <-p.changed:
			case <-out.Context().Done():
				return out.Context().Err()
			}
		}
		for i := 0; i < len(p.events) && err == nil; i++ {
			next = p.events[i].Revision + 1
			err = out.Send(event(name, p.events[i]))
		}
	}
	return err
}

func deleted(out streams.Streams_ReadServer, name string) error {
	out.SetTrailer(metadata.Pairs("exception", "stream-deleted", "stream-name", name))
	return status.Error(codes.FailedPrecondition, "Event stream '"+name+"' is deleted.")
}

// event writes an event as a reader gets it; links are not resolved.
func event(name string, e Event) *streams.ReadResp {
	content := "application/octet-stream"
	if e.JSON {
		content = "application/json"
	}
	most, least := esdb.UUIDAsInt64(e.ID)
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id: &shared.UUID{Value: &shared.UUID_Structured_{
				Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least},
			}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)},
			StreamRevision:   uint64(e.Revision), CommitPosition: e.Commit, PreparePosition: e.Commit,
			Metadata: map[string]string{
				"type": e.Type, "content-type": content, "created": strconv.FormatInt(e.Created.UnixNano()/100, 10),
			},
			Data: e.Data, CustomMetadata: e.Metadata,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: e.Commit},
	}}}
}
