package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/exporter-toolkit/web"

	"yinit/cmd/yinit/build"
)

// atOnce is how many scrapes are answered at the same time. The others wait: an answer of a large
// node takes some memory.
const atOnce = 1

// handler returns the pages.
func handler(e *exporter, patience time.Duration) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(e), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	pages := http.NewServeMux()
	answer := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError})
	slots := make(chan struct{}, atOnce)
	pages.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		e.refresh(patienceOf(r, patience))
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			answer.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
	pages.HandleFunc("/-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("yinit-exporter is healthy.\n"))
	})
	pages.HandleFunc("/-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if e.latest.Load() == nil {
			http.Error(w, "The first look is under way.", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("yinit-exporter is ready.\n"))
	})
	landing, err := web.NewLandingPage(web.LandingConfig{
		Name: "yinit-exporter", Description: "Metrics of the containers of this node", Version: build.Release(),
		Links: []web.LandingLinks{{Address: "/metrics", Text: "Metrics"}, {Address: "/-/healthy", Text: "Healthy"}, {Address: "/-/ready", Text: "Ready"}},
	})
	if err == nil { // It is a template of the library's, which parses.
		pages.Handle("/", landing)
	}
	return pages
}

// patienceOf returns how long a scrape may wait: as configured, and less than Prometheus waits.
func patienceOf(r *http.Request, most time.Duration) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || seconds <= 0 || seconds > 3600 {
		return most
	}
	return min(most, time.Duration(seconds*float64(time.Second))/2)
}
