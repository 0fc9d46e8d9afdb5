package config

// containersCommand is yinit containers.
var containersCommand = Command{
	Name: "containers", Text: "list the containers of this machine, the worst first: what a stop would do, who does not reap, which limits are near",
	Operands: "[PID...]", Value: PID, Many: true,
	Options: []Option{
		{Long: "json", Text: "print one JSON object a line, one for each container; with process IDs, one for each process"},
		{Long: "names", Text: "print only the names and IDs that --target takes, one a line"},
		{Long: "check", Text: "exit with 1 if the doctor finds a problem in one of them"},
		{Long: "fail-on", Arg: "LEVEL", Value: Choice, Choices: "problem risk note", Text: "--check for findings of this level and worse ones: problem, risk or note", Default: "problem"},
		{Long: "watch", Text: "show the table again and again, with how many zombies a container has more than a minute ago; Ctrl-C ends it"},
		{Long: "interval", Arg: "DUR", Value: Duration, Text: "time between two looks of --watch, at least 100ms", Default: "2s"},
		{Long: "filter", Arg: "FILTER", Value: Filter, Text: "only containers that match: text in their names, other terms for their first process"},
		{Long: "root", Arg: "DIR", Value: Dir, Text: "the root directory of the host, with the files of the engines", Default: "that of PID 1"},
		{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
		helpOption,
	},
	Examples: []Entry{
		{"yinit containers", "on a host, or in a container with --pid=host"},
		{"yinit containers --watch", "keep an eye on them"},
		{"yinit containers 4711", "which container, which pod, which pid inside?"},
		{"yinit containers --check --fail-on risk", "a check for cron or CI: exit with 1 if there is a risk"},
		{"yinit containers --filter 'ignores:TERM or age<1m'", "those whose first process ignores SIGTERM, or is new"},
	},
}
