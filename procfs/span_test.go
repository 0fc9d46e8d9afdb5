package procfs

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                     "0s",
		0:                                "0s",
		400 * time.Microsecond:           "0s",
		600 * time.Microsecond:           "1ms",
		310 * time.Millisecond:           "310ms",
		999 * time.Millisecond:           "999ms",
		999700 * time.Microsecond:        "1s",
		5120 * time.Millisecond:          "5.1s",
		10 * time.Second:                 "10s",
		59940 * time.Millisecond:         "59.9s",
		59960 * time.Millisecond:         "1m00s",
		2*time.Minute + 5*time.Second:    "2m05s",
		time.Hour - 100*time.Millisecond: "1h00m",
		3*time.Hour + 5*time.Minute:      "3h05m",
		24 * time.Hour:                   "1d00h",
		76*time.Hour + 59*time.Minute:    "3d04h",
		400 * 24 * time.Hour:             "400d00h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}
