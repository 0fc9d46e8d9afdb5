package main

import (
	"yinit/initcore/history"
	"yinit/initcore/watch"
)

// watchMyself keeps a history where no init does, from now on. It ends with the process.
func (p *pastOf) watchMyself() (*history.Reader, error) {
	own, err := watch.StartOwn(p.fs, "yinit "+version())
	if err != nil {
		return nil, err
	}
	p.own = true
	return own.Reader, nil
}
