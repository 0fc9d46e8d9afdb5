package main

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinit/cmd/yinit/build"
	"yinit/procfs/metrics"
)

// collector hands the metrics of the last look to the library of Prometheus.
type collector struct {
	*exporter
	descs map[*metrics.Family]*prometheus.Desc
}

// The metrics of the exporter itself.
var (
	lookAge    = &metrics.Family{Name: "yinit_exporter_look_age_seconds", Help: "Age of the values: how long ago the look began that found them."}
	lookTook   = &metrics.Family{Name: "yinit_exporter_look_duration_seconds", Help: "How long that look took."}
	looks      = &metrics.Family{Name: "yinit_exporter_looks_total", Kind: metrics.Counter, Help: "Looks at all processes of the node."}
	lookFailed = &metrics.Family{Name: "yinit_exporter_looks_failed_total", Kind: metrics.Counter, Help: "Looks that failed."}
	lookLate   = &metrics.Family{Name: "yinit_exporter_looks_late_total", Kind: metrics.Counter, Help: "Scrapes that got older values, because the look took too long."}
)

// families are all metrics of the exporter.
var families = append(metrics.Families(), metrics.EndTime, metrics.Unread, metrics.Accounting, lookAge, lookTook, looks, lookFailed, lookLate)

func newCollector(e *exporter) *collector {
	c := &collector{e, map[*metrics.Family]*prometheus.Desc{}}
	for _, f := range families {
		c.descs[f] = prometheus.NewDesc(f.Name, f.Help, f.Labels(), nil)
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	own := &metrics.Set{}
	own.Add(metrics.BuildInfo, 1, build.Release(), build.Revision(), runtime.Version())
	own.Add(looks, float64(c.looks.Load()))
	own.Add(lookFailed, float64(c.failed.Load()))
	own.Add(lookLate, float64(c.late.Load()))
	if r := c.latest.Load(); r != nil {
		own.Add(lookAge, time.Since(r.at).Seconds())
		own.Add(lookTook, r.took.Seconds())
		c.send(ch, r.set)
	}
	c.send(ch, own)
}

func (c *collector) send(ch chan<- prometheus.Metric, s *metrics.Set) {
	for _, f := range families {
		kind := prometheus.GaugeValue
		if f.Kind == metrics.Counter {
			kind = prometheus.CounterValue
		}
		for _, x := range s.Samples(f) {
			ch <- prometheus.MustNewConstMetric(c.descs[f], kind, x.Value, x.Labels...)
		}
	}
}
