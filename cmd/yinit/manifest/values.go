package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
)

// filledIn reports whether a value is a template, which something else fills in before the
// engine reads the file.
func (v *value) filledIn() bool {
	return strings.Contains(v.str(), "$") || strings.Contains(v.str(), "{{")
}

// invalid: a value that the engine does not accept.
func (c *checker) invalid(what string, at *value, key, why, do string) {
	c.add(at, doctor.Finding{
		ID: "invalid-value", Level: doctor.Problem, What: fmt.Sprintf("%s: %s is not valid", what, key),
		Evidence: key + ": " + at.str(), Why: why, Do: do,
	})
}

// period returns the stop_grace_period of a service; false: there is none, or it is not known.
func (c *checker) period(what string, at *value) (time.Duration, bool) {
	if at == nil || at.filledIn() {
		return 0, false
	}
	d, err := composeDuration(at.str())
	if err != nil {
		c.invalid(what, at, "stop_grace_period", "Compose refuses the file: "+err.Error(), "write a number and a unit: stop_grace_period: 30s")
		return 0, false
	}
	return d, true
}

// composeDuration parses a duration as Compose does: as Go, and with days and weeks in front.
func composeDuration(s string) (time.Duration, error) {
	total, rest := time.Duration(0), s
	for _, unit := range []struct {
		name string
		d    time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		number, after, ok := strings.Cut(rest, unit.name)
		if n, err := strconv.ParseUint(number, 10, 16); ok && err == nil {
			total, rest = total+time.Duration(n)*unit.d, after
		}
	}
	if rest == "" && rest != s {
		return total, nil
	}
	if _, err := strconv.ParseFloat(rest, 64); err == nil {
		return 0, errors.New("a duration needs a unit")
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, errors.New("this is no duration")
	}
	return total + d, nil
}

// seconds returns a number of seconds in a file of Kubernetes; false: there is none, or it is
// not known.
func (c *checker) seconds(what string, at *value, key string) (time.Duration, bool) {
	if at == nil || at.filledIn() {
		return 0, false
	}
	n, err := strconv.ParseInt(at.str(), 10, 32)
	if err != nil || at.quoted || n < 0 {
		c.invalid(what, at, key, "the API server refuses the object: this must be a number of seconds, without a unit and without quotes", "write a number: "+key+": 30")
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

// signalOf returns the signal that a file chooses; false: it is not known.
func (c *checker) signalOf(what string, at *value, key string) (int, bool) {
	if at == nil || at.filledIn() {
		return 0, false
	}
	n, err := procfs.ParseSignal(at.str())
	if err != nil {
		c.invalid(what, at, key, "there is no such signal, so the container is not started", "write a name from yinit signals, such as SIGTERM")
		return 0, false
	}
	return n, true
}

// slow are images of servers that may need more than the ten seconds of Docker to stop.
var slow = [...]string{"postgres", "mysql", "mariadb", "mongo", "elasticsearch", "opensearch", "rabbitmq", "kafka", "cassandra", "clickhouse"}

// slowImage returns the name of the slow server that an image contains; "": none.
func slowImage(image string) string {
	for _, name := range slow {
		if strings.Contains(imageName(image), name) {
			return name
		}
	}
	return ""
}

// shortGrace: the file gives a stop little time. line is what it says.
func (c *checker) shortGrace(what string, at *value, image string, grace time.Duration, line, do string) {
	x := doctor.Finding{ID: "short-grace", Evidence: line, Do: do}
	switch server := slowImage(image); {
	case server != "" && grace <= doctor.DockerTimeout:
		x.Level, x.What = doctor.Risk, what+": a stop of "+server+" may take longer than the "+procfs.Span(grace)+" after which it is killed"
		x.Why = "after SIGKILL a database has to recover when it starts again"
	case grace < leastLeft:
		x.Level, x.What = doctor.Note, what+": a stop has only "+procfs.Span(grace)+" before everything is killed"
		x.Why = "what has not ended by then is not saved, and connections are cut"
	default:
		return
	}
	c.add(at, x)
}

// operators are words that only a shell understands.
var operators = [...]string{"&&", "||", "|", ">", ">>", "2>", "2>&1"}

// isOperator reports whether a word is an operator of the shell, or ends in one.
func isOperator(word string) bool {
	return slices.Contains(operators[:], word) || word == "&" || word == "<" || word != `\;` && strings.HasSuffix(word, ";") ||
		strings.HasPrefix(strings.TrimLeft(word, "012"), ">")
}

// operator: an operator of the shell where no shell runs. In a list only those count that no
// program takes as an argument: find takes ";".
func (c *checker) operator(what string, at *value) {
	words, bare := at.words(), []bool(nil)
	is := func(i int) bool { return slices.Contains(operators[:], words[i]) }
	if at != nil && at.scalar {
		words, bare = split(at.text)
		is = func(i int) bool { return bare[i] && isOperator(words[i]) }
	}
	for i, w := range words {
		if !is(i) {
			continue
		}
		c.add(at, doctor.Finding{
			ID: "shell-operator", Level: doctor.Problem, What: what + ": no shell runs this command, so " + w + " is a plain word of it",
			Evidence: firstLine(strings.Join(words, " ")), Why: "Compose and Kubernetes split a command into words and run the first one; what comes after the operator is never run",
			Do: `write a list with a shell: ["sh", "-c", "FIRST && exec SECOND"]`,
		})
		return
	}
}

// runs returns the command that PID 1 becomes: that of sh -c, if its last command is exec.
func runs(words []string) []string {
	script, init, ok := shellCommand(words)
	if !ok || init || !execs(script) {
		return words
	}
	last := strings.TrimRight(script, " \t\n;")
	if i := strings.LastIndexAny(last, ";\n&|"); i >= 0 {
		last = last[i+1:]
	}
	next, _ := split(last)
	if len(next) < 2 || strings.HasPrefix(next[1], "-") {
		return words
	}
	return next[1:]
}
