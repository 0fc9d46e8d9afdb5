package main

import "os"

// printed writes text to stdout, and returns the exit status of a command that does only
// this.
func printed(text string) (int, error) {
	if _, err := os.Stdout.WriteString(text); err != nil {
		return failure, err
	}
	return 0, nil
}
