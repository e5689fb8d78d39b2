package kurrenttest

import (
	"context"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// gossiping tells clients of the nodes of a cluster: this one, and the leader where it is another.
type gossiping struct {
	gossip.UnimplementedGossipServer
	server *Server
}

// Read is described in the protocol.
func (g gossiping) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	me, leader := g.server, g.server.cfg.Leader
	if leader == nil {
		return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{member(me, gossip.MemberInfo_Leader)}}, nil
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{member(me, gossip.MemberInfo_Follower), member(leader, gossip.MemberInfo_Leader)}}, nil
}

func member(s *Server, state gossip.MemberInfo_VNodeState) *gossip.MemberInfo {
	host, text, _ := strings.Cut(s.addr, ":")
	port, _ := strconv.ParseUint(text, 10, 16) // the listener gave it
	return &gossip.MemberInfo{State: state, IsAlive: true, HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)}}
}
