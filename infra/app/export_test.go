package app

// Healthy says why the ledger cannot record now.
func Healthy(a *App) error { return a.healthy() }
