package metrics

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// A Format is a text format of metrics.
type Format uint8

// The formats.
const (
	// OpenMetrics is version 1.0.0 of openmetrics.io. The family of a counter has its name
	// without _total.
	OpenMetrics Format = iota
	// Prometheus is the older format, which the textfile collector of node_exporter reads.
	// OpenMetrics' last line is a comment in it.
	Prometheus
)

// Write writes the families that have samples, and the line that says that nothing is missing.
func (s *Set) Write(w io.Writer, families []*Family, format Format) error {
	out := bufio.NewWriter(w)
	for _, f := range families {
		samples := s.Samples(f)
		if len(samples) == 0 {
			continue
		}
		name, kind := f.head(format)
		out.WriteString("# HELP " + name + " " + escape(f.Help) + "\n# TYPE " + name + " " + kind + "\n")
		for i := range samples {
			writeSample(out, f, &samples[i])
		}
	}
	out.WriteString("# EOF\n")
	return out.Flush() // which returns the error of any write before
}

// head returns the name and the type of a family, as the lines before its samples have them.
func (f *Family) head(format Format) (name, kind string) {
	switch {
	case f.Kind == Counter && format == OpenMetrics:
		return strings.TrimSuffix(f.Name, "_total"), "counter"
	case f.Kind == Counter:
		return f.Name, "counter"
	case f.Kind == Info && format == OpenMetrics:
		return strings.TrimSuffix(f.Name, "_info"), "info"
	}
	return f.Name, "gauge"
}

// escape escapes text in help and in labels.
func escape(s string) string {
	if strings.ContainsAny(s, "\\\"\n") {
		s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
	}
	return s
}

func writeSample(out *bufio.Writer, f *Family, x *Sample) {
	out.WriteString(f.Name)
	between := "{"
	for i, name := range f.Labels() {
		out.WriteString(between + name + `="` + escape(x.Labels[i]) + `"`)
		between = ","
	}
	if between == "," {
		out.WriteByte('}')
	}
	out.WriteString(" " + strconv.FormatFloat(x.Value, 'g', -1, 64) + "\n")
}
