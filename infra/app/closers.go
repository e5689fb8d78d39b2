package app

import (
	"github.com/cockroachdb/errors"
)

// closers closes what was opened, the last first.
type closers struct{ list []func() error }

func (c *closers) add(f func() error) { c.list = append(c.list, f) }

func (c *closers) addPlain(f func()) { c.add(func() error { f(); return nil }) }

func (c *closers) close() (err error) {
	for i := len(c.list) - 1; i >= 0; i-- {
		err = errors.CombineErrors(err, c.list[i]())
	}
	c.list = nil
	return err
}
