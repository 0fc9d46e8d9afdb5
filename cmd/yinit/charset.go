package main

import "strings"

// onlyASCII reports whether the locale says that the terminal does not show UTF-8, see
// locale(7): LC_ALL, LC_CTYPE and LANG, the first that is not empty, name the character
// set after a dot, and the locales C and POSIX are ASCII. Most containers set none of
// them although the terminal shows UTF-8, so then the answer is no.
func onlyASCII(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		locale := getenv(name)
		if locale == "" {
			continue
		}
		locale, _, _ = strings.Cut(locale, "@")
		_, charset, named := strings.Cut(locale, ".")
		charset = strings.ToUpper(strings.ReplaceAll(charset, "-", ""))
		return locale == "C" || locale == "POSIX" || named && charset != "" && charset != "UTF8"
	}
	return false
}
