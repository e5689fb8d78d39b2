// Package blocks reads the message files of a stopped JetStream server without changing them.
//
// The server itself cuts a file off at the first record whose checksum is wrong, and so destroys the good ones behind it
// (Art. 32(1)(b)). This reader goes on behind a bad record, so that what can be read is known before the server is started.
//
// It reads files that are neither compressed nor encrypted, as nats-server 2.9 to 2.15 write them, and deliberately writes nothing.
package blocks
