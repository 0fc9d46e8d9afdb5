package main

import "testing"

func TestOnlyASCII(t *testing.T) {
	for _, test := range []struct {
		lcAll, lcCtype, lang string
		want                 bool
	}{
		{"", "", "", false},
		{"", "", "C", true},
		{"", "", "POSIX", true},
		{"", "", "C.UTF-8", false},
		{"", "", "en_US.utf8", false},
		{"", "", "de_DE.ISO-8859-1", true},
		{"", "", "de_DE.ISO-8859-15@euro", true},
		{"", "", "de_DE", false},
		{"", "C.UTF-8", "C", false},
		{"C", "C.UTF-8", "C.UTF-8", true},
		{"C.UTF-8", "C", "C", false},
	} {
		env := map[string]string{"LC_ALL": test.lcAll, "LC_CTYPE": test.lcCtype, "LANG": test.lang}
		if got := onlyASCII(func(name string) string { return env[name] }); got != test.want {
			t.Errorf("with LC_ALL=%q LC_CTYPE=%q LANG=%q onlyASCII = %t", test.lcAll, test.lcCtype, test.lang, got)
		}
	}
}
