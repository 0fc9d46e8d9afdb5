package history_test

import (
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
)

func TestParseTime(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	now := time.Date(2026, 3, 1, 0, 10, 0, 0, berlin)
	for in, want := range map[string]string{
		"10m":                       "2026-03-01T00:00:00+01:00",
		"90":                        "2026-03-01T00:08:30+01:00",
		"1.5":                       "2026-03-01T00:09:58.5+01:00",
		"0":                         "2026-03-01T00:10:00+01:00",
		"00:05":                     "2026-03-01T00:05:00+01:00",
		"00:10":                     "2026-03-01T00:10:00+01:00",
		"00:11":                     "2026-02-28T00:11:00+01:00", // still to come today
		"23:50":                     "2026-02-28T23:50:00+01:00",
		"23:50:01":                  "2026-02-28T23:50:01+01:00",
		"23:50:01.250":              "2026-02-28T23:50:01.25+01:00", // as history prints it
		"2026-02-25T15:04":          "2026-02-25T15:04:00+01:00",
		"2026-02-25 15:04:05":       "2026-02-25T15:04:05+01:00",
		"2026-02-25T15:04:05":       "2026-02-25T15:04:05+01:00",
		"2026-02-25":                "2026-02-25T00:00:00+01:00",
		"2026-02-25T15:04:05Z":      "2026-02-25T15:04:05Z",
		"2026-02-25T15:04:05.001Z":  "2026-02-25T15:04:05.001Z", // as JSON has it
		"2026-02-25T15:04:05-07:00": "2026-02-25T15:04:05-07:00",
	} {
		got, err := history.ParseTime(in, now)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("ParseTime(%q) = %s, %v, want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
	for _, in := range []string{"", "soon", "25:00", "12:60", "2026-13-01", "NaN", "1e99", "12:00 tomorrow"} {
		if got, err := history.ParseTime(in, now); err == nil || !strings.Contains(err.Error(), "neither a duration nor a time") {
			t.Errorf("ParseTime(%q) = %v, %v, want an error", in, got, err)
		}
	}
	if _, err := history.ParseTime("-10m", now); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("ParseTime of a negative duration: %v", err)
	}
}

func TestParseUntil(t *testing.T) {
	now := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct{ since, until, want string }{
		{"", "18:00", "2026-02-28T18:00:00Z"},
		{"14:00", "14:30", "2026-03-01T14:30:00Z"},
		{"14:00", "18:00", "2026-03-01T18:00:00Z"}, // later today
		{"22:00", "23:00", "2026-02-28T23:00:00Z"},
		{"2026-02-20T10:00", "10:00", "2026-03-01T10:00:00Z"},
		{"14:00", "2026-02-20", "2026-02-20T00:00:00Z"}, // nothing lies between them
		{"14:00", "10m", "2026-03-01T14:50:00Z"},
	} {
		var since time.Time
		if c.since != "" {
			since, _ = history.ParseTime(c.since, now)
		}
		got, err := history.ParseUntil(c.until, since, now)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("since %q until %q = %s, %v, want %s", c.since, c.until, got.Format(time.RFC3339), err, c.want)
		}
	}
}
