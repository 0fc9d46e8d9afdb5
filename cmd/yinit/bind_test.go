package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"yinit/cmd/yinit/config"
)

// TestEveryOptionHasATarget checks that each command binds all options of its table.
func TestEveryOptionHasATarget(t *testing.T) {
	parsers := map[string]func([]string) error{
		"top": func(args []string) error { _, err := parseTop(args); return err },
		"ps":  func(args []string) error { _, err := parsePS(args); return err },
		"explain": func(args []string) error {
			if args[0] != "--last" {
				args = append(args, "77")
			}
			_, err := parseExplain(args)
			return err
		},
		"kill": func(args []string) error {
			if args[0] == "--signal" {
				args[1] = "TERM"
			}
			_, err := parseKill(append(args, "77"))
			return err
		},
		"zombies": func(args []string) error { _, err := parseZombies(args); return err },
		"signals": func(args []string) error { _, err := parseSignals(args); return err },
		"history": func(args []string) error { _, err := parseHistory(args); return err },
		"status":  func(args []string) error { _, _, err := parseStatus(args); return err },
		"doctor":  func(args []string) error { _, err := parseDoctor(args); return err },
		"health":  func(args []string) error { _, err := parseHealth(args); return err },
		"rehearse": func(args []string) error {
			if args[0] == "--stop-signal" {
				args[1] = "TERM"
			}
			_, err := parseRehearse(append(args, "true"))
			return err
		},
		"metrics": func(args []string) error {
			if args[0] == "--filter" || args[0] == "--root" {
				args = append(args, "--containers")
			}
			_, err := parseMetrics(args)
			return err
		},
		"containers": func(args []string) error {
			if args[0] == "--fail-on" {
				args = append(args, "--check")
			}
			_, err := parseContainers(args)
			return err
		},
		"demo": func(args []string) error { _, err := parseDemo(args); return err },
	}
	for _, c := range config.Commands() {
		if commandNamed(c.Name) == nil {
			t.Errorf("%s: the program has no such command", c.Name)
		}
		parse := parsers[c.Name]
		if parse == nil && len(c.Options) > 1 {
			t.Errorf("%s is not in this test", c.Name)
			continue
		}
		for _, o := range c.Options {
			args := []string{"--" + o.Long}
			switch {
			case o.Long == "help":
				continue
			case o.Value == config.Choice || o.Value == config.List:
				args = append(args, strings.Fields(o.Choices)[0])
			case o.Arg == "PID":
				args = append(args, strconv.Itoa(os.Getpid()))
			case o.Arg != "":
				args = append(args, "1")
			}
			if err := parse(args); err != nil {
				t.Errorf("yinit %s %q: %v", c.Name, args, err)
			}
		}
	}
}
