// Package clustertest runs a NATS cluster of real nats-server processes on loopback, and makes its nodes fail: killed, paused, cut off
// from the others, started again on an empty disk.
//
// It is for tests and for programs that measure; the ledger itself never starts servers of a cluster. It deliberately does not know
// what is kept on the cluster, nor what must hold afterwards: who makes the faults also counts what was lost.
package clustertest
