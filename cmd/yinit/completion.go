package main

import (
	"fmt"

	"yinit/cmd/yinit/config"
)

// runCompletion prints a completion script for a shell.
func runCompletion(args []string) (int, error) {
	shells, err := config.Lookup("completion").Parse(args, nil)
	if err != nil {
		return failure, err
	}
	shell := ""
	if len(shells) > 0 {
		shell = shells[0]
	}
	script, err := config.Completion(shell)
	if err != nil {
		return failure, fmt.Errorf("completion: %w", err)
	}
	return printed(script)
}
