package elffile

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// TestOpen compares a real file with what debug/elf reads of it.
func TestOpen(t *testing.T) {
	for _, path := range []string{"/proc/self/exe", "/bin/sh"} {
		want, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatalf("Open(%s): %v", path, err)
		}
		libraries, _ := want.ImportedLibraries()
		if got := f.Libraries(); !slices.Equal(got, libraries) {
			t.Errorf("%s: libraries %q, want %q", path, got, libraries)
		}
		for _, name := range []string{".go.buildinfo", ".text", ".interp", "no such section"} {
			if got := f.HasSection(name); got != (want.Section(name) != nil) {
				t.Errorf("%s: HasSection(%q) = %v", path, name, got)
			}
		}
		if len(f.Segments) != len(want.Progs) || uint16(f.Machine) != uint16(want.Machine) || int(f.Type) != int(want.Type) {
			t.Errorf("%s: %v with %d segments, want %v with %d", path, f.Machine, len(f.Segments), want.Machine, len(want.Progs))
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		_ = want.Close()
	}
}

// sparse returns the path of a file of 1 TiB with one segment and three sections: none, the
// names of the sections, and a dynamic section, each of this size and with these flags.
func sparse(t *testing.T, size, flags uint64, header func([]byte)) string {
	t.Helper()
	le, b := binary.LittleEndian, make([]byte, 64+56+3*64)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 2)  // ET_EXEC
	le.PutUint16(b[18:], 62) // EM_X86_64
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64)  // program headers
	le.PutUint64(b[40:], 120) // section headers
	for at, n := range map[int]uint16{52: 64, 54: 56, 56: 1, 58: 64, 60: 3, 62: 1} {
		le.PutUint16(b[at:], n)
	}
	for i, kind := range []uint32{3, 6} { // SHT_STRTAB, SHT_DYNAMIC
		s := b[120+64*(i+1):]
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[8:], flags)
		le.PutUint64(s[24:], 4096)
		le.PutUint64(s[32:], size)
		le.PutUint32(s[40:], 1)
	}
	header(b)
	path := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip(err)
	}
	return path
}

// TestSparse: a file that claims tables of gigabytes takes little memory.
func TestSparse(t *testing.T) {
	le := binary.LittleEndian
	for name, path := range map[string]string{
		"small tables":      sparse(t, 64, 0, func([]byte) {}),
		"large tables":      sparse(t, 1<<29, 0, func([]byte) {}),
		"compressed tables": sparse(t, 64, uint64(elf.SHF_COMPRESSED), func([]byte) {}),
		"many sections":     sparse(t, 64, 0, func(b []byte) { le.PutUint16(b[60:], 0); le.PutUint64(b[120+32:], 1<<24) }),
		"large segments":    sparse(t, 64, 0, func(b []byte) { le.PutUint16(b[54:], 0xffff); le.PutUint16(b[56:], 0x8000) }),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Open(path)
		if err == nil {
			f.Libraries()
			f.HasSection(".text")
			_ = f.Close()
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 8*mostRead {
			t.Errorf("%s: %d MiB were allocated", name, n>>20)
		}
	}
}
