package capture

import (
	"errors"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/tui"
)

// checks are what the doctor asks beside the processes, see [doctor.Checks] and
// [doctor.Memory].
type checks struct {
	OOMKills uint64    `json:"oom_kills"`
	OOMGroup bool      `json:"oom_group"`
	ShmSize  uint64    `json:"shm_size"`
	ShmFree  uint64    `json:"shm_free"`
	PidFiles []pidFile `json:"pid_files"`
	OpenMax  []openMax `json:"open_max"`
	Unread   []str     `json:"unread"`

	None    str   `json:"no_history"`
	Hidden  bool  `json:"history_hidden"`
	Blind   bool  `json:"history_blind"`
	Missing []str `json:"history_missing"`
}

type pidFile struct {
	Path    str       `json:"path"`
	PID     int       `json:"pid"`
	Written time.Time `json:"written"`
}

type openMax struct {
	PID   int          `json:"pid"`
	Start procfs.Ticks `json:"start"`
	Limit uint64       `json:"limit"`
}

func checksOf(h *tui.History) *checks {
	if h.Checks == nil {
		return nil
	}
	c := &checks{
		OOMKills: h.Checks.OOMKills, OOMGroup: h.Checks.OOMGroup, ShmSize: uint64(h.Checks.ShmSize), ShmFree: uint64(h.Checks.ShmFree),
		Unread: strs[str](h.Checks.Unread), None: str(h.Memory.None), Hidden: h.Memory.Hidden, Blind: h.Memory.Blind, Missing: strs[str](h.Memory.Missing),
	}
	for _, f := range h.Checks.PidFiles {
		c.PidFiles = append(c.PidFiles, pidFile{str(f.Path), f.PID, f.Written})
	}
	for id, n := range h.Checks.OpenMax {
		c.OpenMax = append(c.OpenMax, openMax{id.PID, id.Start, n})
	}
	return c
}

// value sets what c has in h.
func (c *checks) value(h *tui.History) error {
	if c == nil {
		return nil
	}
	if len(c.PidFiles)+len(c.OpenMax)+len(c.Unread)+len(c.Missing) > mostItems {
		return errors.New("its checks have too many entries")
	}
	h.Checks = &doctor.Checks{
		OOMKills: c.OOMKills, OOMGroup: c.OOMGroup, ShmSize: procfs.Bytes(c.ShmSize), ShmFree: procfs.Bytes(c.ShmFree),
		Unread: strs[string](c.Unread), OpenMax: make(map[procfs.ID]uint64, len(c.OpenMax)),
	}
	h.Memory = doctor.Memory{None: string(c.None), Hidden: c.Hidden, Blind: c.Blind, Missing: strs[string](c.Missing)}
	for _, f := range c.PidFiles {
		h.Checks.PidFiles = append(h.Checks.PidFiles, doctor.PidFile{Path: string(f.Path), PID: f.PID, Written: f.Written})
	}
	for _, o := range c.OpenMax {
		h.Checks.OpenMax[procfs.ID{PID: o.PID, Start: o.Start}] = o.Limit
	}
	return nil
}
