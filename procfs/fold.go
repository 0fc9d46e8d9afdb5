package procfs

import "strings"

// ContainsFold reports whether s contains lower, which is in lower case, whatever
// the case of s. It folds ASCII without allocating, the rest by package strings.
func ContainsFold(s, lower string) bool {
	if !IsPrintableASCII(s) {
		return strings.Contains(strings.ToLower(s), lower)
	}
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}
