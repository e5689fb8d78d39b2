// Package problem turns an error into the problem that its sender sees (RFC 9457), the same over NATS and HTTP: the kind of the
// error becomes the code, its hints are shown, and nothing of a fault of ours but a number to look it up by (Art. 25, 32).
//
// It deliberately does not send or render anything; whoever answers does.
package problem
