// Package accesslog reads the access logs of web servers and says what they mean for the people whose addresses stand in them:
// actions on ip: identifiers under an instruction of the controller (Art. 4(1), recital 30; Art. 28(3)(a)).
//
// What becomes an action. A line a request would bury a person's record under thousands of entries that all say the same, and a
// line a day would hide when somebody was there. A privacy manager is asked "when did you have my address, why, and until
// when?", so:
//
//   - Collect: one action for an address and a minute, at the time of its first request in that minute, with the number of
//     requests, their outcomes and the last request's time in the sealed details;
//   - Store: one action for an address and a day (UTC), because logs are kept, rotated and deleted by the day, and that is where
//     retention runs from;
//   - Use: one action for an address and a day, only where the caller says that something reads the log, such as a firewall.
//
// The categories are those that the lines really hold: pd:IPAddress always, pd:UserAgent, pd:BrowsingReferral and pd:Username
// where the fields are filled. An instruction that permits less makes a finding, which is what the ledger is for. What was
// requested is left out (Art. 5(1)(c)): paths and queries hold names, and the log itself still has them.
//
// Identity. The same log imported again must record nothing new, and an id rests in the clear for ever, so it must not be
// computed from an address: a digest of one can be found by trying all of them. An id is therefore the log's name, the operation,
// the second of the first request, and a count within that second. Where a log was cut within a second, two actions get one
// id; the importer then moves on to the id's next spelling (see Again), which comes out the same at the next import.
//
// It deliberately does not send anything, does not look addresses up, and repeats nothing of a line that it cannot read.
package accesslog
