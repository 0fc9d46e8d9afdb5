package facts

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/initcore/history"
	"yinit/procfs/doctor"
)

// TestMemory: what a history tells about itself.
func TestMemory(t *testing.T) {
	watching := history.Header{Watch: time.Second, Sources: history.SourceWatch | history.SourceStatus}
	old, over := watching, watching
	old.Sources, over.Unwatched = history.SourceWatch|history.SourceStat, 2
	for name, tt := range map[string]struct {
		h      history.Header
		own    bool
		failed error
		want   doctor.Memory
	}{
		"all is known":    {watching, false, nil, doctor.Memory{}},
		"an old kernel":   {old, false, nil, doctor.Memory{Blind: true}},
		"our own":         {old, true, nil, doctor.Memory{}},
		"not watching":    {history.Header{}, false, nil, doctor.Memory{}},
		"too many":        {over, false, nil, doctor.Memory{Missing: []string{"2 processes were not watched: there were too many"}}},
		"none":            {history.Header{}, false, errors.New("no history"), doctor.Memory{None: "no history"}},
		"somebody else's": {history.Header{}, false, &history.NotFoundError{Text: "not yours", Denied: true}, doctor.Memory{None: "not yours", Hidden: true}},
	} {
		if diff := cmp.Diff(tt.want, MemoryOf(&tt.h, tt.own, tt.failed)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// TestStrangers: orphans that a server has reaped, and kills for the memory limit.
func TestStrangers(t *testing.T) {
	r := history.Record{Kind: history.KindExit, Time: noon, PID: 30, PPID: 1, OriginPPID: 20, Comm: "pg_isready", Parent: "postgres", Known: true, Status: 2 << 8}
	oom := history.Record{Kind: history.KindOOM, Time: noon.Add(-time.Minute), Text: "9 (git): the memory limit was hit"}
	f := Of(&now, Past{Records: []history.Record{oom, r}})
	if len(f.Strangers) != 1 || f.Strangers[0].PID != 30 || f.Strangers[0].Text != "PID 1 (postgres) reaped a process that it did not start" {
		t.Errorf("strangers: %+v", f.Strangers)
	}
	if want := (doctor.Hit{Time: oom.Time, Text: "the init noted at 11:59:00: 9 (git): the memory limit was hit"}); f.OOM != want {
		t.Errorf("OOM: %+v, want %+v", f.OOM, want)
	}
}
