package fatal

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"yinit/procfs"
	"yinit/procfs/elffile"
)

// The levels of the x86-64 psABI, with the bit of each in GNU_PROPERTY_X86_ISA_1_NEEDED,
// and the flags in /proc/cpuinfo that it adds to the level before it.
var levels = []struct {
	name  string
	bit   uint32
	flags []string
}{
	{"x86-64-v2", 1 << 1, []string{"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}},
	{"x86-64-v3", 1 << 2, []string{"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}},
	{"x86-64-v4", 1 << 3, []string{"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
}

const (
	propertyType  = 5          // NT_GNU_PROPERTY_TYPE_0
	x86ISANeeded  = 0xc0008002 // GNU_PROPERTY_X86_ISA_1_NEEDED
	mostLibraries = 64         // files that readLevel opens
	mostNotes     = 64 << 10   // bytes of notes that are read of a file
)

// libraryDirs are where the loaders of common distributions look for libraries.
var libraryDirs = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib", "/usr/local/lib64",
}

// readLevel compares the instruction set level that the executable or one of its
// libraries needs with the flags of the CPU.
func (h *Host) readLevel(fs procfs.FS, executable string) {
	flags := fs.CPUFlags()
	if executable == "" || len(flags) == 0 {
		return
	}
	queue, seen := []string{executable}, map[string]bool{}
	for len(queue) > 0 && len(seen) < mostLibraries {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		needed, libraries := readELF(path)
		if name, lacks := lacking(needed, flags); len(lacks) > 0 {
			h.Needs, h.Needing, h.Lacks = name, path, lacks
			return
		}
		for _, name := range libraries {
			if at := findLibrary(name, filepath.Dir(path)); at != "" {
				queue = append(queue, at)
			}
		}
	}
}

// lacking returns the highest level of those in needed that the CPU does not reach, and
// the flags that it lacks of that level and those below.
func lacking(needed uint32, flags []string) (name string, lacks []string) {
	for i := len(levels) - 1; i >= 0; i-- {
		if needed&levels[i].bit == 0 {
			continue
		}
		for _, level := range levels[:i+1] {
			for _, flag := range level.flags {
				if !slices.Contains(flags, flag) {
					lacks = append(lacks, flag)
				}
			}
		}
		return levels[i].name, lacks
	}
	return "", nil
}

func findLibrary(name, beside string) string {
	if strings.Contains(name, "/") {
		return name
	}
	for _, dir := range append([]string{beside}, libraryDirs...) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// readELF returns the levels that a file says it needs, and the libraries that it names.
// A file that is no ELF file for x86-64 needs none.
func readELF(path string) (needed uint32, libraries []string) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return 0, nil // opening a FIFO would block
	}
	f, err := elffile.Open(path)
	if err != nil {
		return 0, nil
	}
	defer f.Close()
	if f.Machine != elffile.MachineX86_64 {
		return 0, nil
	}
	for _, s := range f.Segments {
		if s.Type != elffile.SegmentNote || s.Size > mostNotes {
			continue
		}
		if notes, err := f.Read(s); err == nil {
			needed |= neededLevels(notes, max(s.Align, 4))
		}
	}
	return needed, f.Libraries()
}

// neededLevels finds the levels in a segment of notes, see elf(5). The notes, and the
// properties in them, are padded to align bytes.
func neededLevels(notes []byte, align uint64) (needed uint32) {
	le, pad := binary.LittleEndian, func(n uint64) uint64 { return (n + align - 1) &^ (align - 1) }
	for len(notes) >= 12 {
		nameSize, size, kind := uint64(le.Uint32(notes)), uint64(le.Uint32(notes[4:])), le.Uint32(notes[8:])
		begin := pad(12 + nameSize)
		if begin+size > uint64(len(notes)) {
			return needed
		}
		if kind == propertyType && bytes.HasPrefix(notes[12:], []byte("GNU\x00")) {
			needed |= isaProperty(notes[begin:begin+size], pad)
		}
		notes = notes[min(begin+pad(size), uint64(len(notes))):]
	}
	return needed
}

// isaProperty finds the levels in an array of program properties.
func isaProperty(properties []byte, pad func(uint64) uint64) (needed uint32) {
	le := binary.LittleEndian
	for len(properties) >= 8 {
		kind, size := le.Uint32(properties), uint64(le.Uint32(properties[4:]))
		if 8+size > uint64(len(properties)) {
			return needed
		}
		if kind == x86ISANeeded && size >= 4 {
			needed |= le.Uint32(properties[8:])
		}
		properties = properties[min(pad(8+size), uint64(len(properties))):]
	}
	return needed
}
