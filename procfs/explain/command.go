package explain

import (
	"fmt"
	"strings"

	"yinit/procfs/snapshot"
)

// Command returns the command line of a process, or its name in brackets if it has none, as
// a kernel thread and a zombie.
func Command(p *snapshot.Process) string {
	if len(p.Cmdline) == 0 || p.Dead() {
		return "[" + p.Comm + "]"
	}
	return strings.Join(p.Cmdline, " ")
}

// maxCommand is how many bytes of a command line an explanation shows.
const maxCommand = 400

// Cut shortens a command line that is very long, and says by how much.
func Cut(command string) string {
	if len(command) <= maxCommand {
		return command
	}
	kept := strings.ToValidUTF8(command[:maxCommand], "")
	return fmt.Sprintf("%s… (%d more bytes)", kept, len(command)-len(kept))
}
