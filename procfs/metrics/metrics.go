// Package metrics is the model of all metrics of yinit: their names, labels and help, and the
// values that follow from what package node sees of a container. It judges nothing itself. yinit
// writes them as text; the exporter hands them to its own library.
package metrics

import (
	"cmp"
	"slices"
	"strings"

	"yinit/procfs"
)

// A Kind is the type of a metric.
type Kind uint8

// The kinds.
const (
	Gauge   Kind = iota
	Counter      // its name ends in _total
	Info         // its name ends in _info, and its value is 1: the labels have what is to be said
)

// A Family is a metric with all its labels.
type Family struct {
	Name string // as samples have it
	Kind Kind
	Help string

	container bool     // it has ContainerLabels
	own       []string // the names of its other labels
}

// Labels returns the names of the labels.
func (f *Family) Labels() []string {
	if f.container {
		return slices.Concat(ContainerLabels, f.own)
	}
	return f.own
}

// A Sample is a value of a family.
type Sample struct {
	Labels []string // values, in the order of the names
	Value  float64
}

// A Set is samples by family.
type Set struct {
	samples map[*Family][]Sample
}

// Add adds a sample. The values of the labels are made safe, see [Text].
func (s *Set) Add(f *Family, value float64, labels ...string) {
	if s.samples == nil {
		s.samples = map[*Family][]Sample{}
	}
	safe := make([]string, len(f.Labels()))
	for i := range min(len(safe), len(labels)) {
		safe[i] = Text(labels[i])
	}
	s.samples[f] = append(s.samples[f], Sample{safe, value})
}

// Samples returns the samples of a family in the order of their labels. Samples with the same
// labels are one, with the sum: two names may be the same when they have been made safe.
func (s *Set) Samples(f *Family) []Sample {
	sorted := slices.Clone(s.samples[f])
	slices.SortStableFunc(sorted, func(a, b Sample) int { return slices.Compare(a.Labels, b.Labels) })
	merged := sorted[:0]
	for _, x := range sorted {
		if n := len(merged); n > 0 && slices.Equal(merged[n-1].Labels, x.Labels) {
			if f.Kind != Info {
				merged[n-1].Value += x.Value
			}
			continue
		}
		merged = append(merged, x)
	}
	return merged
}

// longest is the number of bytes of a label's value.
const longest = 256

// Text makes a name that others have chosen safe for a label: it is printable, so it is UTF-8 on
// one line, and not too long.
func Text(s string) string {
	if len(s) > longest {
		s = s[:longest]
	}
	s = procfs.Printable(s)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "")
	}
	return s
}

// Other is the value of a label for all that is not among the first.
const Other = "other"

// Top returns the n names with the highest counts; of equal ones the first in the alphabet.
func Top(counts map[string]int, n int) map[string]bool {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	top := make(map[string]bool, min(n, len(names)))
	for _, name := range names[:min(n, len(names))] {
		top[name] = true
	}
	return top
}
