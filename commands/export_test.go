package commands

// Snapshot gives the state as the memory keeps it.
func (s State) Snapshot() []byte { return s.snapshot() }

// Restore reads a snapshot.
func Restore(snapshot []byte) (State, error) { return restore(snapshot) }
