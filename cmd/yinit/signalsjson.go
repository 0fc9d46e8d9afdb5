package main

import (
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// The JSON of yinit signals: one object for each process.
type (
	jsonTarget struct {
		PID      int           `json:"pid"`
		Comm     string        `json:"comm"`
		State    string        `json:"state"`
		Verdicts []jsonVerdict `json:"verdicts"`
		CommHex  string        `json:"comm_hex,omitempty"`
	}
	jsonVerdict struct {
		Signal      string `json:"signal"`
		Number      int    `json:"number"`
		Disposition string `json:"disposition"`
		Blocked     bool   `json:"blocked"`
		Pending     bool   `json:"pending"`
		Verdict     string `json:"verdict"`
		Reason      string `json:"reason"`
	}
)

// jsonSignals returns a process with the verdicts on all signals as one line of JSON.
func jsonSignals(t *verdict.Target, caller verdict.Caller) string {
	j := jsonTarget{PID: t.ID.PID, Comm: t.Comm, State: t.State.String(), Verdicts: make([]jsonVerdict, 0, 64), CommHex: history.Hex(t.Comm)}
	for n := 1; n <= 64; n++ {
		outcome, reason := verdict.Of(t, n, caller)
		j.Verdicts = append(j.Verdicts, jsonVerdict{
			Signal: procfs.SignalName(n), Number: n, Disposition: t.Sigs.Disposition(n).String(),
			Blocked: t.Sigs.Blocked.Has(n), Pending: t.Sigs.Pending.Union(t.Sigs.SharedPending).Has(n),
			Verdict: outcome.String(), Reason: reason,
		})
	}
	return history.JSONLine(j)
}
