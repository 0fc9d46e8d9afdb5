package config

// initOptions are the options of the init, in the order of the help. The table has
// function literals but no function calls. So the compiler lays it out as data, and
// PID 1 need not build it when it starts.
var initOptions = []Option{
	{
		Short: "g", Long: "group", Text: "forward signals to the program's process group", Default: "the program alone",
		target: func(s *Settings) any { return &s.Group },
	},
	{
		Short: "c", Long: "single-child", Text: "accepted for dumb-init's users: this is the default", noEnv: true, noFile: true,
		target: func(s *Settings) any { return s.singleChild },
	},
	{
		Long: "session", Text: "run the program in a new session with the terminal, and forward signals to its process group (as dumb-init does)", Default: "a new process group in the same session",
		target: func(s *Settings) any { return &s.Session },
	},
	{
		Long: "follow-fork", Text: "if the program exits with 0 and leaves a process that continues it, a daemon or its new version, go on with that one",
		target: func(s *Settings) any { return &s.FollowFork },
	},
	{
		Short: "s", Long: "subreaper", Text: "be a subreaper; a failure is only a warning", Default: "automatic when not PID 1",
		target: func(s *Settings) any { return &s.Subreaper },
	},
	{
		Short: "p", Long: "parent-death", Arg: "SIG", Value: Signal, Text: "get SIG when the parent dies", Default: "off",
		target: func(s *Settings) any { return s.parentDeath },
	},
	{
		Short: "e", Long: "expect", Arg: "CODE", Value: Count, Text: "exit with 0 if the program exits with CODE, 0 to 255", Default: "none", Repeat: true,
		target: func(s *Settings) any { return s.expect },
	},
	{
		Short: "r", Long: "rewrite", Arg: "FROM:TO", Value: Rewrite, Text: "forward signal FROM as TO, by name or number; TO 0 drops it", Default: "none", Repeat: true,
		target: func(s *Settings) any { return s.rewrite },
	},
	{
		Long: "delay", Arg: "DUR", Value: Duration, Text: "wait this long before forwarding SIGTERM; a second SIGTERM cuts it short", Default: "0",
		target: func(s *Settings) any { return &s.Delay },
	},
	{
		Long: "kill-after", Arg: "DUR", Value: Duration, Text: "send SIGKILL to a program that still runs this long after its stop signal; 0 never", Default: "0 with one program, 20s with several",
		target: func(s *Settings) any { return s.killAfter },
	},
	{
		Long: "grace", Arg: "DUR", Value: Duration, Text: "after the last program ended: send SIGTERM to all other processes, wait up to this long, send SIGKILL to the rest; 0 leaves them to the kernel", Default: "3s",
		target: func(s *Settings) any { return &s.Grace },
	},
	{
		Long: "oom-adjust", Arg: "N", Value: Count, Text: "add N, up to 1000, to the oom_score_adj of the programs, so that the kernel does not kill PID 1 before them when memory runs out; 0 leaves it alone", Default: "what PID 1 needs under the memory limit",
		target: func(s *Settings) any { return s.oomAdjust },
	},
	{
		Long: "at-end", Arg: "ACTION", Value: Choice, Choices: "poweroff reboot halt exit", Text: "what PID 1 does after everything has ended: poweroff, reboot, halt or exit", Default: "poweroff as the init of a machine, else exit",
		target: func(s *Settings) any { return s.atEnd },
	},
	{
		Long: "stop-ok", Text: "exit with 0 if a stop signal had come and the program ended by it, or with 128 plus its number",
		target: func(s *Settings) any { return &s.StopOK },
	},
	{
		Short: "u", Long: "user", Arg: "USER[:GROUP]", Value: User, Text: "run the programs as this user, by name or number", Default: "unchanged",
		target: func(s *Settings) any { return &s.user },
	},
	{
		Long: "dir", Arg: "DIR", Value: Dir, Text: "working directory of the programs", Default: "unchanged",
		target: func(s *Settings) any { return &s.dir },
	},
	{
		Long: "config", Arg: "FILE", Value: File, Text: "run the programs that FILE lists", noFile: true,
		target: func(s *Settings) any { return &s.config },
	},
	{
		Long: "run-dir", Arg: "DIR", Value: Dir, Text: "run every executable DIR/*.run, sorted by name", noFile: true,
		target: func(s *Settings) any { return &s.runDir },
	},
	{
		Short: "P", Long: "pause", Text: "run no program: reap, and exit with 0 at SIGTERM or SIGINT", noFile: true,
		target: func(s *Settings) any { return &s.Pause },
	},
	{
		Long: "watch", Arg: "DUR", Value: Duration, Text: "how often to look for new processes, for the history; 0 turns it off", Default: "1s",
		target: func(s *Settings) any { return &s.Watch },
	},
	{
		Long: "history", Arg: "FILE", Value: File, Text: "keep the history in FILE", Default: "in memory",
		target: func(s *Settings) any { return &s.History },
	},
	{
		Long: "report", Arg: "FILE", Value: File, Text: "write a short report of a failed run to FILE, if it exists and is empty", Default: "/dev/termination-log",
		target: func(s *Settings) any { return s.report },
	},
	{
		Short: "w", Long: "warn-reap", Text: "warn for each orphan reaped",
		target: func(s *Settings) any { return &s.WarnReap },
	},
	{
		Short: "v", Long: "verbose", Text: "log more to stderr", Repeat: true,
		target: func(s *Settings) any { return s.verbosity },
	},
	{
		Short: "q", Long: "quiet", Text: "log errors only",
		target: func(s *Settings) any { return &s.quiet },
	},
	{
		Long: "log-format", Arg: "text|json", Value: Choice, Choices: "text json", Text: "format of the log on stderr", Default: "text",
		target: func(s *Settings) any { return s.logFormat },
	},
	{Short: "h", Long: "help", Text: "show this help", noEnv: true, noFile: true},
	{Short: "V", Long: "version", Text: "show the version", noEnv: true, noFile: true},
	{Short: "l", Long: "license", Text: "show the license", noEnv: true, noFile: true},
}
