//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package bus

// storeLock does nothing on systems without advisory file locks.
type storeLock struct{}

func lockStore(string) (*storeLock, error) { return &storeLock{}, nil }

func (*storeLock) release() error { return nil }
