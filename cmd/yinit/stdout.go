package main

import (
	"errors"
	"os"

	"yinit/initcore/early"
)

// errNoStdout is the error of a command whose stdout was closed before it was started.
// Without it the command would write to the /dev/null that the Go runtime has opened there.
var errNoStdout = errors.New("stdout is closed, so that nothing can be printed")

// printed writes text to stdout, and returns the exit status of a command that does only
// this.
func printed(text string) (int, error) {
	if early.Closed(1) {
		return failure, errNoStdout
	}
	if _, err := os.Stdout.WriteString(text); err != nil {
		return failure, err
	}
	return 0, nil
}
