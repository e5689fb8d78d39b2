// Package request holds the cases: each is one exercise of a right under Articles 15 to 22, or one complaint (Art. 77; UK Data
// Protection Act 2018, s.164A), from its receipt to its end.
//
//	                      ┌── asked ⇄ replied (identity, fee, clarification)     Art. 12(5), 12(6); UK Art. 12A
//	                      │   acknowledged (a complaint: UK, 30 days)            s.164A
//	                      │   extended (told in the first month, with reasons)   Art. 12(3)
//	                      │   assigned
//	received ──▶ found ──▶ reviewed ──▶ decided ──▶ ordered ──▶ settled … ──▶ answered ──▶ closed
//	   │        where the   what is      by the      a task for   each place:    the person   when nothing
//	   │        data is     withheld,    controller, a service    an action,     is told      is open
//	   │                    with its     with its                 an order, a                 Art. 12(3), (4)
//	   │                    ground       grounds                  telling, or a
//	   │                    Art. 15(4)   Art. 28(3)               cited exemption
//	   │                                                          Art. 17(3), 19
//	   ├──▶ withdrawn by the person
//	   └──▶ transferred to the right controller
//
// A refusal goes from decided to answered to closed. A complaint goes from received by acknowledged and decided to answered and
// closed; letters to and from the authority are recorded at any time, even after it is closed. What the processor owes its client
// ends with delivered (Art. 28(3)(e)).
//
// Two clocks follow from the events and show their working: the controller's limit in law and the processor's promise to its
// client. In the UK only a request for access is paused by asking what it is about, and the month begins with the proof of
// identity; in the EU regime only that proof pauses, as the EDPB's guidelines accept.
//
// It deliberately does not find the data, judge removals or send anything: the caller says what was found, which event is the
// evidence, and whether the instruction counts a removal as erasure. It names people by subject keys only, reasons by codes, and
// keeps free text sealed, under the key of the case's first person.
package request
