package wire

// What came of one view of a replay.
const (
	ReplayEqual     = "equal"
	ReplayDifferent = "different"
	// ReplayBuilt says that the view was built as of a position at which there is no live one to compare with.
	ReplayBuilt = "built"
)

// ReplayLine is one line of a replay: progress, the verdict on one view, or the problem that ended it. The last line of a whole
// replay has Done.
type ReplayLine struct {
	// Position is how far the views are built, and End how far they are to be.
	Position uint64         `json:"position,omitempty"`
	End      uint64         `json:"end,omitempty"`
	Verdict  *ReplayVerdict `json:"verdict,omitempty"`
	Done     bool           `json:"done,omitempty"`
	Problem  *Problem       `json:"problem,omitempty"`
}

// ReplayVerdict says whether a view is what the log says, row by row.
type ReplayVerdict struct {
	View string `json:"view"`
	// Position is where both stood: they have all entries before it.
	Position uint64 `json:"position"`
	Verdict  string `json:"verdict"`
	Tables   int    `json:"tables"`
	// Rows counts those that were rebuilt, LiveRows those of the live view where there was one.
	Rows     uint64 `json:"rows"`
	LiveRows uint64 `json:"liveRows"`
	// Count is how many rows differ, and Differences the first of them.
	Count       uint64             `json:"count"`
	Differences []ReplayDifference `json:"differences,omitempty"`
	// Reason says why nothing was compared, or why the live view takes in no more.
	Reason string `json:"reason,omitempty"`
}

// ReplayDifference is one row that is not what the log says.
type ReplayDifference struct {
	Table string `json:"table"`
	Key   string `json:"key"`
	// Live and Rebuilt show the columns that differ; one is empty where it lacks the row.
	Live    string `json:"live,omitempty"`
	Rebuilt string `json:"rebuilt,omitempty"`
}
