package initcore

import (
	"strings"
	"testing"
	"time"

	"yinit/procfs"
)

// meter is a control group with a counter.
type meter struct {
	kills  *uint64
	groups *uint64 // nil: the kernel does not count them
}

func (m meter) OOMKills() (uint64, bool) { return *m.kills, true }
func (meter) OOMGroup() uint64           { return 7 }
func (m meter) OOMGroupKills() (uint64, bool) {
	if m.groups == nil {
		return 0, false
	}
	return *m.groups, true
}
func (meter) MemoryLimit() procfs.Bytes { return 32 * procfs.MiB }

// TestOutOfMemory: a death by SIGKILL is attributed to the memory limit only if the
// counter has grown for it.
func TestOutOfMemory(t *testing.T) {
	hit := func(counter string) string {
		return "the memory limit was hit (oom_kill " + counter + ", memory.max 32 MiB)"
	}
	maybe := func(counter, since string) string {
		return "perhaps because the memory limit was hit, at " + since + " or later (oom_kill " + counter + ", memory.max 32 MiB)"
	}
	for name, tt := range map[string]struct {
		script  string // what happens, in order
		watched bool
		want    string // the last answer
	}{
		"nothing":                       {"begin kill", true, ""},
		"the victim":                    {"begin oom kill", true, hit("0 → 1")},
		"the victim, without watcher":   {"begin oom kill", false, hit("0 → 1")},
		"another signal":                {"begin oom TERM", true, ""},
		"a kill before the first read":  {"oom begin kill", true, ""},
		"and one more":                  {"oom begin oom kill", true, hit("1 → 2")},
		"a death before the first look": {"oom kill", true, ""},
		"reported once":                 {"begin oom kill kill", true, ""},
		"a group, each of them":         {"begin oom oom kill kill", true, hit("1 → 2")},
		"the victim takes its time":     {"begin oom look 1s kill", true, hit("0 → 1")},
		"too long to be the victim":     {"begin oom 1s look 3s kill", true, maybe("0 → 1", "00:00:00")},
		"no reading for a long time":    {"begin 9s oom 9s kill", false, maybe("0 → 1", "00:00:00")},
		"calm for long":                 {"begin 9s oom kill", true, hit("0 → 1")},
		"no death was seen":             {"begin oom look 3s look", true, "00:00:00 " + hit("0 → 1") + " by a process whose exit was not seen"},
		"several at once":               {"begin oom oom oom look 3s look", true, "00:00:00 " + hit("0 → 3") + " by 3 processes whose exits were not seen"},
		"one after the other": {
			"begin oom look 1s oom oom look 1s oom look 3s look", true,
			"00:00:00 " + hit("0 → 1") + " by a process whose exit was not seen; 00:00:01 " + hit("1 → 3") + " by 2 processes whose exits were not seen; " +
				"00:00:02 " + hit("3 → 4") + " by a process whose exit was not seen",
		},
		"one seen, one not":              {"begin oom oom kill 3s look", true, "00:00:00 " + hit("1 → 2") + " by a process whose exit was not seen"},
		"the first is not held up":       {"begin oom look 2s oom look 1s look", true, "00:00:00 " + hit("0 → 1") + " by a process whose exit was not seen"},
		"no death was seen, report once": {"begin oom look 3s look kill", true, ""},
		"not yet":                        {"begin oom look 1s look", true, ""},
	} {
		kills, now, got := uint64(0), time.Time{}, ""
		w := oomWatch{meter: meter{kills: &kills}}
		for event := range strings.FieldsSeq(tt.script) {
			switch event {
			case "begin":
				w.startCounting(now)
			case "oom":
				kills++
			case "kill":
				got = w.victim(9, now, tt.watched)
			case "TERM":
				got = w.victim(15, now, tt.watched)
			case "look":
				got = ""
				for u := w.unseenVictims(now); u.number > 0; u = w.unseenVictims(now) {
					got = strings.TrimPrefix(got+"; ", "; ") + u.at.Format(time.TimeOnly) + " " + u.text
				}
			default:
				d, err := time.ParseDuration(event)
				check(t, err)
				now = now.Add(d)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestOOMGroup: with memory.oom.group the kernel kills all processes of the group.
func TestOOMGroup(t *testing.T) {
	kills, groups, now := uint64(0), uint64(4), time.Time{}
	w := oomWatch{meter: meter{&kills, &groups}}
	w.startCounting(now)
	kills, groups = 2, 5
	want := "the memory limit was hit (oom_kill 0 → 2, memory.max 32 MiB, all processes of the group were killed: memory.oom.group)"
	if got := w.victim(9, now, true); got != want {
		t.Errorf("victim = %q, want %q", got, want)
	}
}
