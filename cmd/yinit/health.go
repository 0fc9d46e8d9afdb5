package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/checkup"
	"yinit/procfs/doctor"
)

// The limits of yinit health, if the user gives none.
const (
	healthyZombies = 50
	healthyPids    = 90 // percent
	healthyAfter   = 10 * time.Second
)

// healthTime is when yinit health gives up: a probe that does not end leaves a process each
// time it runs.
const healthTime = 5 * time.Second

// healthOptions are the options of yinit health.
type healthOptions struct {
	json   bool
	limits doctor.Health
	where
}

func runHealth(args []string) (int, error) {
	o, err := parseHealth(args)
	if err != nil {
		return failure, err
	}
	time.AfterFunc(healthTime, func() {
		fmt.Fprintln(os.Stderr, "yinit: health: it could not look within "+procfs.Span(healthTime))
		os.Exit(failure)
	})
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("health: %w", err)
	}
	h, group := o.limits, t.Group
	if !sameGroup(t) {
		group = cgroup.Group{} // its limit would be that of this command only
	}
	if err := checkup.Health(&h, t.FS, group); err != nil {
		return failure, fmt.Errorf("health: %w", err)
	}
	if t.FS.Own() && !t.Other() {
		h.Pids -= min(h.Pids, int(ownThreads()))
	}
	line := procfs.Printable(h.Text())
	if o.json {
		line = history.JSONLine(jsonOfHealth(&h))
	}
	status := 0
	if len(h.Reasons()) > 0 {
		status = 1
	}
	if _, err := fmt.Fprintln(os.Stdout, line); err != nil {
		return failure, fmt.Errorf("health: %w", err)
	}
	return status, nil
}

func parseHealth(args []string) (healthOptions, error) {
	o := healthOptions{where: here(), limits: doctor.Health{MaxZombies: healthyZombies, MaxPids: healthyPids, OldAfter: healthyAfter}}
	_, err := config.Lookup("health").Parse(args, o.bind(config.Bind{
		"json": &o.json, "max-zombies": &o.limits.MaxZombies, "max-pids": &o.limits.MaxPids,
	}))
	if err == nil && (o.limits.MaxPids < 1 || o.limits.MaxPids > 100) {
		err = errors.New("health: --max-pids is a percentage of the pids limit; write 1 to 100")
	}
	return o, err
}

// The JSON of yinit health.
type jsonHealth struct {
	Healthy    bool     `json:"healthy"`
	Reasons    []string `json:"reasons"`
	Zombies    int      `json:"zombies"`
	ZombiesOld int      `json:"zombies_old"`
	OldAfterMS int64    `json:"old_after_ms"`
	OldestMS   int64    `json:"oldest_ms"`
	MaxZombies int      `json:"max_zombies"`
	Parent     int      `json:"parent"`
	ParentComm string   `json:"parent_comm"`
	ParentHex  string   `json:"parent_comm_hex,omitempty"`
	Pids       int      `json:"pids"`
	PidsLimit  int      `json:"pids_limit"`
	MaxPids    int      `json:"max_pids_percent"`
	Hidden     bool     `json:"hidden"`
}

func jsonOfHealth(h *doctor.Health) jsonHealth {
	reasons := h.Reasons()
	return jsonHealth{
		Healthy: len(reasons) == 0, Reasons: append([]string{}, reasons...),
		Zombies: h.Zombies, ZombiesOld: h.Old, OldAfterMS: h.OldAfter.Milliseconds(), OldestMS: h.Oldest.Milliseconds(), MaxZombies: h.MaxZombies,
		Parent: h.Parent, ParentComm: h.ParentComm, ParentHex: history.Hex(h.ParentComm),
		Pids: h.Pids, PidsLimit: h.PidsLimit, MaxPids: h.MaxPids, Hidden: h.Hidden,
	}
}
