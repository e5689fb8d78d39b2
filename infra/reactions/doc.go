// Package reactions turns what the views show into new commands and messages: the one arrow backwards. What is due is ordered to be
// erased (Art. 5(1)(e), 17(1)(a), (b)), every order is published to its service (Art. 28(3)(a), (g)), and an order that nobody
// answers is put before a person (Art. 5(2)).
//
// Each reaction may be done twice and may end anywhere. What is to be ordered follows from the views, an order's id from what it is
// about, and where publishing goes on from the stream itself; nothing else is remembered.
//
// There is no Watermill router in here: it carries messages that come, and nothing comes. A sweep begins by the clock, and publishing
// when the view of orders has grown; both read views page by page, which a router would only wrap.
//
// It deliberately decides nothing about law: the retention view says what is due, and the write side refuses what a hold forbids.
package reactions
