package wire

import "time"

// RetentionCount says how many things fall due in one day or month.
type RetentionCount struct {
	// Start is the day, or the first day of the month, as 2026-11-23.
	Start string `json:"start"`
	Items int    `json:"items"`
}

// RetentionCalendar is what falls due under one controller, and how much has no due date.
type RetentionCalendar struct {
	Controller string `json:"controller"`
	// Before is what was due before the calendar begins and is not removed, and After what is due when it has ended.
	Before int              `json:"before"`
	Counts []RetentionCount `json:"counts"`
	After  int              `json:"after"`
	// Waiting counts what no period has begun for, Kept what is needed under another instruction without an end, and Unruled what
	// the instruction sets no limit for (Art. 5(1)(e)).
	Waiting int `json:"waiting"`
	Kept    int `json:"kept"`
	Unruled int `json:"unruled"`
}

// RetentionCalendars is the calendar of each controller.
type RetentionCalendars struct {
	// From is the first day and To the day after the last, in UTC.
	From string `json:"from"`
	To   string `json:"to"`
	// By is day or month.
	By        string              `json:"by"`
	Calendars []RetentionCalendar `json:"calendars"`
	Position  uint64              `json:"position"`
}

// RetentionRule is one rule of retention as it stands for something that is kept.
type RetentionRule struct {
	Retention
	// Began is when the period began, absent where it has not, and Ends when it ends.
	Began *time.Time `json:"began,omitempty"`
	Ends  *time.Time `json:"ends,omitempty"`
}

// CategoryDue says when one category is due, the empty one for what was brought without a category.
type CategoryDue struct {
	Category string    `json:"category"`
	Due      time.Time `json:"due"`
}

// RetentionItem is what one service brought of a person under one instruction into one system.
type RetentionItem struct {
	Controller string `json:"controller"`
	// Person shows the identifiers of the person, masked: enough for somebody who knows them.
	Person []Text `json:"person,omitempty"`
	// Forgotten says that the person's keys were destroyed.
	Forgotten   bool     `json:"forgotten,omitempty"`
	Instruction string   `json:"instruction,omitempty"`
	Version     int      `json:"version,omitempty"`
	Basis       string   `json:"basis,omitempty"`
	System      string   `json:"system,omitempty"`
	Service     string   `json:"service"`
	Categories  []string `json:"categories,omitempty"`
	// First and Newest are when it was first and last brought, with the positions of the entries that say so.
	First          time.Time       `json:"first"`
	FirstPosition  uint64          `json:"firstPosition"`
	Newest         time.Time       `json:"newest"`
	NewestPosition uint64          `json:"newestPosition"`
	Rules          []RetentionRule `json:"rules,omitempty"`
	// Due is when the first category is due, absent where that is not known; a hold does not move it. Reason is retention,
	// consent-withdrawn or instruction-withdrawn.
	Due    *time.Time `json:"due,omitempty"`
	Reason string     `json:"reason,omitempty"`
	// Dues says when each category is due, where that is known.
	Dues []CategoryDue `json:"dues,omitempty"`
	// State is unruled, waiting, running, kept, due, overdue, blocked or ordered.
	State string `json:"state"`
	// Erase are the categories that are due and that no hold protects. Whole says that they cannot be named.
	Erase []string `json:"erase,omitempty"`
	Whole bool     `json:"whole,omitempty"`
	// Holds are the ids of the holds that protect any of it.
	Holds []string `json:"holds,omitempty"`
	// Order is the order that waits for its answer, and Orders how many were sent.
	Order    string `json:"order,omitempty"`
	Orders   int    `json:"orders,omitempty"`
	Sentence string `json:"sentence"`
}

// RetentionDue is one page of what is due, the longest due first.
type RetentionDue struct {
	// By is the time at which it is due, as everything stands now.
	By    time.Time       `json:"by"`
	Items []RetentionItem `json:"items"`
	// Next is the cursor of the next page, absent where this is the last.
	Next     string `json:"next,omitempty"`
	Position uint64 `json:"position"`
}

// RetentionHold is a hold that stands, with what it protects.
type RetentionHold struct {
	StandingHold
	Controller string    `json:"controller"`
	Person     []Text    `json:"person,omitempty"`
	Forgotten  bool      `json:"forgotten,omitempty"`
	Placed     time.Time `json:"placed"`
	// HoldPosition is that of the entry that placed it.
	HoldPosition uint64          `json:"holdPosition"`
	Items        []RetentionItem `json:"items"`
	Sentence     string          `json:"sentence"`
}

// RetentionBlocked is one page of the holds that stand, the oldest first.
type RetentionBlocked struct {
	Holds    []RetentionHold `json:"holds"`
	Next     *uint64         `json:"next,omitempty"`
	Position uint64          `json:"position"`
}
