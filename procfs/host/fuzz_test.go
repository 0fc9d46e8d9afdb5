package host

import (
	"strings"
	"testing"
)

func FuzzParseNames(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/sh\napp:x:1000\n"))
	f.Add([]byte(":::\nmax:x:4294967295:0\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for uid, name := range parseNames(b) {
			if name == "" || strings.ContainsAny(name, ":\n") {
				t.Errorf("parseNames(%q): %d is %q", b, uid, name)
			}
		}
	})
}
