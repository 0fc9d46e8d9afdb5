package main

import (
	"fmt"

	"yinit/cmd/yinit/config"
)

// runHelp prints the help of the program or of one command.
func runHelp(args []string) (int, error) {
	names, err := config.Lookup("help").Parse(args, nil)
	if err != nil {
		return failure, err
	}
	if len(names) == 0 {
		return printed(config.Help())
	}
	c, err := config.CommandNamed(names[0])
	if err != nil {
		return failure, fmt.Errorf("help: %w", err)
	}
	return printed(c.Help())
}
