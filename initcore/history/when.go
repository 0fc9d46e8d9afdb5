package history

import (
	"fmt"
	"strconv"
	"time"
)

// The forms of a time that [ParseTime] accepts. After seconds a fraction may follow.
var (
	clockForms = []string{"15:04", "15:04:05"}
	dateForms  = []string{
		"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02",
	}
)

// ParseTime parses a point in time that a user types: a duration before now, such as
// 10m, or seconds without a unit; a time of day, which is the latest such time that is
// not after now; a date with or without a time of day; or RFC 3339. A form without a
// zone is in the location of now.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if d, ok := parseAgo(s); ok && d >= 0 {
		return now.Add(-d), nil
	} else if ok {
		return time.Time{}, fmt.Errorf("%q is negative; write how long ago it was, like 10m", s)
	}
	for _, form := range clockForms {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return latest(t, now), nil
		}
	}
	for _, form := range dateForms {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a duration nor a time; write 10m, 15:04, 15:04:05, 2006-01-02T15:04 or RFC 3339", s)
}

// ParseUntil is [ParseTime] for the end of a period that begins at since: a time of day that
// would be before since is the first such time after it. A zero since is no limit.
func ParseUntil(s string, since, now time.Time) (time.Time, error) {
	t, err := ParseTime(s, now)
	for _, form := range clockForms {
		if _, other := time.Parse(form, s); err == nil && other == nil && !since.IsZero() && t.Before(since) {
			return latest(t, since.In(now.Location()).AddDate(0, 0, 1)), nil
		}
	}
	return t, err
}

// parseAgo parses a duration, or a number of seconds.
func parseAgo(s string) (time.Duration, bool) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, true
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > -1<<31 && n < 1<<31) { // NaN, too
		return 0, false
	}
	return time.Duration(n * float64(time.Second)), true
}

// latest returns the latest time with this time of day that is not after now.
func latest(clock, now time.Time) time.Time {
	on := func(day int) time.Time {
		return time.Date(now.Year(), now.Month(), day, clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), now.Location())
	}
	if t := on(now.Day()); !t.After(now) {
		return t
	}
	return on(now.Day() - 1)
}
