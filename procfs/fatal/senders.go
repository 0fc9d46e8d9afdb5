package fatal

import (
	"strconv"
	"strings"
)

// SendsSignals reports whether programs of this name send signals by their nature.
func SendsSignals(comm string) bool {
	switch comm {
	case "kill", "pkill", "killall", "killall5", "skill", "fuser", "timeout", "start-stop-daem":
		return true
	}
	return false
}

// MayName reports whether a command that sends signals may have sent one to pid. Only
// kill(1) names its targets by pid: pid itself, a process group, or all with -1.
func MayName(args []string, pid int) bool {
	if len(args) == 0 || args[0] != "kill" && !strings.HasSuffix(args[0], "/kill") {
		return true
	}
	words := args[1:]
	if len(words) > 1 && strings.HasPrefix(words[0], "-") {
		words = words[1:] // the signal
	}
	for _, word := range words {
		if n, err := strconv.Atoi(word); err == nil && (n == pid || n == -pid || n == -1 || n == 0) {
			return true
		}
	}
	return false
}
