package procfs

import (
	"fmt"
	"strconv"
)

// Count formats n with a comma between thousands: 1,200.
func Count(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", Count(n/1000), n%1000)
}

// Plural returns n followed by one if n is 1, else by many: Plural(2, "process is",
// "processes are") is "2 processes are". It writes n as [Count] does.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Ordinal formats n as 1st, 2nd, 3rd, 4th.
func Ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
