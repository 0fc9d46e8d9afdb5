package procfs

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// A MountLine has some fields of a line of /proc/[pid]/mountinfo, see
// proc_pid_mountinfo(5). The kernel lists mounts in the order in which they were made, so
// of two lines for one directory the later one is on top.
type MountLine struct {
	ID, Parent string
	Root       string // the directory of the file system that is mounted
	Point      string // where it is mounted
	Options    string // of the mount, separated by commas
	Kind       string // the type of the file system
	Super      string // the options of the file system, separated by commas
}

// Mounts returns the mounts of the caller's mount namespace.
func (fs FS) Mounts() ([]MountLine, error) {
	b, err := fs.ReadFile("self/mountinfo")
	if err != nil {
		return nil, err
	}
	return ParseMounts(b), nil
}

// ParseMounts returns the lines that MountLines returns.
func ParseMounts(mountinfo []byte) []MountLine {
	list := make([]MountLine, 0, bytes.Count(mountinfo, []byte("\n"))+1)
	return slices.AppendSeq(list, MountLines(mountinfo))
}

// MountLines returns the lines of the content of /proc/[pid]/mountinfo that are complete.
// It allocates nothing for each line: the init reads them before it starts its programs.
func MountLines(mountinfo []byte) iter.Seq[MountLine] {
	return func(yield func(MountLine) bool) {
		for line := range strings.Lines(string(mountinfo)) {
			if m, ok := parseMountLine(strings.TrimSuffix(line, "\n")); ok && !yield(m) {
				return
			}
		}
	}
}

func parseMountLine(line string) (m MountLine, ok bool) {
	var device string
	before, after, _ := strings.Cut(line, " - ")
	for _, field := range [...]*string{&m.ID, &m.Parent, &device, &m.Root, &m.Point, &m.Options} {
		*field, before, _ = strings.Cut(before, " ")
	}
	m.Kind, after, _ = strings.Cut(after, " ")
	_, m.Super, _ = strings.Cut(after, " ") // after the source
	m.Root, m.Point = unescapeMount(m.Root), unescapeMount(m.Point)
	return m, m.Root != "" && m.Point != "" && m.Options != "" && m.Kind != "" && m.Super != ""
}

// unescapeMount decodes the octal escapes of the paths in mountinfo.
func unescapeMount(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
