package initcore

import (
	"testing"

	"yinit/initcore/watch"
	"yinit/procfs"
)

// TestPeak: the peak is never that of a parent or of a child.
func TestPeak(t *testing.T) {
	const small, large = 2 * procfs.MiB, 60 * procfs.MiB
	program := &program{}
	own, waited := procfs.Stat{PID: 7}, procfs.Stat{PID: 7, CMinorFaults: 90}
	for _, tt := range []struct {
		name string
		d    death
		want procfs.Bytes
	}{
		{"a program", death{program: program, Stat: own, MaxRSS: large, Carried: small}, large},
		{"a program that is smaller than the init", death{program: program, Stat: own, MaxRSS: small, Carried: small}, 0},
		{"a program that has waited for a child", death{program: program, Stat: waited, MaxRSS: large, Carried: small}, 0},
		{"the same, and the watcher has read it", death{program: program, Stat: waited, MaxRSS: large, Carried: small, seen: watch.Seen{Peak: 3 * small}}, 3 * small},
		{"no /proc", death{program: program, MaxRSS: large, Carried: small}, 0},
		{"an orphan", death{Stat: own, MaxRSS: large, seen: watch.Seen{Carried: small}}, large},
		{"an orphan of a large process", death{Stat: own, MaxRSS: large, seen: watch.Seen{Carried: large}}, 0},
		{"an orphan of an unknown process", death{Stat: own, MaxRSS: large}, 0},
	} {
		tt.d.PID = 7
		if got := tt.d.peak(); got != tt.want {
			t.Errorf("%s: peak() = %v, want %v", tt.name, got, tt.want)
		}
	}
}
