package main

import (
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/rehearsal"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// rehearsalText returns the report for people.
func rehearsalText(r *rehearsal.Report) string {
	var b strings.Builder
	name := procfs.SignalName(r.Signal)
	program := procfs.Printable(strings.Join(r.Command, " "))
	if r.Init != "none" {
		program += ", under " + r.Init
	}
	fmt.Fprintf(&b, "stop of %s: %s, SIGKILL after %s\n\n", program, name, procfs.Span(r.Grace))
	fmt.Fprintf(&b, "%7s %-15s %-12s %-8s %7s  %s\n", "PID", "COMMAND", strings.TrimPrefix(name, "SIG"), "GOT IT", "AFTER", "HOW IT ENDED")
	for i := range r.Judged {
		j := &r.Judged[i]
		does, got := verdict.Column(j.Outcome, j.Forward, false), j.Got.String()
		if j.PID == 1 && r.Sent {
			got = "engine"
		}
		if j.Zombie || j.At < 0 {
			got = "-"
		}
		fmt.Fprintf(&b, "%7d %s %-12s %-8s %7s  %s\n", j.PID, text.Pad(procfs.Printable(j.Comm), 15, text.More), does, got, after(j.At), j.How())
	}
	b.WriteByte('\n')
	const label = 14
	entry := func(name, body string) { b.WriteString(text.Paragraph(name, label, 100, body)) }
	entry("exit status", fmt.Sprintf("%d, as the engine sees it", r.Exit))
	entry("time", stopTime(r))
	entry("killed hard", listed(r, func(j *rehearsal.Judged) bool { return j.Hard }))
	entry("left behind", listed(r, func(j *rehearsal.Judged) bool { return j.Left || j.Zombie }))
	if r.Doubt > 0 {
		entry("in doubt", listed(r, func(j *rehearsal.Judged) bool { return j.Doubt })+": it ended with PID 1, and this kernel does not show how; as root, or since Linux 6.15, it is known")
	}
	if r.PreStop != nil {
		entry("pre-stop", r.PreStop.EndedAfter())
	}
	if r.Check != nil {
		entry("check", r.Check.EndedAfter())
	}
	for _, why := range r.Why() {
		entry("why", why)
	}
	for _, advice := range r.Advice() {
		entry("what helps", advice)
	}
	if r.Clean() {
		b.WriteString("a clean stop\n")
	} else {
		b.WriteString("not a clean stop\n")
	}
	return b.String()
}

// stopTime says how long the stop took, and which engine would have waited.
func stopTime(r *rehearsal.Report) string {
	took := procfs.Span(max(r.Takes, 0))
	if r.PreStop != nil {
		took += ", and " + procfs.Span(r.PreStop.Took) + " for pre-stop"
	}
	return fmt.Sprintf("%s; Docker's 10 s: %s; Kubernetes' 30 s: %s", took, rehearsal.Enough(r.Docker), rehearsal.Enough(r.Kubernetes))
}

// after returns when a process ended, after the stop signal.
func after(at time.Duration) string {
	if at < 0 {
		return "before"
	}
	return procfs.Span(at)
}

// listed names the processes for which f holds.
func listed(r *rehearsal.Report, f func(*rehearsal.Judged) bool) string {
	var names []string
	for i := range r.Judged {
		if j := &r.Judged[i]; f(j) {
			names = append(names, j.Name())
		}
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// The object of yinit rehearse --json.
type (
	jsonRehearsal struct {
		Command    []string       `json:"command"`
		Init       string         `json:"init"`
		StopSignal string         `json:"stop_signal"`
		GraceMS    int64          `json:"grace_ms"`
		ReadyMS    int64          `json:"ready_ms"`
		PreStop    *jsonRun       `json:"pre_stop,omitempty"`
		Check      *jsonRun       `json:"check,omitempty"`
		Sent       bool           `json:"sent"`
		Killed     bool           `json:"killed"`
		TakesMS    int64          `json:"takes_ms"`
		ExitStatus int            `json:"exit_status"`
		Hard       int            `json:"killed_hard"`
		Left       int            `json:"left_behind"`
		Doubt      int            `json:"in_doubt"`
		Docker     string         `json:"docker_10s"`
		Kubernetes string         `json:"kubernetes_30s"`
		Clean      bool           `json:"clean"`
		Processes  []jsonStopping `json:"processes"`
		Why        []string       `json:"why"`
		Advice     []string       `json:"advice"`
	}
	jsonRun struct {
		Command string `json:"command"`
		OK      bool   `json:"ok"`
		Ended   string `json:"ended"`
		TookMS  int64  `json:"took_ms"`
	}
	jsonStopping struct {
		PID       int      `json:"pid"`
		PPID      int      `json:"ppid"`
		Comm      string   `json:"comm"`
		CommHex   string   `json:"comm_hex,omitempty"`
		Cmdline   []string `json:"cmdline"`
		Verdict   string   `json:"verdict"`
		Reason    string   `json:"reason"`
		Forwarded string   `json:"forwarded"`
		EndedMS   int64    `json:"ended_ms"`
		Known     bool     `json:"known"`
		Code      int      `json:"code"`
		Signal    string   `json:"signal"`
		Ended     string   `json:"ended"`
		Hard      bool     `json:"killed_hard"`
		KilledBy  string   `json:"killed_by"`
		Left      bool     `json:"left_behind"`
		Zombie    bool     `json:"zombie"`
		Late      bool     `json:"late"`
	}
)

// rehearsalJSON returns the report as one line of JSON.
func rehearsalJSON(r *rehearsal.Report) string {
	j := jsonRehearsal{
		Command: r.Command, Init: r.Init, StopSignal: procfs.SignalName(r.Signal), GraceMS: r.Grace.Milliseconds(), ReadyMS: r.Ready.Milliseconds(),
		PreStop: jsonRunOf(r.PreStop), Check: jsonRunOf(r.Check), Sent: r.Sent, Killed: r.Killed, TakesMS: r.Takes.Milliseconds(),
		ExitStatus: r.Exit, Hard: r.Hard, Left: r.Left, Doubt: r.Doubt, Docker: r.Docker.String(), Kubernetes: r.Kubernetes.String(), Clean: r.Clean(),
		Processes: make([]jsonStopping, 0, len(r.Judged)), Why: append([]string{}, r.Why()...), Advice: append([]string{}, r.Advice()...),
	}
	for i := range r.Judged {
		j.Processes = append(j.Processes, jsonStoppingOf(&r.Judged[i], r.Sent))
	}
	return history.JSONLine(j) + "\n"
}

func jsonRunOf(r *rehearsal.Run) *jsonRun {
	if r == nil {
		return nil
	}
	return &jsonRun{Command: r.Command, OK: r.OK(), Ended: r.Ended(), TookMS: r.Took.Milliseconds()}
}

func jsonStoppingOf(j *rehearsal.Judged, sent bool) jsonStopping {
	p := jsonStopping{
		PID: j.PID, PPID: j.PPID, Comm: j.Comm, CommHex: history.Hex(j.Comm), Cmdline: append([]string{}, j.Cmdline...),
		Verdict: rehearsal.Verdict(&j.Process), Reason: j.Reason, Forwarded: j.Got.String(), EndedMS: j.At.Milliseconds(),
		Known: j.Known, Ended: procfs.Ended(j.Known, j.Status), Hard: j.Hard, KilledBy: j.By.String(), Left: j.Left, Zombie: j.Zombie, Late: j.Late,
	}
	if j.PID == 1 && sent {
		p.Forwarded = "engine"
	}
	if j.Known {
		p.Code = j.Status.Shell()
		if j.Status.Signaled() {
			p.Signal = procfs.SignalName(j.Status.Signal())
		}
	}
	return p
}
