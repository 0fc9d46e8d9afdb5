package procfs_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestParseLoadavg(t *testing.T) {
	want := procfs.Loadavg{One: 0.05, Five: 12.34, Fifteen: 1234.99, Running: 2, Tasks: 345, LastPID: 4194303}
	got, err := procfs.ParseLoadavg([]byte("0.05 12.34 1234.99 2/345 4194303\n"))
	if err != nil || got != want {
		t.Errorf("ParseLoadavg = %+v, %v, want %+v", got, err, want)
	}
	for name, text := range map[string]string{
		"nothing": "", "cut off": "0.05 12.34 1234.99 2/345", "no slash": "1 2 3 4 5\n", "letters": "a 2 3 4/5 6\n",
		"no decimals": "1. 2 3 4/5 6\n", "not a number": "NaN 2 3 4/5 6\n", "exponent": "1e3 2 3 4/5 6\n",
		"negative": "-1 2 3 4/5 6\n", "too large": "99999999999999999999 2 3 4/5 6\n", "slash alone": "1 2 3 / 6\n",
	} {
		if got, err := procfs.ParseLoadavg([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("%s: ParseLoadavg(%q) = %+v, %v, want ErrFormat", name, text, got, err)
		}
	}
}

func TestParseUptime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"12.34 56.78\n": 12*time.Second + 340*time.Millisecond, "0.00 0.00\n": 0, "7\n": 7 * time.Second,
		"1.9999999999 0\n": 1999999999,
	} {
		if got, err := procfs.ParseUptime([]byte(text)); err != nil || got != want {
			t.Errorf("ParseUptime(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "\n", "x", "1.x", "-1.00", "9999999999999.00", "18446744074.00"} {
		if got, err := procfs.ParseUptime([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseUptime(%q) = %v, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestAge(t *testing.T) {
	for name, test := range map[string]struct {
		uptime time.Duration
		start  procfs.Ticks
		want   time.Duration
	}{
		"a second":               {10 * time.Second, 900, time.Second},
		"this moment":            {10 * time.Second, 1000, 0},
		"started after the read": {10 * time.Second, 1001, 0},
		"a container's uptime":   {10 * time.Second, 1 << 40, 0},
		"overflow":               {10 * time.Second, 1<<64 - 1, 0},
		"with the machine":       {10 * time.Second, 0, 10 * time.Second},
		"no uptime":              {-1, 0, 0},
	} {
		if got := procfs.Age(test.uptime, test.start); got != test.want {
			t.Errorf("%s: Age(%v, %d) = %v, want %v", name, test.uptime, test.start, got, test.want)
		}
	}
}

func TestMetersOfAFake(t *testing.T) {
	tree := proctest.New(t)
	if _, err := tree.FS().Loadavg(); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, procfs.ErrGone) {
		t.Errorf("Loadavg without a file = %v, want ErrNotExist and not ErrGone", err)
	}
	want := procfs.Loadavg{One: 1.5, Five: 0.25, Fifteen: 0.01, Running: 1, Tasks: 2, LastPID: 3}
	tree.Loadavg(want)
	if got, err := tree.FS().Loadavg(); err != nil || got != want {
		t.Errorf("Loadavg() = %+v, %v, want %+v", got, err, want)
	}
	tree.Uptime(1500 * time.Millisecond)
	if got, err := tree.FS().Uptime(); err != nil || got != 1500*time.Millisecond {
		t.Errorf("Uptime() = %v, %v, want 1.5s", got, err)
	}
	tree.File("loadavg", "x\n")
	tree.File("uptime", "x\n")
	if _, err := tree.FS().Loadavg(); !errors.Is(err, procfs.ErrFormat) {
		t.Errorf("Loadavg of nonsense = %v, want ErrFormat", err)
	}
	if _, err := tree.FS().Uptime(); !errors.Is(err, procfs.ErrFormat) {
		t.Errorf("Uptime of nonsense = %v, want ErrFormat", err)
	}
}

func FuzzParseLoadavg(f *testing.F) {
	f.Add([]byte("0.05 12.34 1234.99 2/345 4194303\n"))
	f.Add([]byte("1. 2 3 4/5 6"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := procfs.ParseLoadavg(b)
		if err != nil && (!errors.Is(err, procfs.ErrFormat) || l != procfs.Loadavg{}) {
			t.Errorf("ParseLoadavg(%q) = %+v, %v", b, l, err)
		}
		if !(l.One >= 0 && l.Five >= 0 && l.Fifteen >= 0) {
			t.Errorf("ParseLoadavg(%q) = %+v, want no negative loads", b, l)
		}
		_, _ = procfs.ParseUptime(b) // It must not panic.
	})
}
