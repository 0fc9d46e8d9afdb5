package snapshot

import (
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
)

// TestMatch checks every key for the row of a process, of a zombie, and of one whose
// signals and user are not known.
func TestMatch(t *testing.T) {
	set := procfs.NewSignalSet
	alive := Process{
		ID: procfs.ID{PID: 37}, PPID: 12, State: procfs.StateSleeping, User: "app", UID: 1000, Threads: 3, Comm: "web",
		Cmdline: []string{"python3", "web.py", "--port=80"}, CPU: 0.5, CPUTime: time.Minute, RSS: 150 * procfs.MiB, Age: time.Hour,
		Sigs: procfs.Signals{Known: true, Ignored: set(1), Blocked: set(2), Caught: set(3), Pending: set(10), SharedPending: set(12)},
	}
	zombie := Process{State: procfs.StateZombie, Threads: 1, Comm: "git", Known: true, Status: 11, User: "root", Sigs: alive.Sigs}
	unknown := Process{State: procfs.StateZombie, Threads: 1, Comm: "job"}
	for text, want := range map[string]string{
		"web": "a", "WEB.PY": "a", "\"web.py --port\"": "a", "\"python3 web.py\"": "a", "gi": "z", "nothing": "",
		"state:S": "a", "state:zombie": "zu", "user:app": "a", "user:1000": "a", "user:0": "z", "!user:app": "z",
		"pid:37": "a", "ppid:12": "a", "threads>2": "a", "age>30m": "a", "cputime>=60": "a", "cpu>49": "a", "cpu<49": "",
		"mem>100M": "a", "mem<1M": "", "exit!=0": "z", "exit:139": "z", "exit:0": "", "signal:SEGV": "z", "signal!=SEGV": "", "kind:exit": "", "!kind:exit": "",
		"ignores:HUP": "a", "ignores:INT": "", "blocks:INT": "a", "blocks:HUP": "", "catches:QUIT": "a", "catches:3": "a",
		"catches:TERM": "", "pending:USR1": "a", "pending:USR2": "a", "pending:TERM": "", "ignores:INT,HUP": "a", "!ignores:INT": "a",
	} {
		f, err := filter.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i, p := range []*Process{&alive, &zombie, &unknown} {
			if p.Match(f) {
				got += "azu"[i : i+1]
			}
		}
		if got != want {
			t.Errorf("%s matches %q, want %q", text, got, want)
		}
	}
}
