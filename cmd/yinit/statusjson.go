package main

import (
	"encoding/json"
)

// The JSON of yinit status.
type (
	jsonStatus struct {
		Host      string            `json:"host"`
		Init      string            `json:"init"`
		UptimeMS  int64             `json:"uptime_ms"`
		Processes int               `json:"processes"`
		Threads   int               `json:"threads"`
		Zombies   int               `json:"zombies"`
		Pids      jsonUse           `json:"pids"`
		Mem       jsonUse           `json:"mem"`
		CPU       jsonUse           `json:"cpu"`
		History   string            `json:"history"`
		StopText  string            `json:"stop_text"`
		Stop      jsonStop          `json:"stop"`
		Findings  []jsonFinding     `json:"findings"`
		Deaths    []json.RawMessage `json:"deaths"`
	}
	jsonUse struct {
		Used    float64 `json:"used"`
		Limit   float64 `json:"limit"`   // 0: none, or unknown
		Machine bool    `json:"machine"` // Used is that of the whole machine
	}
)

func jsonOfStatus(e *examination) jsonStatus {
	h := &e.snap.Host
	j := jsonStatus{
		Host: h.Name, Init: h.Init, UptimeMS: h.Uptime.Milliseconds(), History: e.since,
		Pids:     jsonUse{Used: float64(h.Pids), Limit: float64(h.PidsMax)},
		Mem:      jsonUse{float64(h.Mem), limitOf(float64(h.MemMax), h.Hosts.MemMax), h.Hosts.Mem},
		CPU:      jsonUse{h.CPU, limitOf(h.CPUMax, h.Hosts.CPUMax), h.Hosts.CPU},
		StopText: e.stop.Text(&e.facts), Stop: jsonOfStop(&e.stop),
		Findings: make([]jsonFinding, 0, len(e.found)), Deaths: []json.RawMessage{},
	}
	if e.foreign {
		j.Pids, j.Mem, j.CPU = jsonUse{}, jsonUse{}, jsonUse{}
	}
	j.Processes, j.Threads, j.Zombies = processesOf(&e.snap)
	for i := range e.found {
		j.Findings = append(j.Findings, jsonOfFinding(&e.found[i]))
	}
	for _, r := range lastDeaths(e.records, e.snap.Time) {
		j.Deaths = append(j.Deaths, json.RawMessage(r.JSON()))
	}
	return j
}

// limitOf returns a limit of the container; 0 if it is that of the machine.
func limitOf(limit float64, machine bool) float64 {
	if machine {
		return 0
	}
	return limit
}
