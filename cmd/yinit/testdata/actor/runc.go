package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// plainRunc executes runc, the first word. It takes the OOM score and the resource limits out of the bundle, and
// out of the process of runc exec: not every machine allows root to set them.
func plainRunc(words []string) {
	args := words[1:]
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "--bundle", "-b":
			rewrite(filepath.Join(value, "config.json"), func(whole map[string]any) {
				if process, ok := whole["process"].(map[string]any); ok {
					withoutLimits(process)
				}
			})
		case "--process", "-p":
			rewrite(value, withoutLimits)
		}
	}
	must(syscall.Exec(words[0], words, os.Environ()))
}

func withoutLimits(process map[string]any) {
	delete(process, "oomScoreAdj")
	delete(process, "rlimits")
}

// rewrite changes a file of JSON.
func rewrite(path string, change func(map[string]any)) {
	b, err := os.ReadFile(path)
	must(err)
	var whole map[string]any
	must(json.Unmarshal(b, &whole))
	change(whole)
	b, err = json.Marshal(whole)
	must(err)
	must(os.WriteFile(path, b, 0o600))
}
