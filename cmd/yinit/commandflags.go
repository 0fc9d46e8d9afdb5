package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// newFlags returns the options of a command of the inspector.
func newFlags(name, operands string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are told once, by run
	f.Usage = func() {
		f.SetOutput(os.Stdout)
		fmt.Printf("Usage: yinit %s %s\n\n", name, operands)
		f.PrintDefaults()
	}
	return f
}

// parseFlags parses args, and says what to do about an error.
func parseFlags(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return fmt.Errorf("%w; see yinit %s --help", err, f.Name())
}

// flagStatus is the exit status for an error of parseFlags: none for --help.
func flagStatus(err error) (int, error) {
	if errors.Is(err, flag.ErrHelp) {
		return 0, nil
	}
	return failure, err
}
