// Package elffile opens ELF files that nobody vouches for: debug/elf reads tables whole,
// whatever size their headers claim, and a sparse file may claim any.
package elffile

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"syscall"
)

// mostRead is how many bytes of a file are read at once, and thus the greatest size of a
// table. The names that a large C++ library needs take about 3 MiB.
const mostRead = 4 << 20

var errTooLarge = errors.New("a table of the file is too large")

// A File is an open ELF file. Its sections have no names. Read no section through it that
// [File.Bounded] rejects.
type File struct {
	*elf.File
	file  *os.File
	names int // the section with the names of the sections; 0: none
}

// Open opens an ELF file. The error is of type [*elf.FormatError] if it is none.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // do not wait for the writer of a FIFO
	if err != nil {
		return nil, err
	}
	r := &reader{file: f}
	e, err := elf.NewFile(r)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &File{File: e, file: f, names: int(e.ByteOrder.Uint16(r.names[:]))}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Bounded reports whether the section may be read whole. A compressed one may be of any
// size.
func (f *File) Bounded(s *elf.Section) bool {
	return s.Flags&elf.SHF_COMPRESSED == 0 && s.FileSize <= mostRead
}

// Libraries returns the names of the libraries that the file needs, see DT_NEEDED in
// elf(5).
func (f *File) Libraries() []string {
	dynamic := f.SectionByType(elf.SHT_DYNAMIC)
	if dynamic == nil || int64(dynamic.Link) >= int64(len(f.Sections)) || !f.Bounded(dynamic) || !f.Bounded(f.Sections[dynamic.Link]) {
		return nil
	}
	list, _ := f.ImportedLibraries() // none if it is static
	return list
}

// HasSection reports whether the file has a section of this name.
func (f *File) HasSection(name string) bool {
	if f.names == 0 || f.names >= len(f.Sections) || !f.Bounded(f.Sections[f.names]) {
		return false
	}
	all, err := f.Sections[f.names].Data()
	return err == nil && bytes.Contains(all, []byte("\x00"+name+"\x00"))
}

// A reader reads a file as if it had no names of sections, which [elf.NewFile] would read
// whole, and decompress.
type reader struct {
	file  *os.File
	names [2]byte // e_shstrndx, the number of the section with these names
}

// ReadAt implements [io.ReaderAt].
func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	if len(b) > mostRead {
		return 0, errTooLarge
	}
	n, err := r.file.ReadAt(b, off)
	if at := 62; off == 0 && n > elf.EI_CLASS {
		if elf.Class(b[elf.EI_CLASS]) == elf.ELFCLASS32 {
			at = 50
		}
		if n >= at+2 { // the file header, see elf(5)
			copy(r.names[:], b[at:])
			b[at], b[at+1] = 0, 0
		}
	}
	return n, err
}
