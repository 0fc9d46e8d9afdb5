package initcore

import (
	"strings"
	"testing"
)

// TestForeign: what no shell should run, and what a shell would rightly run.
func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"":                                         "",
		"exit 3\n":                                 "",
		"echo without an end of line":              "",
		"echo ü\n":                                 "",
		"echo \xfc\n":                              "", // Latin 1
		"\xef\xbb\xbfexit 3\n":                     "", // UTF-8 with a byte order mark
		"exit 3\n\x00\x01\x02":                     "", // a script with an archive behind it
		"MZqFpD='\n\x00\x00":                       "", // a program for all systems (APE)
		"MZ=3; exit $MZ\n":                         "",
		"PK=3; exit $PK\n":                         "",
		"BZh=3\n":                                  "",
		"#!/bin/sh\n":                              "",
		"\x7fELF\x02\x01\x01\x00":                  "",
		strings.Repeat("a", 300):                   "",
		strings.Repeat("a", 127) + "\x00":          "is a binary file",
		"\xcf\xfa\xed\xfe\x07\x00\x00\x01":         "is a program for macOS: ",
		"\xce\xfa\xed\xfe\x07\x00\x00\x00":         "is a program for macOS: ",
		"\xfe\xed\xfa\xcf\x01\x00\x00\x07":         "is a program for macOS: ",
		"\xfe\xed\xfa\xce\x00\x00\x00\x12":         "is a program for macOS: ",
		"\xca\xfe\xba\xbe\x00\x00\x00\x02":         "is a program for macOS, of the universal kind",
		"\xca\xfe\xba\xbf\x00\x00\x00\x02":         "is a program for macOS, of the universal kind",
		"\xbe\xba\xfe\xca\x02\x00\x00\x00":         "is a program for macOS, of the universal kind",
		"\xca\xfe\xba\xbe\x00\x00\x00\x41":         "is a Java class file",
		"\xca\xfe\xba\xbe\xff\xff\x00\x41":         "is a Java class file", // preview features
		"\xca\xfe\xba\xbe\x00\x03\x00\x2d":         "is a Java class file", // Java 1.1
		"MZ\x90\x00\x03\x00\x00\x00":               "is a program for Windows",
		"PK\x03\x04\x14\x00\x08\x08":               "is a zip archive: run a jar with java -jar",
		"PK\x03\x04\n\x00\x00\x00":                 "is a zip archive", // an end of line before the first NUL
		"PK\x05\x06\x00\x00":                       "is a zip archive", // an empty one
		"\xa7\r\r\n\x00\x00\x00\x00":               "is compiled Python",
		"\x2b\x0e\r\n\x01\x00\x00\x00":             "is compiled Python",
		"\x03\xf3\r\n\x11\x22\x33\x44":             "is compiled Python",
		"\x00asm\x01\x00\x00\x00":                  "is a WebAssembly module",
		"\x1f\x8b\x08\x08\n\n\n\n":                 "is compressed with gzip",
		"BZh91AY&SY\n":                             "is compressed with bzip2",
		"\xfd7zXZ\x00\x00\x04":                     "is compressed with xz",
		"\x28\xb5\x2f\xfd\x04\n":                   "is compressed with zstd",
		"!<arch>\ndebian-binary":                   "is an archive of ar(1)",
		"\xff\xfe#\x00!\x00/\x00":                  "is a text in UTF-16",
		"\xfe\xff\x00#\x00!\x00/":                  "is a text in UTF-16",
		"#\x00!\x00/\x00b\x00":                     "is a text in UTF-16",
		"\x00#\x00!\x00/\x00b":                     "is a text in UTF-16",
		"dir/file" + strings.Repeat("\x00", 92):    "is a binary file", // tar
		"\x89PNG\r\n\x1a\n":                        "",                 // the shell says what it cannot run
		"\xed\xab\xee\xdb\x03\x00\x00\x00 package": "is a binary file", // rpm
	} {
		if got := foreign(text); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("foreign(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCRInScript(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh -e\r\nexit 0\r\n":       `so that /bin/sh got the argument -e\r`,
		"#! /usr/bin/env\tpython3\r\n":     `so that /usr/bin/env got the argument python3\r`,
		"#!/usr/bin/env -S python3 -u\r\n": `so that /usr/bin/env got the argument -S python3 -u\r`,
		"#!/bin/sh \r\nexit 0\r\n":         `so that /bin/sh got the argument \r: convert`,
		"#! \r\n":                          "",
		"#!/bin/sh -e\nexit 0\r\n":         "",
		"#!/bin/sh\r\n":                    "", // there is no such interpreter, which is another fault
		"#!/bin/sh -e\r":                   "",
		"exit 3\r\n":                       "",
		"#!\r\n":                           "",
		"":                                 "",
	} {
		if got := crInScript(text); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("crInScript(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzForeign: both answers come from any bytes, and agree.
func FuzzForeign(f *testing.F) {
	f.Add("PK\x03\x04")
	f.Add("#!/bin/sh -e\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if foreign(text) != "" && crInScript(text) != "" {
			t.Errorf("%q is foreign and a script", text)
		}
	})
}
