//go:build race

package app_test

// raceEnabled says that the race detector multiplies what the program takes of memory.
const raceEnabled = true
