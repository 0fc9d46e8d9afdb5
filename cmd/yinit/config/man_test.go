package config

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"yinit/procfs/snapshot/filter"
)

const manPath = "../../../docs/yinit.1"

// manDate is the date of the last change of the page's text.
const manDate = "November 26, 2026"

const manHead = `.\" Made from the option table by make man. Do not edit.
.Dd ` + manDate + `
.Dt YINIT 1
.Os
.Sh NAME
.Nm yinit
.Nd init for containers, and inspector for the processes in them
.Sh SYNOPSIS
.Nm
.Op Ar option ...
.Op Fl -
.Ar program
.Op Ar argument ...
.Nm
.Op Ar option ...
.Fl -config Ar file
.Nm
.Op Ar option ...
.Fl -run-dir Ar dir
.Nm
.Ar command
.Op Ar option ...
.Op Ar argument ...
.Sh DESCRIPTION
.Nm
has two roles.
As an init it is PID 1 of a container: it starts one or more programs, forwards
signals, reaps orphans, stops all processes gracefully, and exits with the status
of the program.
As an inspector it shows the processes of the container, what a signal would do
to each, which process should reap a zombie and does not, and how processes
ended.
.Pp
Options come first.
.Ql \-\-
means that a program follows:
.Ql yinit \-\- top
runs a program called top.
Without it the first word is a command if it is one of those below, else a
program.
If there are no words, PID 1 runs
.Pa /etc/yinit/yinit.toml ,
or, if there is no such file,
.Pa /etc/yinit/*.run .
A process other than PID 1 then runs
.Ql yinit top
if it has a terminal.
.Pp
SIGTERM starts the shutdown.
The program receives it after
.Fl -delay ,
and SIGKILL after
.Fl -kill-after .
All other signals are forwarded, except KILL, STOP, CHLD, and those that the
kernel raises for a fault of the init itself.
When the last program has ended, all other processes receive SIGTERM, and
SIGKILL if they still run after
.Fl -grace .
.Sh OPTIONS
A long name may be abbreviated as long as it is unambiguous.
.Ar DUR
is a duration such as 500ms, 5s or 1m30s; a number without a unit is in seconds.
.Ar SIG
is a name or a number.
.Bl -tag -width Ds
`

const manFilters = `.Sh FILTERS
The option
.Fl -filter
and the key / of
.Ql yinit top
take the same language.
A filter is one or more of these terms, which must all match.
A term that cannot apply, such as mem for a signal, does not match.
.Bl -tag -width Ds
`

const manTail = `.Sh FILES
.Bl -tag -width Ds
.It Pa /etc/yinit/yinit.toml
The programs that PID 1 runs if the command line names none.
.It Pa /etc/yinit/*.run
The programs that PID 1 runs if that file does not exist either.
.It Pa /dev/termination-log
The report of a failed run, if the file exists and is empty.
.El
.Sh EXIT STATUS
The exit status of the init is the program's own, or:
.Bl -tag -width Ds
.It 128+n
Signal n ended the program.
.It 127
The program was not found.
.It 126
The program was found but cannot be run; the message says why.
.It 125
An error of yinit itself, such as an invalid option or file.
.El
.Pp
Commands exit with 0 on success, with 1 if a check failed or a process was not
found, and with 125 if an option is invalid or the processes cannot be read.
.Sh EXAMPLES
Run a server as PID 1 of a container:
.Pp
.Dl ENTRYPOINT [\(dq/yinit\(dq, \(dq--\(dq]
.Pp
Watch its processes, and see what SIGTERM would do to them:
.Pp
.Dl docker exec -ti app /yinit top
.Pp
Show what failed in the last ten minutes:
.Pp
.Dl yinit history --failed --since 10m
.Pp
Show what failed or was killed, but not git:
.Pp
.Dl yinit history --filter \(aqexit!=0 !git\(aq
.Pp
Fail a check if there are more than 50 zombies:
.Pp
.Dl yinit zombies --max 50
.Pp
Complete options and their values in bash:
.Pp
.Dl source <(yinit completion bash)
.Sh SEE ALSO
.Xr docker 1 ,
.Xr pid_namespaces 7 ,
.Xr signal 7
`

// manPage returns yinit(1) in mdoc(7).
func manPage() string {
	var b strings.Builder
	b.WriteString(manHead)
	manOptions(&b, initOptions)
	b.WriteString(".El\n.Sh COMMANDS\nOptions of a command may come before and after its arguments.\n")
	for i := range commands {
		c := &commands[i]
		b.WriteString(strings.TrimRight(".Ss yinit "+c.Name+" "+manText(c.Operands), " "))
		if strings.HasSuffix(c.Operands, "]") {
			b.WriteString(`\&`) // otherwise mandoc sees the end of a sentence
		}
		b.WriteByte('\n')
		writeParagraph(&b, manText(sentence(c.Text)))
		if len(c.Options) > 1 {
			b.WriteString(".Bl -tag -width Ds\n")
			manOptions(&b, c.Options)
			b.WriteString(".El\n")
		}
		manEntries(&b, "Keys", c.Keys)
		manEntries(&b, "Examples", c.Examples)
	}
	b.WriteString(manFilters)
	for _, t := range filter.Terms() {
		b.WriteString(".It " + manText(strings.ReplaceAll(t.Example, "!", `\&!`)) + "\n")
		writeParagraph(&b, manText(sentence(t.Meaning)))
	}
	b.WriteString(".El\n")
	b.WriteString(`.Sh ENVIRONMENT
Only the init reads these variables; commands do not.
The init removes them from the environment of the programs.
An option takes precedence over its variable, and a variable over the file of
.Fl -config .
The value for an option without an argument is 1 or 0.
An option that may be repeated takes a list separated by commas.
.Bl -tag -width Ds -compact
`)
	for i := range initOptions {
		if o := &initOptions[i]; o.Env() != "" {
			b.WriteString(".It Ev " + o.Env() + "\n.Fl -" + o.Long + "\n")
		}
	}
	b.WriteString(`.It Ev TINI_SUBREAPER , TINI_KILL_PROCESS_GROUP , TINI_VERBOSITY
The same as for tini.
.It Ev DUMB_INIT_SETSID
1 means
.Fl -session ,
0 the default.
.It Ev DUMB_INIT_DEBUG
1 means
.Fl -verbose .
.El
`)
	b.WriteString(manTail)
	return b.String()
}

func manOptions(b *strings.Builder, table []Option) {
	for i := range table {
		o := &table[i]
		b.WriteString(".It ")
		if o.Short != "" {
			b.WriteString("Fl " + o.Short + " , ")
		}
		b.WriteString("Fl -" + o.Long)
		if o.Arg != "" {
			b.WriteString(" Ar " + manText(o.Arg))
		}
		b.WriteByte('\n')
		writeParagraph(b, manText(sentence(o.Text)))
		if o.Repeat {
			b.WriteString("May be repeated.\n")
		}
		if o.Default != "" {
			b.WriteString("Default: " + manText(o.Default) + ".\n")
		}
	}
}

func manEntries(b *strings.Builder, title string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	b.WriteString(".Pp\n" + title + ":\n.Bl -tag -width Ds -compact\n")
	for _, e := range entries {
		b.WriteString(".It Li \"" + strings.NewReplacer(`"`, `\(dq`, "'", `\(aq`).Replace(manText(e.Name)) + "\"\n")
		writeParagraph(b, manText(sentence(e.Text)))
	}
	b.WriteString(".El\n")
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// manText escapes text for roff.
func manText(s string) string {
	return strings.NewReplacer(`\`, `\e`, `|`, `\*(Ba`, "--", `\-\-`).Replace(s)
}

// TestManPage checks that the man page agrees with the option table and is well
// formed. YINIT_UPDATE=1 writes it.
func TestManPage(t *testing.T) {
	got, err := os.ReadFile(manPath)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	hold(t, manPath, string(got), manPage(), "make man")
	requireShell(t, "mandoc")
	out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", manPath).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc -T lint: %v\n%s", err, out)
	}
	text, err := exec.Command("mandoc", "-T", "ascii", manPath).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "FILTERS", "ENVIRONMENT", "EXIT STATUS", "FILES", "EXAMPLES"} {
		bold := ""
		for _, r := range section {
			bold += string(r) + "\b" + string(r)
		}
		if !strings.Contains(string(text), "\n"+bold) && !strings.Contains(string(text), "\n"+strings.ReplaceAll(bold, " \b ", " ")) {
			t.Errorf("the man page has no section %s", section)
		}
	}
}
