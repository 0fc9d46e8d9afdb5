package config

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/initcore"
	"yinit/initcore/history"
	"yinit/procfs"
)

// eachWord calls f for each word of a list separated by commas or spaces.
func eachWord(list string, f func(string) error) error {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return errEmpty
	}
	for _, w := range words {
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

// expect and rewrite take a list: a repeatable option has all its values in one
// environment variable.
func (s *Settings) expect(v string) error  { return eachWord(v, s.expectCode) }
func (s *Settings) rewrite(v string) error { return eachWord(v, s.rewriteSignal) }

func (s *Settings) expectCode(v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 255 {
		return fmt.Errorf("%q is not an exit code; write a number from 0 to 255", v)
	}
	s.Expect.Add(n)
	return nil
}

func (s *Settings) rewriteSignal(v string) error {
	from, to, ok := strings.Cut(v, ":")
	if !ok {
		return fmt.Errorf("%q is not a rule; write FROM:TO, like TERM:QUIT", v)
	}
	f, err := procfs.ParseSignal(from)
	if err != nil {
		return err
	}
	if !history.Forwarded(f) {
		return fmt.Errorf("%s is never forwarded, so it cannot be rewritten", procfs.SignalName(f))
	}
	if to == "0" {
		s.Rewrite[f] = initcore.Drop
		return nil
	}
	t, err := procfs.ParseSignal(to)
	if err != nil {
		return err
	}
	s.Rewrite[f] = int8(t)
	return nil
}

func (s *Settings) singleChild(string) error {
	s.Group, s.Session = false, false
	return nil
}

func (s *Settings) parentDeath(v string) error {
	n, err := procfs.ParseSignal(v)
	if err == nil {
		s.ParentDeath = unix.Signal(n)
	}
	return err
}

func (s *Settings) killAfter(v string) error {
	err := set(&s.KillAfter, v, ParseDuration)
	s.killAfterSet = err == nil
	return err
}

func (s *Settings) oomAdjust(v string) error {
	n, err := parseCount(v)
	if err == nil && n > initcore.MaxOOMAdjust {
		err = fmt.Errorf("%d is too large; write a number from 0 to %d", n, initcore.MaxOOMAdjust)
	}
	if err == nil {
		s.OOMAdjust = n
	}
	return err
}

func (s *Settings) atEnd(v string) (err error) {
	s.AtEnd, err = initcore.ParseAtEnd(v)
	return err
}

func (s *Settings) logFormat(v string) error {
	if v != "text" && v != "json" {
		return fmt.Errorf("%q is neither text nor json", v)
	}
	s.Log.JSON = v == "json"
	return nil
}

// report accepts an empty path, which turns the report off.
func (s *Settings) report(v string) error {
	s.Report = v
	return nil
}

// verbosity handles one -v, or a number from the environment or the file.
func (s *Settings) verbosity(v string) error {
	switch v {
	case "", "true":
		s.verbose++
		return nil
	case "false":
		v = "0"
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a log level; write a number, like 1", v)
	}
	s.verbose = n
	return nil
}
