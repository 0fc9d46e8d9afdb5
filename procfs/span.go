package procfs

import (
	"fmt"
	"time"
)

// Span formats a duration for people: "310ms", "5.1s", and from one minute on in the
// two largest units: "2m05s", "3h05m", "3d04h". A negative d gives "0s".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 999500*time.Microsecond:
		return d.Round(time.Millisecond).String()
	case d < time.Minute-50*time.Millisecond:
		return d.Round(100 * time.Millisecond).String()
	}
	switch d = d.Round(time.Second); {
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	default:
		return fmt.Sprintf("%dd%02dh", d/day, d/time.Hour%24)
	}
}

// ShortSpan formats an age in at most five characters, for columns: 4s, 12m, 3h05m, 23h,
// 3d04h, 400d. A negative d is 0s. Use [Span] in sentences.
func ShortSpan(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	case d < day:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d < 10*day:
		return fmt.Sprintf("%dd%02dh", d/day, d/time.Hour%24)
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}
