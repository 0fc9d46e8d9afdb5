package main

import (
	"bufio"
	"fmt"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// The JSON of yinit doctor: an object for each finding, then one for the stop.
type (
	jsonFinding struct {
		Kind      string        `json:"kind"`  // finding
		ID        string        `json:"id"`    // the same in all versions
		Level     string        `json:"level"` // problem, risk or note
		Finding   string        `json:"finding"`
		Where     string        `json:"where,omitempty"` // file and line
		Evidence  string        `json:"evidence"`
		Why       string        `json:"why"`
		Do        string        `json:"do"`
		Page      string        `json:"page"` // where it is described
		Processes []jsonProcess `json:"processes"`
	}
	jsonProcess struct {
		PID   int          `json:"pid"`
		Start procfs.Ticks `json:"start"` // since boot, in clock ticks of 1/100 s
	}
	jsonStop struct {
		Kind      string     `json:"kind"` // stop
		Possible  bool       `json:"possible"`
		Signal    string     `json:"signal"`
		Reacts    string     `json:"reacts"` // yes, no or unknown
		TimeoutMS int64      `json:"timeout_ms"`
		TakesMS   int64      `json:"takes_ms"`
		AtLeast   bool       `json:"at_least"`
		Hard      int        `json:"hard"`
		Doubt     int        `json:"doubt"`
		Known     bool       `json:"known"` // false: the status is not
		Status    int        `json:"status"`
		Steps     []jsonStep `json:"steps"`
	}
	jsonStep struct {
		PID     int          `json:"pid"`
		Start   procfs.Ticks `json:"start"`
		Comm    string       `json:"comm"`
		CommHex string       `json:"comm_hex,omitempty"`
		Role    string       `json:"role"`    // init, program or rest
		Signal  string       `json:"signal"`  // empty: it gets none
		Verdict string       `json:"verdict"` // of the signal
		Reason  string       `json:"reason"`
		Fate    string       `json:"fate"` // ends, handler, killed, last or unknown
		AtMS    int64        `json:"at_ms"`
		By      string       `json:"by"` // who kills it
	}
)

func printDoctorJSON(out *bufio.Writer, found []doctor.Finding, s *doctor.Stop) {
	printFindingsJSON(out, found)
	fmt.Fprintln(out, history.JSONLine(jsonOfStop(s)))
}

func printFindingsJSON(out *bufio.Writer, found []doctor.Finding) {
	for i := range found {
		fmt.Fprintln(out, history.JSONLine(jsonOfFinding(&found[i])))
	}
}

func jsonOfFinding(x *doctor.Finding) jsonFinding {
	j := jsonFinding{
		Kind: "finding", ID: x.ID, Level: x.Level.String(), Finding: x.What, Where: x.Where, Evidence: x.Evidence, Why: x.Why, Do: x.Do, Page: x.Page(),
		Processes: make([]jsonProcess, 0, len(x.Procs)),
	}
	for _, id := range x.Procs {
		j.Processes = append(j.Processes, jsonProcess{id.PID, id.Start})
	}
	return j
}

func jsonOfStop(s *doctor.Stop) jsonStop {
	j := jsonStop{
		Kind: "stop", Possible: s.Possible, Signal: procfs.SignalName(s.Signal), Reacts: s.Reacts.String(), TimeoutMS: s.Timeout.Milliseconds(),
		TakesMS: s.Takes.Milliseconds(), AtLeast: s.AtLeast, Hard: s.Hard, Doubt: s.Doubt, Known: s.Known, Status: s.Status,
		Steps: make([]jsonStep, 0, len(s.Steps)),
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		line := jsonStep{
			PID: step.Process.ID.PID, Start: step.Process.ID.Start, Comm: step.Process.Comm, CommHex: history.Hex(step.Process.Comm),
			Role: step.Role.String(), Reason: step.Reason(), Fate: step.Fate.String(), AtMS: step.At.Milliseconds(), By: step.By.String(),
		}
		if step.Signal != 0 {
			line.Signal, line.Verdict = procfs.SignalName(step.Signal), step.Outcome.String()
		}
		j.Steps = append(j.Steps, line)
	}
	return j
}
