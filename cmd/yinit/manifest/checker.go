package manifest

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// leastLeft is how much of a grace period a program should have for itself.
const leastLeft = 5 * time.Second

// A checker collects what it finds in one file.
type checker struct {
	path       string
	found      []doctor.Finding
	containers int
}

// add adds a finding about a value.
func (c *checker) add(at *value, x doctor.Finding) {
	x.Where = c.path
	if at != nil {
		x.Where += ":" + strconv.Itoa(at.line)
	}
	c.found = append(c.found, x)
}

// sorted returns the findings, the worst first.
func (c *checker) sorted() []doctor.Finding {
	sort.SliceStable(c.found, func(i, j int) bool { return c.found[i].Level < c.found[j].Level })
	return c.found
}

// asList returns the elements of a sequence.
func (v *value) asList() []*value {
	if v == nil {
		return nil
	}
	return v.list
}

// hasInit reports whether a command begins with an init.
func hasInit(words []string) bool {
	return len(words) > 0 && history.KnownInit(path.Base(words[0]))
}

// shellCommand returns the command of sh -c. An init may come before the shell.
func shellCommand(words []string) (command string, init, ok bool) {
	init = hasInit(words)
	for i, w := range words {
		if doctor.IsShell(path.Base(w)) && i+2 < len(words) && strings.HasPrefix(words[i+1], "-") && strings.HasSuffix(words[i+1], "c") {
			return words[i+2], init, true
		}
		if !init || i > 8 {
			break
		}
	}
	return "", init, false
}

// shell: a shell runs the program, and forwards nothing.
func (c *checker) shell(what string, at *value, words []string, shared bool) (found bool) {
	command, init, ok := shellCommand(words)
	if !ok || execs(command) {
		return false
	}
	why := "PID 1 is the shell: it waits for its command and forwards nothing, so the program never learns of a stop, and is killed at the end of the grace period"
	if init || shared {
		why = "the stop signal ends the shell and not the program, which gets time only if an init sends it a signal too"
	}
	x := doctor.Finding{
		ID: "shell-form", Level: doctor.Risk, What: what + ": a shell runs the program", Why: why,
		Evidence: "sh -c " + strconv.Quote(firstLine(command)),
		Do:       "begin the last command with exec, or write the program and its arguments as a list",
	}
	if simple(command) {
		x.Level, x.Why = doctor.Note, why+"; some shells replace themselves by the only command, others do not"
	}
	c.add(at, x)
	return true
}

// execs reports whether the last command of a script replaces the shell.
func execs(script string) bool {
	last := strings.TrimRight(script, " \t\n;")
	if i := strings.LastIndexAny(last, ";\n&|"); i >= 0 {
		last = last[i+1:]
	}
	last = strings.TrimSpace(last)
	return last == "exec" || strings.HasPrefix(last, "exec ")
}

// simple reports whether a script is one command.
func simple(script string) bool { return !strings.ContainsAny(strings.TrimSpace(script), ";&|\n") }

// init: PID 1 is not known to be an init.
func (c *checker) init(what string, at *value, words []string, why, do string) {
	words = runs(words)
	if len(words) == 0 || hasInit(words) {
		return
	}
	c.add(at, doctor.Finding{
		ID: "no-init", Level: doctor.Note, What: what + ": PID 1 is " + path.Base(words[0]) + ", which is not known as an init",
		Evidence: "it runs " + words[0], Why: why + "; then nobody reaps orphans, and a program without a handler for the stop signal does not stop",
		Do: do,
	})
}

// stopSignal: the signal that the file chooses is not the one that the program of the image wants.
// Without one that of the image counts.
func (c *checker) stopSignal(what string, at *value, key, image string) {
	n, known := c.signalOf(what, at, key)
	name := imageName(image)
	want, ok := doctor.GracefulSignal(name)
	if !known || !ok || n == want {
		return
	}
	c.add(at, doctor.Finding{
		ID: "stop-signal", Level: doctor.Risk, What: what + ": " + name + " ends gracefully at " + procfs.SignalName(want) + ", and gets " + procfs.SignalName(n),
		Evidence: "the file sets " + at.str() + ", which replaces the STOPSIGNAL of the image",
		Why:      "requests in flight are cut, or the stop waits for its whole timeout",
		Do:       "take the stop signal away, or write " + procfs.SignalName(want),
	})
}

// imageName returns the last part of the name of an image, without tag and digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := path.Base(image)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// sleeps returns for how long a command sleeps, at least, as far as it says so in numbers.
func sleeps(words []string) time.Duration {
	total := time.Duration(0)
	fields := strings.Fields(strings.NewReplacer(";", " ; ", "&", " & ", "|", " | ", "(", " ", ")", " ").Replace(strings.Join(words, " ")))
	for i, w := range fields {
		if path.Base(w) != "sleep" || i+1 == len(fields) {
			continue
		}
		total += durationOf(fields[i+1])
	}
	return total
}

// durationOf parses a duration, or a number of seconds; 0: it is neither.
func durationOf(s string) time.Duration {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return max(d, 0)
}
