package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/cmd/yinit/manifest"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/tui/text"
)

// doctorOptions are the options of yinit doctor.
type doctorOptions struct {
	json   bool
	failOn doctor.Level // the least bad level for exit status 1
	where

	signal  int           // that the engine sends at a stop; 0: SIGTERM
	timeout time.Duration // after which it sends SIGKILL; 0: that of Docker

	manifest, compose string // a file to check instead of what runs; "-" is stdin
}

func runDoctor(args []string) (int, error) {
	o, err := parseDoctor(args)
	if err != nil {
		return failure, err
	}
	if o.manifest != "" || o.compose != "" {
		return checkFile(o)
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("doctor: %w", err)
	}
	l, err := examine(t)
	if err != nil {
		return failure, fmt.Errorf("doctor: %w", err)
	}
	l.facts.Signal, l.facts.Timeout = cmp.Or(o.signal, l.facts.Signal), cmp.Or(o.timeout, l.facts.Timeout)
	l.found, l.stop = doctor.Examine(&l.facts)
	out := bufio.NewWriter(os.Stdout)
	if o.json {
		printDoctorJSON(out, l.found, &l.stop)
	} else {
		p := newReport(out)
		p.findings(l.found)
		p.stopPlan(&l.stop, &l.facts)
		if l.facts.Machine() {
			p.paragraph("", 0, "Limits of control groups are not judged: on a machine each service and container has its own. yinit containers judges each container.")
		}
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("doctor: %w", err)
	}
	if doctor.Worse(l.found, o.failOn) {
		return 1, nil
	}
	return 0, nil
}

func parseDoctor(args []string) (doctorOptions, error) {
	o, level, signal := doctorOptions{where: here(), timeout: unset}, doctor.Problem.String(), ""
	_, err := config.Lookup("doctor").Parse(args, o.bind(config.Bind{
		"json": &o.json, "fail-on": &level, "manifest": &o.manifest, "compose": &o.compose,
		"stop-signal": &signal, "timeout": &o.timeout,
	}))
	if err == nil {
		err = o.setStop(signal)
	}
	if err == nil {
		o.failOn, err = doctor.ParseLevel(level)
	}
	if err == nil && o.manifest != "" && o.compose != "" {
		err = errors.New("doctor: --manifest and --compose exclude each other")
	}
	if err == nil {
		err = o.alone()
	}
	return o, err
}

// unset is a timeout that was not given.
const unset = time.Duration(-1)

// setStop takes over the stop signal, and checks the timeout.
func (o *doctorOptions) setStop(signal string) (err error) {
	switch o.timeout {
	case unset:
		o.timeout = 0
	case 0:
		return errors.New("doctor: --timeout: with 0 the engine kills at once and there is no stop to play; write more")
	}
	if signal == "" {
		return nil
	}
	if o.signal, err = procfs.ParseSignal(signal); err != nil {
		return fmt.Errorf("doctor: --stop-signal: %w; see yinit doctor --help", err)
	}
	if o.signal == int(unix.SIGKILL) {
		return errors.New("doctor: --stop-signal: SIGKILL ends every process at once, so there is no stop to play; write another signal")
	}
	return nil
}

// alone returns an error if a file is to be checked with options about what runs.
func (o *doctorOptions) alone() error {
	switch {
	case o.manifest+o.compose == "":
		return nil
	case o.where != here():
		return errors.New("doctor: a file is checked without --proc, --target and --root")
	case o.signal != 0 || o.timeout != 0:
		return errors.New("doctor: a file is checked without --stop-signal and --timeout, which it sets itself")
	}
	return nil
}

// checkFile checks a file of Kubernetes or Compose.
func checkFile(o doctorOptions) (int, error) {
	path, check := o.manifest, manifest.Kubernetes
	if o.compose != "" {
		path, check = o.compose, manifest.Compose
	}
	b, err := readFile(path)
	if err != nil {
		return failure, fmt.Errorf("doctor: %w", err)
	}
	found, containers, err := check(path, b)
	if err != nil {
		return failure, fmt.Errorf("doctor: %s: %w", path, err)
	}
	out := bufio.NewWriter(os.Stdout)
	switch {
	case o.json:
		printFindingsJSON(out, found)
	case containers == 0:
		fmt.Fprintln(out, procfs.Printable(path)+" describes no container.")
	default:
		newReport(out).findings(found)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("doctor: %w", err)
	}
	if doctor.Worse(found, o.failOn) {
		return 1, nil
	}
	return 0, nil
}

// mostRead is the size of the largest file that is checked.
const mostRead = 16 << 20

// readFile reads a file, or stdin for -.
func readFile(path string) ([]byte, error) {
	if path != "-" {
		return procfs.ReadPath(path)
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, mostRead))
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	return b, nil
}

// findings prints the findings, or that there are none.
func (p *report) findings(found []doctor.Finding) {
	if len(found) == 0 {
		fmt.Fprintln(p.out, "The doctor found nothing wrong.")
		return
	}
	for i := range found {
		x := &found[i]
		fmt.Fprintf(p.out, "%s %s\n", p.level(x.Level), p.in(text.Strong, x.ID))
		p.paragraph("  found", 9, x.What)
		if x.Where != "" {
			p.paragraph("  in", 9, x.Where)
		}
		p.paragraph("  seen", 9, x.Evidence)
		p.paragraph("  why", 9, x.Why)
		p.paragraph("  do", 9, x.Do)
		p.paragraph("  page", 9, x.Page())
		fmt.Fprintln(p.out)
	}
}

// shownSteps is how many processes of a stop are listed on a terminal.
const shownSteps = 20

// stopPlan prints what a stop would do to each process. Like processes to which the same
// happens share a line.
func (p *report) stopPlan(s *doctor.Stop, f *doctor.Facts) {
	p.paragraph("", 0, s.Text(f))
	lines := 0
	for i := 0; i < len(s.Steps); lines++ {
		if lines == shownSteps && p.width > 0 {
			fmt.Fprintf(p.out, "  %s and %d more\n", p.more(), len(s.Steps)-i)
			return
		}
		n := s.Alike(i)
		p.step(&s.Steps[i], n)
		i += n
	}
}

// columnsFrom is the width of a terminal below which there is no room for columns.
const columnsFrom = 60

// step prints a step and how many like it follow, which is n with the step itself.
func (p *report) step(step *doctor.Step, n int) {
	signal, also := "-", ""
	if step.Signal != 0 {
		signal = text.Signal(step.Signal)
	}
	if n > 1 {
		also = fmt.Sprintf(", %d more like it", n-1)
	}
	if p.width > 0 && p.width < columnsFrom {
		line := p.cut(fmt.Sprintf("  %d %s: %s%s", step.Process.ID.PID, p.printable(step.Process.Comm), step.EndText(), also))
		fmt.Fprintln(p.out, p.hard(step, line))
		return
	}
	line := fmt.Sprintf("  %-7s %7d %s %-7s %s%s", step.Role, step.Process.ID.PID,
		text.Pad(p.printable(step.Process.Comm), 15, p.more()), signal, step.EndText(), also)
	fmt.Fprintln(p.out, p.hard(step, p.cut(line)))
}

// hard colours the line of a process that is killed.
func (p *report) hard(step *doctor.Step, line string) string {
	if step.Hard() {
		return p.in(text.Bad, line)
	}
	return line
}
