package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// exporterAddress is where the exporter under test listens.
const (
	exporterHost, exporterPort = "127.0.0.1", "19987"
	exporterAddress            = exporterHost + ":" + exporterPort
)

// interval is how often Prometheus scrapes by default in deploy/prometheus.
const interval = 15 * time.Second

// A rival is another exporter that looks at the same processes, if it is installed.
type rival struct {
	name, build string // where its source is
	args        []string
}

// rivals returns the other exporters. cAdvisor measures control groups; a Docker that it cannot
// reach is not asked about each of ours, so it takes them as they are.
func rivals(config string) []rival {
	return []rival{
		{"process-exporter", "github.com/ncabatoff/process-exporter/cmd/process-exporter", []string{"-web.listen-address", exporterAddress, "-config.path", config, "-threads=false", "-gather-smaps=false"}},
		{"cadvisor", "in the folder cmd of a clone of github.com/google/cadvisor", []string{"-listen_ip", exporterHost, "-port", exporterPort, "-docker", "unix:///nowhere"}},
	}
}

// compareExporters measures what a scrape costs with 200 containers and 10,000 processes, what many
// scrapes at once do, and what Prometheus' usual interval costs, since some work between scrapes.
func compareExporters(exporter string, args []string) {
	containers := 200
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		check(err)
		containers = n
	}
	exporter, err := filepath.Abs(exporter)
	check(err)
	stop := imitate(containers, nodeProcesses/containers)
	defer stop()
	fmt.Printf("%d PID namespaces, %d processes on the machine\n", containers, processes())
	measureExporter("yinit-exporter", nodeRounds, exporter, "--listen", exporterAddress)
	config, err := os.CreateTemp("", "process-exporter")
	check(err)
	defer os.Remove(config.Name())
	_, err = config.WriteString("process_names: [{name: \"{{.Comm}}\", cmdline: ['.+']}]\n")
	check(err)
	check(config.Close())
	for _, r := range rivals(config.Name()) {
		path, err := exec.LookPath(r.name)
		if err != nil {
			fmt.Printf("skipping %s: it is not installed; go build %s\n", r.name, r.build)
			continue
		}
		measureExporter(r.name, 3, path, r.args...)
	}
}

// measureExporter starts an exporter and scrapes it some times.
func measureExporter(name string, rounds int, exporter string, args ...string) {
	cmd := exec.Command(exporter, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for end := time.Now().Add(time.Minute); scrape("/metrics") == ""; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			check(fmt.Errorf("%s is not ready", exporter))
		}
	}
	var wall, cpu []float64
	size := 0
	for range rounds {
		time.Sleep(1100 * time.Millisecond) // Within a second the next scrape gets the same values.
		before, began := cpuOf(cmd.Process.Pid), time.Now()
		size = len(scrape("/metrics"))
		wall = append(wall, time.Since(began).Seconds()*1000)
		cpu = append(cpu, cpuOf(cmd.Process.Pid)-before)
	}
	fmt.Printf("%-42s %8.0f ms wall %8.0f ms CPU %8.1f MB RSS, %d kB\n", name+", a scrape", median(wall), median(cpu), rssOf(cmd.Process.Pid), size/1000)
	before, began := cpuOf(cmd.Process.Pid), time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { scrape("/metrics") })
	}
	all.Wait()
	fmt.Printf("%-42s %8.0f ms wall %8.0f ms CPU %8.1f MB RSS\n", name+", 20 scrapes at once", time.Since(began).Seconds()*1000, cpuOf(cmd.Process.Pid)-before, rssOf(cmd.Process.Pid))
	before, began = cpuOf(cmd.Process.Pid), time.Now()
	scrape("/metrics")
	time.Sleep(time.Until(began.Add(interval)))
	fmt.Printf("%-42s %8s         %8.0f ms CPU\n", name+", 15 s with one scrape", "", cpuOf(cmd.Process.Pid)-before)
}

// scrape returns a page; "" if it does not answer.
func scrape(path string) string {
	r, err := http.Get("http://" + exporterAddress + path)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

// cpuOf returns the CPU time of a process in ms, from schedstat of its threads.
func cpuOf(pid int) (ms float64) {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, path := range paths {
		b, _ := os.ReadFile(path)
		if f := bytes.Fields(b); len(f) > 0 {
			ns, _ := strconv.ParseFloat(string(f[0]), 64)
			ms += ns / 1e6
		}
	}
	return ms
}

// rssOf returns the resident memory of a process in MB.
func rssOf(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(err)
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1000
		}
	}
	return 0
}
