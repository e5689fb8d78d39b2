// Package source holds what services say about their own reporting, by which gaps and silence show: that they live, how far they
// have counted, and how much they hold (Art. 5(2), 24(1): what was never reported cannot be seen in a log).
//
// It deliberately holds nothing about people.
package source

import "github.com/jigowatt/daybook/domain"

// HeartbeatRecorded is the event that a service said it lives, and the last sequence it gave out. The ledger records one when the
// sequence is beyond what arrived, and otherwise at most one an hour.
type HeartbeatRecorded struct {
	Controller domain.ControllerID `json:"controller"`
	Service    domain.ServiceID    `json:"service"`
	Sequence   uint64              `json:"sequence,string"`
}

// EventType names the event.
func (HeartbeatRecorded) EventType() string { return "daybook.heartbeat.recorded.v1" }

// CountReported is the event that a service counted the people whose data of a category it holds in a system. The event's time is
// when it counted. Views hold the count against what was recorded.
type CountReported struct {
	Controller domain.ControllerID `json:"controller"`
	Service    domain.ServiceID    `json:"service"`
	System     string              `json:"system"`
	Category   domain.Category     `json:"category"`
	People     uint64              `json:"people,string"`
}

// EventType names the event.
func (CountReported) EventType() string { return "daybook.count.reported.v1" }
