package wire

// What a backup is of.
const (
	BackupLog  = "log"
	BackupKeys = "keys"
)

// BackupRequest asks for a backup.
type BackupRequest struct {
	// What is log or keys.
	What string `json:"what"`
	// Recipients are those who can open a backup of keys, as age writes them, and Keep how many days it may be kept.
	Recipients []string `json:"recipients,omitempty"`
	Keep       int      `json:"keep,omitempty"`
	// Waiting has the messages that wait in the inbox and in quarantine taken, too, encrypted to a key that is made for this backup: with
	// the log it is a recipient of age, and with the keys the identity that opens them. Without it they are in no backup.
	Waiting string `json:"waiting,omitempty"`
}

// MaxBackupKeep is the most days for which a backup of keys may be kept.
const MaxBackupKeep = 366

// ForgottenList is everybody who was forgotten, by their keys: what a backup of keys from before must forget again when it is restored.
type ForgottenList struct {
	// Ledger is the origin of the ledger's checkpoints.
	Ledger string `json:"ledger"`
	// Position is the end of the ledger up to which the list is whole.
	Position uint64     `json:"position"`
	People   [][]string `json:"people"`
}

// Forked says that a ledger goes on apart from what others saw of it.
type Forked struct {
	// From is the origin of before, and To that of its checkpoints since.
	From string `json:"from"`
	To   string `json:"to"`
	// At is how many events both histories share, and Seen how many others saw.
	At   uint64 `json:"at"`
	Seen uint64 `json:"seen"`
}
