package rehearsal

import (
	"fmt"
	"strings"
	"time"

	"yinit/procfs"
)

// A testCase is one of a JUnit report.
type testCase struct {
	name    string
	took    time.Duration
	failure string   // "" if it passed
	detail  []string // lines about the failure
}

// JUnit returns the report as JUnit XML, the form that Jenkins, GitLab and the actions for
// GitHub read. There is a test case for each process and for each command.
func JUnit(r *Report, now time.Time) string {
	detail := append(r.Why(), r.Advice()...)
	var cases []testCase
	same := map[string]int{}
	for i := range r.Judged {
		j := &r.Judged[i]
		if j.Zombie {
			continue
		}
		// The names are the same in each run, so they have no pids but 1.
		name := j.Comm
		if j.PID == 1 {
			name = "PID 1"
		} else if same[j.Comm]++; same[j.Comm] > 1 {
			name = fmt.Sprintf("%s %d", j.Comm, same[j.Comm])
		}
		c := testCase{name: name + " ends by itself", took: max(j.At, 0)}
		if j.Hard {
			c.failure, c.detail = j.Name()+" was "+j.How(), detail
		}
		cases = append(cases, c)
	}
	for _, run := range []struct {
		name string
		*Run
	}{{"pre-stop", r.PreStop}, {"check", r.Check}} {
		if run.Run == nil {
			continue
		}
		c := testCase{name: run.name, took: run.Took}
		if !run.OK() {
			c.failure, c.detail = "the command "+run.Ended(), []string{run.Command}
		}
		cases = append(cases, c)
	}
	return suite(&r.Plan, cases, "", max(r.Takes, 0), now)
}

// JUnitError returns the report of a stop that could not be played.
func JUnitError(p *Plan, why string, now time.Time) string {
	return suite(p, []testCase{{name: "the stop is played"}}, why, 0, now)
}

// suite writes the only test suite of a report. fault is the error of its first case.
func suite(p *Plan, cases []testCase, fault string, took time.Duration, now time.Time) string {
	failed, faults := 0, 0
	for i := range cases {
		if cases[i].failure != "" {
			failed++
		}
	}
	if fault != "" {
		faults = 1
	}
	name := "stop of " + strings.Join(p.Command, " ")
	if p.Init != "none" {
		name += " under " + p.Init
	}
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="%d" skipped="0" time="%s"`, len(cases), failed, faults, seconds(took))
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	fmt.Fprintf(&b, "<testsuites name=\"yinit rehearse\" %s>\n", counts)
	fmt.Fprintf(&b, "  <testsuite name=\"%s\" %s timestamp=\"%s\">\n", escaped(name), counts, now.UTC().Format("2006-01-02T15:04:05"))
	for i := range cases {
		c := &cases[i]
		fmt.Fprintf(&b, "    <testcase classname=\"yinit.rehearse\" name=\"%s\" time=\"%s\"", escaped(c.name), seconds(c.took))
		switch {
		case fault != "":
			fmt.Fprintf(&b, ">\n      <error message=\"%s\"></error>\n    </testcase>\n", escaped(fault))
		case c.failure != "":
			fmt.Fprintf(&b, ">\n      <failure message=\"%s\" type=\"stop\">", escaped(c.failure))
			for _, line := range c.detail {
				b.WriteString(escaped(line) + "\n")
			}
			b.WriteString("</failure>\n    </testcase>\n")
		default:
			b.WriteString("/>\n")
		}
	}
	b.WriteString("  </testsuite>\n</testsuites>\n")
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// escaped escapes text for an attribute or an element, as one line. XML 1.0 has no control
// characters.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(procfs.Printable(s))
}
