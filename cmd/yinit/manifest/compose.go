package manifest

import (
	"errors"
	"strings"

	"yinit/procfs/doctor"
)

// Compose returns what it finds in a file of Compose, the worst first, and how many services it
// has. path names the file in the findings.
func Compose(path string, b []byte) (found []doctor.Finding, services int, err error) {
	docs, err := parse(b)
	if err != nil {
		return nil, 0, err
	}
	c := &checker{path: path}
	for _, doc := range docs {
		if doc.get("services") == nil && doc.get("kind") != nil {
			return nil, 0, errors.New("this is a file of Kubernetes; use --manifest")
		}
		all := doc.get("services")
		if all == nil {
			continue
		}
		for _, name := range all.keys {
			if s := all.fields[name]; s != nil {
				c.service("service "+name, s)
			}
		}
	}
	return c.sorted(), c.containers, nil
}

// service checks a service.
func (c *checker) service(what string, s *value) {
	c.containers++
	words := append(commandWords(s.get("entrypoint")), commandWords(s.get("command"))...)
	at := s.get("entrypoint")
	if at == nil {
		at = s.get("command")
	}
	hasInit := s.get("init").str() == "true"
	shared := hasInit || s.get("pid") != nil
	c.operator(what, s.get("entrypoint"))
	c.operator(what, s.get("command"))
	shell := at != nil && c.shell(what, at, words, shared)
	switch {
	case shared:
	case s.get("entrypoint") != nil:
		c.init(what, at, words, "entrypoint replaces that of the image, so that an init in there does not run", "init: true")
	case !shell && len(words) > 0 && !strings.HasPrefix(words[0], "-"): // else the image has an ENTRYPOINT
		c.init(what, at, words, "this is so unless the image has an ENTRYPOINT that is an init, and command replaces CMD only", "init: true")
	}
	c.grace(what, s)
	c.stopSignal(what, s.get("stop_signal"), "stop_signal", s.get("image").str())
	c.healthcheck(what, s.get("healthcheck", "test"))
	if pid := s.get("pid"); pid.str() == "host" {
		c.add(pid, doctor.Finding{
			ID: "host-pids", Level: doctor.Risk, What: what + " sees and can signal the processes of the host",
			Evidence: "pid: host",
			Why:      "a kill of the wrong process number hits the host, and orphans of the service go to the host's init",
			Do:       "take pid: host away, unless the service is a monitor",
		})
	}
}

// grace checks the time that a stop may take.
func (c *checker) grace(what string, s *value) {
	at, image := s.get("stop_grace_period"), s.get("image")
	if at == nil {
		if server := slowImage(image.str()); server != "" {
			c.add(image, doctor.Finding{
				ID: "short-grace", Level: doctor.Note, What: what + ": a stop of " + server + " may take longer than the 10s after which Docker kills it",
				Evidence: "no stop_grace_period",
				Why:      "after SIGKILL a database has to recover when it starts again",
				Do:       "stop_grace_period: 1m",
			})
		}
		return
	}
	d, ok := c.period(what, at)
	switch {
	case !ok:
	case d <= 0:
		c.add(at, doctor.Finding{
			ID: "no-grace", Level: doctor.Problem, What: what + ": a stop kills at once",
			Evidence: "stop_grace_period: " + at.str(),
			Why:      "no process has time to act on the stop signal: nothing is saved, connections are cut",
			Do:       "stop_grace_period: 10s",
		})
	default:
		c.shortGrace(what, at, image.str(), d, "stop_grace_period: "+at.str(), "stop_grace_period: 1m")
	}
}

// healthcheck: after CMD-SHELL only one word counts.
func (c *checker) healthcheck(what string, test *value) {
	words := test.words()
	if len(words) < 3 || words[0] != "CMD-SHELL" {
		return
	}
	c.add(test, doctor.Finding{
		ID: "healthcheck-words", Level: doctor.Problem, What: what + ": its health check ignores what comes after " + words[1],
		Evidence: "CMD-SHELL is followed by " + words[1] + " and other words",
		Why:      "CMD-SHELL takes one string, and the shell takes the others for its own arguments: the check does something else",
		Do:       `write one string after CMD-SHELL, or CMD and the words`,
	})
}

// commandWords returns the words of a command. Compose splits a string as a shell does, but
// runs no shell.
func commandWords(v *value) []string {
	if v != nil && v.scalar {
		words, _ := split(v.text)
		return words
	}
	return v.words()
}

// split splits a command at spaces, with quotes. bare says which words have none.
func split(s string) (words []string, bare []bool) {
	var word strings.Builder
	quote, inWord, quoted := rune(0), false, false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord, quoted = r, true, true
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				words, bare = append(words, word.String()), append(bare, !quoted)
				word.Reset()
			}
			inWord, quoted = false, false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		words, bare = append(words, word.String()), append(bare, !quoted)
	}
	return words, bare
}
