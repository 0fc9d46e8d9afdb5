package manifest

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
)

// deepest is how deep a List may be in a List.
const deepest = 4

// Kubernetes returns what it finds in a file of Kubernetes, the worst first, and how many
// containers it has. path names the file in the findings.
func Kubernetes(path string, b []byte) (found []doctor.Finding, containers int, err error) {
	docs, err := parse(b)
	if err != nil {
		return nil, 0, err
	}
	c := &checker{path: path}
	for _, doc := range docs {
		if doc.get("kind") == nil && doc.get("services") != nil {
			return nil, 0, errors.New("this is a file of Compose; use --compose")
		}
		c.object(doc, 0)
	}
	return c.sorted(), c.containers, nil
}

// object checks an object of the API.
func (c *checker) object(o *value, depth int) {
	if items := o.get("items"); items != nil && depth < deepest {
		for _, item := range items.list {
			c.object(item, depth+1)
		}
		return
	}
	spec, in := o.get("spec"), o.get("kind").str()
	switch in {
	case "Pod":
	case "CronJob":
		spec = spec.get("jobTemplate", "spec", "template", "spec")
	default:
		spec = spec.get("template", "spec")
	}
	if all := spec.get("containers"); all != nil {
		c.pod(in+" "+o.get("metadata", "name").str(), spec)
	}
}

// pod checks the template of a pod. what names the object.
func (c *checker) pod(what string, spec *value) {
	grace := doctor.KubernetesTimeout
	at := spec.get("terminationGracePeriodSeconds")
	if d, ok := c.seconds(what, at, "terminationGracePeriodSeconds"); ok {
		grace = d
	}
	shared := spec.get("shareProcessNamespace").str() == "true" || spec.get("hostPID").str() == "true"
	if v := spec.get("shareProcessNamespace"); v.str() == "true" {
		c.add(v, doctor.Finding{
			ID: "shared-pids", Level: doctor.Note, What: what + ": the containers share one PID namespace",
			Evidence: "shareProcessNamespace: true",
			Why:      "PID 1 is the pause container, which reaps orphans; each container sees the processes and files of the others",
			Do:       "nothing, if that is meant; yinit works there as a subreaper, and yinit history --pid chooses one",
		})
	}
	if at != nil && grace == 0 {
		c.add(at, doctor.Finding{
			ID: "no-grace", Level: doctor.Problem, What: what + ": a stop kills at once",
			Evidence: "terminationGracePeriodSeconds: 0",
			Why:      "no process gets a stop signal: nothing is saved, connections are cut",
			Do:       "terminationGracePeriodSeconds: 30",
		})
	}
	for _, x := range spec.get("containers").asList() {
		if at != nil && grace > 0 {
			c.shortGrace(what+", container "+x.get("name").str(), at, x.get("image").str(), grace, "terminationGracePeriodSeconds: "+at.str(), "terminationGracePeriodSeconds: 30")
		}
		c.container(what+", container "+x.get("name").str(), x, grace, shared)
	}
}

// container checks a container of a pod.
func (c *checker) container(what string, x *value, grace time.Duration, shared bool) {
	c.containers++
	command := x.get("command")
	words := append(command.words(), x.get("args").words()...)
	c.operator(what, command)
	c.operator(what, x.get("args"))
	if command != nil {
		c.shell(what, command, words, shared)
		if !shared {
			c.init(what, command, words, "command replaces the ENTRYPOINT of the image, so that an init in there does not run",
				`begin the command with an init: command: ["/yinit", "--", …]`)
		}
	}
	c.stopSignal(what, x.get("lifecycle", "stopSignal"), "stopSignal", x.get("image").str())
	if grace > 0 {
		c.preStop(what, x, delayOf(words, x.get("env")), grace)
	}
	for _, probe := range [...]string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if words := x.get(probe, "exec", "command").words(); command != nil && !shared && len(words) > 0 && !hasInit(append(command.words(), x.get("args").words()...)) {
			c.probe(what, x.get(probe), probe)
		}
	}
}

// probe: processes that an exec probe leaves behind come to a PID 1 that is no init.
func (c *checker) probe(what string, at *value, probe string) {
	c.add(at, doctor.Finding{
		ID: "probe-orphans", Level: doctor.Note, What: what + ": what its " + probe + " leaves behind comes to a PID 1 that may not reap",
		Evidence: probe + " runs a command in the container",
		Why:      "when a probe is ended after timeoutSeconds, its children become orphans; if PID 1 does not wait for them they stay as zombies",
		Do:       "run an init in the container, or use httpGet, tcpSocket or grpc",
	})
}

// preStop compares the time that a preStop hook and --delay of yinit take with the grace period,
// which includes them.
func (c *checker) preStop(what string, x *value, delay time.Duration, grace time.Duration) {
	at := x.get("lifecycle", "preStop")
	hook, name := at.get("exec", "command").words(), "preStop hook"
	takes, least := sleeps(hook), ""
	if len(hook) != 2 { // a script may repeat it, and does more
		least = "at least "
	}
	if d, ok := c.seconds(what, at.get("sleep", "seconds"), "seconds"); ok {
		takes, least = d, ""
	}
	evidence := "preStop takes " + least + procfs.Span(takes)
	if delay > 0 {
		evidence += ", --delay of yinit " + procfs.Span(delay)
		name += " and --delay"
	}
	if at == nil {
		at, name, evidence, least = x, "--delay", "--delay of yinit takes "+procfs.Span(delay), ""
	}
	takes += delay
	left := grace - takes
	if takes == 0 || left > leastLeft {
		return
	}
	most := ""
	if least != "" {
		most = "at most "
	}
	f := doctor.Finding{
		ID: "prestop-grace", Level: doctor.Risk,
		What:     fmt.Sprintf("%s: %s: %s%s of the grace period left to stop", what, name, most, procfs.Span(max(left, 0))),
		Evidence: fmt.Sprintf("%s, terminationGracePeriodSeconds is %d", evidence, int(grace.Seconds())),
		Why:      "the grace period begins with the hook; SIGTERM comes after it, and SIGKILL at the end of the period",
		Do:       fmt.Sprintf("terminationGracePeriodSeconds: %d, or less to wait for", int((takes + doctor.KubernetesTimeout).Seconds())),
	}
	if left <= 0 {
		f.Level, f.What = doctor.Problem, what+": "+name+": nothing of the grace period is left to stop"
	}
	c.add(at, f)
}

// delayOf returns the --delay of a yinit that a container runs, 0 if it has none.
func delayOf(words []string, env *value) time.Duration {
	if len(words) == 0 || path.Base(words[0]) != "yinit" {
		return 0
	}
	for i, w := range words {
		if w == "--" {
			break
		}
		if value, ok := strings.CutPrefix(w, "--delay="); ok {
			return durationOf(value)
		}
		if w == "--delay" && i+1 < len(words) {
			return durationOf(words[i+1])
		}
	}
	for _, v := range env.asList() {
		if v.get("name").str() == "YINIT_DELAY" {
			return durationOf(v.get("value").str())
		}
	}
	return 0
}
