// Package elffile reads the parts of ELF files that explain why a program cannot run. It
// trusts nothing that a file claims: debug/elf reads tables whole, whatever size their
// headers claim, and a sparse file may claim any. That package also has initialisers that
// take memory in PID 1.
package elffile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// mostRead is how many bytes of a file are read at once, and thus the greatest size of a
// table. The names that a large C++ library needs take about 3 MiB.
const mostRead = 4 << 20

var (
	errNoELF    = errors.New("it is not an ELF file")
	errTooLarge = errors.New("a table of the file is too large")
)

// A Machine is the architecture that a file is for, e_machine in elf(5).
type Machine uint16

// The architectures that the kernel runs programs of, by their numbers in elf(5).
const (
	Machine386     Machine = 3
	MachineMIPS    Machine = 8
	MachinePPC64   Machine = 21
	MachineS390    Machine = 22
	MachineARM     Machine = 40
	MachineX86_64  Machine = 62
	MachineAArch64 Machine = 183
	MachineRISCV   Machine = 243
	MachineLoong   Machine = 258
)

// String returns the usual name.
func (m Machine) String() string {
	switch m {
	case Machine386:
		return "386"
	case MachineMIPS:
		return "mips"
	case MachinePPC64:
		return "ppc64"
	case MachineS390:
		return "s390"
	case MachineARM:
		return "arm"
	case MachineX86_64:
		return "x86_64"
	case MachineAArch64:
		return "aarch64"
	case MachineRISCV:
		return "riscv"
	case MachineLoong:
		return "loongarch"
	}
	return fmt.Sprintf("an unknown machine (number %d)", uint16(m))
}

// The types of segments that are of interest, p_type in elf(5).
const (
	SegmentInterpreter = 3
	SegmentNote        = 4
)

// A Segment is a program header.
type Segment struct {
	Type   uint32 // p_type
	Offset uint64 // where it begins in the file
	Size   uint64 // its size in the file
	Align  uint64
}

// section is a section header.
type section struct {
	kind, link          uint32
	flags, offset, size uint64
}

// Types and flags of sections, sh_type and sh_flags in elf(5).
const (
	sectionDynamic    = 6
	sectionNoBits     = 8
	sectionCompressed = 1 << 11
)

// neededLibrary is DT_NEEDED in elf(5).
const neededLibrary = 1

// A File is an open ELF file.
type File struct {
	Machine  Machine
	Segments []Segment
	Bits     int    // 32 or 64
	Type     uint16 // e_type in elf(5): 2 an executable, 3 a shared object or an executable

	file     *os.File
	order    binary.ByteOrder
	sections []section
	names    int // the section with the names of the sections; 0: none
}

// Open opens an ELF file. It fails if the file is none, or if it is cut short: if a table is
// not there.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // do not wait for the writer of a FIFO
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if err := f.parse(); err != nil {
		_ = file.Close()
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// parse reads the header of the file and the tables of segments and of sections.
func (f *File) parse() error {
	ident := make([]byte, 16)
	if _, err := f.file.ReadAt(ident, 0); err != nil {
		return err
	}
	const class, data, version = 4, 5, 6
	if !bytes.HasPrefix(ident, []byte("\x7fELF")) || ident[version] != 1 || ident[class] < 1 || ident[class] > 2 {
		return errNoELF
	}
	switch ident[data] {
	case 1:
		f.order = binary.LittleEndian
	case 2:
		f.order = binary.BigEndian
	default:
		return errNoELF
	}
	f.Bits = 32 * int(ident[class])
	size := 52
	if f.Bits == 64 {
		size = 64
	}
	head, err := f.read(0, uint64(size))
	if err != nil {
		return err
	}
	h := fields{f, head[16:]}
	f.Type, f.Machine = uint16(h.number(2)), Machine(h.number(2))
	h.number(4) // e_version
	h.word()    // e_entry
	segments, sections := h.word(), h.word()
	h.number(4) // e_flags
	h.number(2) // e_ehsize
	segmentSize, segmentCount := h.number(2), h.number(2)
	sectionSize, sectionCount := h.number(2), h.number(2)
	f.names = int(h.number(2))
	if err := f.readSegments(segments, segmentSize, segmentCount); err != nil {
		return err
	}
	return f.readSections(sections, sectionSize, sectionCount)
}

func (f *File) readSegments(at, size, count uint64) error {
	if count == 0 {
		return nil
	}
	if size < uint64(f.Bits/32*24+8) { // 32 or 56 bytes
		return errNoELF
	}
	all, err := f.read(at, size*count)
	if err != nil {
		return err
	}
	for ; len(all) > 0; all = all[size:] {
		h := fields{f, all}
		s := Segment{Type: uint32(h.number(4))}
		if f.Bits == 64 {
			h.number(4) // p_flags
		}
		s.Offset = h.word()
		h.word() // p_vaddr
		h.word() // p_paddr
		s.Size = h.word()
		h.word() // p_memsz
		if f.Bits == 32 {
			h.number(4) // p_flags
		}
		s.Align = h.word()
		f.Segments = append(f.Segments, s)
	}
	return nil
}

func (f *File) readSections(at, size, count uint64) error {
	if at == 0 {
		return nil
	}
	if size < uint64(f.Bits/32*24+16) { // 40 or 64 bytes
		return errNoELF
	}
	if count == 0 { // there are too many for the header: the first section has their number
		first, err := f.read(at, size)
		if err != nil {
			return err
		}
		count = f.section(first).size
	}
	if count > mostRead/size {
		return errTooLarge
	}
	all, err := f.read(at, size*count)
	if err != nil {
		return err
	}
	f.sections = make([]section, 0, count)
	for ; len(all) > 0; all = all[size:] {
		f.sections = append(f.sections, f.section(all))
	}
	return nil
}

// section parses a section header.
func (f *File) section(b []byte) (s section) {
	h := fields{f, b[4:]} // after sh_name
	s.kind = uint32(h.number(4))
	s.flags = h.word()
	h.word() // sh_addr
	s.offset, s.size = h.word(), h.word()
	s.link = uint32(h.number(4))
	return s
}

// fields are the fields of a header that were not read yet.
type fields struct {
	f    *File
	rest []byte
}

// number returns the next field, which has that many bytes: 2, 4 or 8.
func (h *fields) number(size int) (n uint64) {
	switch size {
	case 2:
		n = uint64(h.f.order.Uint16(h.rest))
	case 4:
		n = uint64(h.f.order.Uint32(h.rest))
	default:
		n = h.f.order.Uint64(h.rest)
	}
	h.rest = h.rest[size:]
	return n
}

// word returns the next field of the size of an address.
func (h *fields) word() uint64 { return h.number(h.f.Bits / 8) }

// read reads a part of the file. It fails if the file does not have it whole, or if it is too
// large.
func (f *File) read(at, size uint64) ([]byte, error) {
	if size > mostRead {
		return nil, errTooLarge
	}
	if at > 1<<62 {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, size)
	_, err := f.file.ReadAt(b, int64(at))
	return b, err
}

// Read returns the content of a segment. It fails if that is larger than 4 MiB.
func (f *File) Read(s Segment) ([]byte, error) { return f.read(s.Offset, s.Size) }

// data returns the content of section number i; nil: there is none that can be read.
func (f *File) data(i int) []byte {
	if i <= 0 || i >= len(f.sections) {
		return nil
	}
	s := &f.sections[i]
	if s.kind == sectionNoBits || s.flags&sectionCompressed != 0 {
		return nil
	}
	b, err := f.read(s.offset, s.size)
	if err != nil {
		return nil
	}
	return b
}

// Libraries returns the names of the libraries that the file needs, see DT_NEEDED in
// elf(5); nil: it is static, or they cannot be read.
func (f *File) Libraries() (list []string) {
	for i := range f.sections {
		if f.sections[i].kind != sectionDynamic {
			continue
		}
		names := f.data(int(f.sections[i].link))
		h := fields{f, f.data(i)}
		for len(h.rest) >= f.Bits/4 {
			tag, value := h.word(), h.word()
			if tag != neededLibrary || value >= uint64(len(names)) {
				continue
			}
			if name, _, ok := bytes.Cut(names[value:], []byte{0}); ok {
				list = append(list, string(name))
			}
		}
		return list
	}
	return nil
}

// HasSection reports whether the file has a section of this name.
func (f *File) HasSection(name string) bool {
	return bytes.Contains(f.data(f.names), []byte("\x00"+name+"\x00"))
}
