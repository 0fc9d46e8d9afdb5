package metrics

// ContainerLabels are the labels of each metric of a container. They are those that
// kube-state-metrics has for kube_pod_container_info.
var ContainerLabels = []string{"namespace", "pod", "container", "container_id", "image"}

// of returns a family of containers. It is so simple that the compiler makes the families: an
// initializer would run in PID 1.
func of(name string, kind Kind, help string, labels ...string) *Family {
	return &Family{Name: name, Kind: kind, Help: help, container: true, own: labels}
}

// The metrics of containers.
var (
	Zombies       = of("yinit_container_zombies", Gauge, "Zombies, by the name of the process that ought to reap them.", "culprit")
	OldestZombie  = of("yinit_container_zombie_oldest_seconds", Gauge, "For how long the oldest zombie has been dead, at least; 0 without zombies.")
	Processes     = of("yinit_container_processes", Gauge, "Processes, including zombies.")
	Pids          = of("yinit_container_pids", Gauge, "What counts against the pids limit: processes, threads and zombies.")
	PidsLimit     = of("yinit_container_pids_limit", Gauge, "The pids limit of the control group; absent if there is none.")
	PidsHits      = of("yinit_container_pids_limit_hits_total", Counter, "How often the pids limit prevented a new process or thread.")
	OOMKills      = of("yinit_container_oom_kills_total", Counter, "Processes that the kernel killed because the memory limit was reached, children of PID 1 or not.")
	HardKills     = of("yinit_container_stop_hard_kills", Gauge, "Processes that a stop would end by SIGKILL; absent if that cannot be foreseen.")
	StopSeconds   = of("yinit_container_stop_seconds_predicted", Gauge, "How long a stop would take, at least; absent if that cannot be foreseen.")
	Init          = of("yinit_container_init_info", Info, "PID 1: its name, whether it reaps, and whether it handles the stop signal: yes, no or unknown.", "init", "reaps", "handles_stop")
	ExecSessions  = of("yinit_container_exec_sessions", Gauge, "Processes that were started from outside, as by docker exec or an exec probe, and still run.")
	OldestSession = of("yinit_container_exec_session_oldest_seconds", Gauge, "For how long the oldest of these has run; 0 without any.")
	Findings      = of("yinit_container_findings", Gauge, "What yinit doctor finds, by level: problem, risk or note.", "level")
	StartTime     = of("yinit_container_start_time_seconds", Gauge, "When PID 1 started, since the epoch.")
	Exits         = of("yinit_process_exits_total", Counter, "Processes that have ended: result is exit, signal or unknown, code the exit code or the name of the signal.", "comm", "result", "code")
	Signals       = of("yinit_signals_received_total", Counter, "Signals that yinit as PID 1 has received, by the name of their sender.", "signal", "sender")
	Missed        = of("yinit_history_missed_total", Counter, "Processes and threads that started and ended unseen, and records that were overwritten before they were read.")
)

// The metrics of the program itself and of the machine.
var (
	BuildInfo = &Family{Name: "yinit_build_info", Kind: Gauge, Help: "Version and commit of the program; the value is 1.", own: []string{"version", "revision", "goversion"}}
	Hidden    = &Family{Name: "yinit_node_containers_hidden", Kind: Gauge, Help: "Containers that this user may not look into."}
	Denied    = &Family{Name: "yinit_node_names_denied", Kind: Gauge, Help: "Files with names of containers that this user may not read."}
	Seen      = &Family{Name: "yinit_node_containers", Kind: Gauge, Help: "Containers that were seen."}
	Outside   = &Family{Name: "yinit_node_processes", Kind: Gauge, Help: "Processes that are in no container."}
)

// The metrics that only the exporter has: it knows what was there before.
var (
	EndTime    = of("yinit_container_end_time_seconds", Gauge, "When the container was seen to have ended, since the epoch. Its counters stay for 15 minutes.")
	Unread     = &Family{Name: "yinit_node_histories_unread", Kind: Gauge, Help: "Containers in which yinit is PID 1 and whose history this user may not read."}
	Accounting = &Family{Name: "yinit_node_accounting", Kind: Gauge, Help: "1 if the exits of all processes are counted by process accounting."}
)

// Families returns all metrics that yinit and the exporter share, in the order of the output.
func Families() []*Family {
	return []*Family{
		BuildInfo, Seen, Hidden, Denied, Outside,
		Init, StartTime, Processes, Pids, PidsLimit, PidsHits, OOMKills,
		Zombies, OldestZombie, HardKills, StopSeconds, ExecSessions, OldestSession, Findings,
		Exits, Signals, Missed,
	}
}
