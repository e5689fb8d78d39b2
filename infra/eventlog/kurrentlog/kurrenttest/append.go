package kurrenttest

import (
	"context"
	"io"
	"math"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Append is described in the protocol.
func (s *Server) Append(stream streams.Streams_AppendServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	options := request.GetOptions()
	if options == nil {
		return status.Error(codes.Unknown, "Exception was thrown by handler.")
	}
	name := string(options.GetStreamIdentifier().GetStreamName())
	fault := s.nextAppend(name)
	if fault == CutBeforeReading {
		s.Cut()
		return status.Error(codes.Unavailable, "cut")
	}
	var expected int64
	switch o := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		expected = int64(o.Revision)
	case *streams.AppendReq_Options_NoStream:
		expected = noStream
	case *streams.AppendReq_Options_Any:
		expected = anyRevision
	case *streams.AppendReq_Options_StreamExists:
		expected = streamExists
	default:
		return status.Error(codes.InvalidArgument, "expected revision")
	}
	events, err := s.proposals(stream)
	if err != nil {
		return err
	}
	return s.commit(stream, fault, name, expected, events)
}

// proposals reads the events of an append to its end.
func (s *Server) proposals(stream streams.Streams_AppendServer) (events []Event, err error) {
	for size := 0; ; {
		request, err := stream.Recv()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		p := request.GetProposedMessage()
		kind, content := p.GetMetadata()["type"], p.GetMetadata()["content-type"]
		id := eventID(p.GetId())
		if kind == "" || content == "" || id == uuid.Nil {
			stream.SetTrailer(metadata.Pairs("exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"))
			return nil, status.Error(codes.InvalidArgument, "Required Metadata Property is missing")
		}
		if size += len(p.GetData()) + len(p.GetCustomMetadata()) + 2*len(kind); size > s.cfg.MaxAppendSize {
			limit := strconv.Itoa(s.cfg.MaxAppendSize)
			stream.SetTrailer(metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", limit))
			return nil, status.Error(codes.InvalidArgument, "Maximum Append Size of "+limit+" Exceeded.")
		}
		events = append(events, Event{ID: id, Type: kind, JSON: content == "application/json", Data: p.GetData(), Metadata: p.GetCustomMetadata()})
	}
}

// commit writes, or does what the fault says.
func (s *Server) commit(stream streams.Streams_AppendServer, fault Fault, name string, expected int64, events []Event) error {
	switch fault {
	case CutBeforeCommit:
		s.Cut()
		return status.Error(codes.Unavailable, "cut")
	case Hang:
		s.hang(stream.Context())
		return status.Error(codes.Unavailable, "hung")
	case Late:
		s.hang(context.Background())
	case UnknownResultUnwritten:
		return stream.SendAndClose(&streams.AppendResp{})
	}
	if err := fault.refusal(stream); err != nil {
		return err
	}
	o := s.db.append(name, expected, events)
	switch fault {
	case CutAfterCommit:
		s.Cut()
		return status.Error(codes.Unavailable, "cut")
	case HangAfterCommit:
		s.hang(stream.Context())
	case CommitTimesOut:
		return status.Error(codes.Aborted, "Operation timed out: CommitTimeout")
	case UnknownResult:
		return stream.SendAndClose(&streams.AppendResp{})
	case Forgetful:
		o.wrong = true
	}
	switch {
	case o.deleted:
		stream.SetTrailer(metadata.Pairs("exception", "stream-deleted", "stream-name", name))
		return status.Error(codes.FailedPrecondition, "Event stream '"+name+"' is deleted.")
	case o.wrong:
		return stream.SendAndClose(wrongRevision(expected, o.current))
	}
	return stream.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(o.current)},
		PositionOption: &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: o.commit, PreparePosition: o.commit},
		},
	}}})
}

func wrongRevision(expected, current int64) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{}
	if current == noStream {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(current)}
	}
	switch expected {
	case noStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	case anyRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
	case streamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
	default:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(expected)}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}

// refusal gives the error of a fault by which the server says that it did not write, nil for all others.
func (f Fault) refusal(stream grpc.ServerStream) error {
	switch f {
	case NotReady:
		return status.Error(codes.Unavailable, "Server Is Not Ready")
	case TooBusy:
		return status.Error(codes.Unavailable, "Server Is Too Busy")
	case NoLeaderInfo:
		return status.Error(codes.Unknown, "No leader info available in response")
	case PrepareTimesOut:
		return status.Error(codes.Aborted, "Operation timed out: PrepareTimeout")
	case AccessDenied:
		stream.SetTrailer(metadata.Pairs("exception", "access-denied"))
		return status.Error(codes.PermissionDenied, "Access Denied")
	}
	return nil
}

func eventID(id *shared.UUID) uuid.UUID {
	if text := id.GetString_(); text != "" {
		parsed, _ := uuid.Parse(text) // what is none is refused as uuid.Nil
		return parsed
	}
	parsed, _ := esdb.ParseUUIDFromInt64(id.GetStructured().GetMostSignificantBits(), id.GetStructured().GetLeastSignificantBits())
	return parsed
}

// Delete is described in the protocol.
func (s *Server) Delete(_ context.Context, r *streams.DeleteReq) (*streams.DeleteResp, error) {
	s.db.Delete(string(r.GetOptions().GetStreamIdentifier().GetStreamName()))
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{CommitPosition: 1}}}, nil
}

// Tombstone is described in the protocol.
func (s *Server) Tombstone(_ context.Context, r *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	s.db.Tombstone(string(r.GetOptions().GetStreamIdentifier().GetStreamName()))
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{CommitPosition: 1}}}, nil
}

// revision gives the revision at which a read begins.
func revision(o *streams.ReadReq_Options_StreamOptions) int64 {
	switch r := o.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		return int64(min(r.Revision, math.MaxInt64))
	case *streams.ReadReq_Options_StreamOptions_End:
		return math.MaxInt64
	}
	return 0
}
