package main

import (
	"strconv"
	"strings"
)

// clean makes text of a process harmless to a terminal.
func clean(s string) string {
	quoted := strconv.Quote(s)
	if len(quoted) == len(s)+2 {
		return s
	}
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
