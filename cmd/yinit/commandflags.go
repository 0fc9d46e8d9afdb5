package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// newFlags returns the options of a command of the inspector.
func newFlags(name, operands string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are told once, by run
	f.Usage = func() {}     // it would come with every error
	f.Init(name+" "+operands, flag.ContinueOnError)
	return f
}

// parseFlags parses args, and says what to do about an error.
func parseFlags(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Printf("Usage: yinit %s\n\n", f.Name())
		f.SetOutput(os.Stdout)
		f.PrintDefaults()
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	name, _, _ := strings.Cut(f.Name(), " ")
	return fmt.Errorf("%s: %w; see yinit %s --help", name, err, name)
}

// flagStatus is the exit status for an error of parseFlags: none for --help.
func flagStatus(err error) (int, error) {
	if errors.Is(err, flag.ErrHelp) {
		return 0, nil
	}
	return failure, err
}

// parseMixed is parseFlags for a command whose operands may come before its
// options. After -- there are operands only.
func parseMixed(f *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := parseFlags(f, args); err != nil {
			return nil, err
		}
		rest := f.Args()
		if parsed := len(args) - len(rest); parsed > 0 && args[parsed-1] == "--" || len(rest) == 0 {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}
