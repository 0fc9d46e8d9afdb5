package initcore

import "strings"

// A fileKind is a kind of file that the kernel cannot execute, as far as its first bytes
// tell.
type fileKind uint8

const (
	kindText    fileKind = iota // a shell may run it
	kindELF                     // for the kernel, which did not want it
	kindScript                  // it has a #! line
	kindMac                     // Mach-O
	kindFatMac                  // Mach-O for several machines
	kindWindows                 // PE, or a program for DOS
	kindZip
	kindJava
	kindPython
	kindWASM
	kindGzip
	kindBzip2
	kindXZ
	kindZstd
	kindArchive // ar(1)
	kindUTF16
	kindMarked // a #! line behind a byte order mark of UTF-8
	kindBinary // any other
)

// headSize is how many bytes of a file kindOf looks at.
const headSize = 128

// magics are the kinds that the first eight bytes of a file tell. The first that matches
// counts.
var magics = [...]struct {
	bytes, mask uint64
	kind        fileKind
}{
	{0x7f454c46 << 32, first4, kindELF},
	{0x2321 << 48, first2, kindScript},
	{0xfeedface << 32, first4, kindMac},
	{0xfeedfacf << 32, first4, kindMac},
	{0xcefaedfe << 32, first4, kindMac},
	{0xcffaedfe << 32, first4, kindMac},
	// Java and fat Mach-O have the same magic number. Then comes the version, 45 or more,
	// or the number of machines.
	{0xcafebabe << 32, first4 | 0xffffffe0, kindFatMac},
	{0xcafebabe << 32, first4, kindJava},
	{0xcafebabf << 32, first4, kindFatMac},
	{0xbebafeca << 32, first4, kindFatMac},
	{0xbfbafeca << 32, first4, kindFatMac},
	{0x504b0304 << 32, first4, kindZip},
	{0x504b0506 << 32, first4, kindZip},
	{0x000c0d0a << 32, 0x00fcffff00ffffff, kindPython}, // 3.5 to 3.x, see PEP 552
	{0x03f30d0a << 32, first4, kindPython},             // 2.7
	{0x0061736d << 32, first4, kindWASM},
	{0x1f8b08 << 40, first3, kindGzip},
	{0x425a680031415926, first3 | 0xffffffff, kindBzip2},
	{0xfd377a58 << 32, first4, kindXZ},
	{0x28b52ffd << 32, first4, kindZstd},
	{0x213c617263683e0a, ^uint64(0), kindArchive},
	{0xefbbbf2321 << 24, first5, kindMarked},
	{0xfffe << 48, first2, kindUTF16},
	{0xfeff << 48, first2, kindUTF16},
}

// Masks of the first bytes of eight.
const (
	first2 = 0xffff << 48
	first3 = 0xffffff << 40
	first4 = 0xffffffff << 32
	first5 = 0xffffffffff << 24
)

// kindOf returns the kind of a file from its first n bytes. What a shell would rightly run
// is text: as bash does, kindOf takes a file for binary only if there is a NUL before the
// end of the first line. So a shell script with an archive behind it is text, and so is a
// program for all systems (APE), which begins with MZ and is a shell script too. The
// kinds that may have an end of line before the first NUL are found by their magic
// numbers.
//
// The child calls it between fork and exec, so it obeys the same rules as fork.
//
//go:nosplit
//go:norace
func kindOf(b *[headSize]byte, n uintptr) fileKind {
	begin := uint64(0) // the first eight bytes; those beyond n are 0
	for i := range 8 {
		begin = begin<<8 | uint64(b[i])
	}
	for i := range magics {
		if m := &magics[i]; begin&m.mask == m.bytes {
			return m.kind
		}
	}
	for i := uintptr(0); i < n && i < headSize; i++ {
		if b[i] == '\n' {
			return kindText
		}
		if b[i] == 0 {
			return kindOfBinary(b)
		}
	}
	return kindText
}

// kindOfBinary is kindOf for a file with a NUL in its first line.
//
//go:nosplit
//go:norace
func kindOfBinary(b *[headSize]byte) fileKind {
	switch {
	case b[0] == 'M' && b[1] == 'Z':
		return kindWindows
	case b[0] == '#' && b[1] == 0 && b[2] == '!', b[0] == 0 && b[1] == '#' && b[2] == 0:
		return kindUTF16 // without a byte order mark
	}
	return kindBinary
}

// kindTexts say what a file is, and what to do. The name of the file comes before.
var kindTexts = [...]string{
	kindMac:     "is a program for macOS: build it for Linux (Go: GOOS=linux)",
	kindFatMac:  "is a program for macOS, of the universal kind: build it for Linux",
	kindWindows: "is a program for Windows: build it for Linux (Go: GOOS=linux)",
	kindZip:     "is a zip archive: run a jar with java -jar, and a Python archive with python3",
	kindJava:    "is a Java class file: run it with java",
	kindPython:  "is compiled Python: run it with the python3 that compiled it",
	kindWASM:    "is a WebAssembly module: run it with a runtime for these, such as wasmtime",
	kindGzip:    "is compressed with gzip: unpack it first",
	kindBzip2:   "is compressed with bzip2: unpack it first",
	kindXZ:      "is compressed with xz: unpack it first",
	kindZstd:    "is compressed with zstd: unpack it first",
	kindArchive: "is an archive of ar(1), such as a Debian package or a static library: it cannot be run",
	kindUTF16:   "is a text in UTF-16, as editors on Windows write it: convert it to UTF-8, for example with iconv",
	kindMarked:  "begins with a byte order mark, so that the kernel does not see its #! line: save it as UTF-8 without one",
	kindBinary:  "is a binary file of a kind that this kernel does not know: it is neither a program for Linux nor a script",
}

// foreign says what a file is that no shell should run; "" if it is text, an ELF file or a
// script. text is the beginning of the file.
func foreign(text string) string {
	var b [headSize]byte
	return kindTexts[kindOf(&b, uintptr(copy(b[:], text)))]
}

// crInScript says that the #! line of a script ends in CR after an argument, which the
// interpreter gets with that CR; "" if it does not. text is the beginning of the file.
func crInScript(text string) string {
	line, _, whole := strings.Cut(text, "\n")
	line, isCR := strings.CutSuffix(line, "\r")
	if !whole || !isCR || !strings.HasPrefix(line, "#!") || !strings.ContainsAny(strings.TrimLeft(line[2:], " \t"), " \t") {
		return ""
	}
	words := strings.Fields(line[2:])
	return "its #! line ends in CR, as files from Windows do, so that " + words[0] + " got the argument " +
		strings.Join(words[1:], " ") + `\r: convert it to LF line endings, for example with dos2unix`
}
