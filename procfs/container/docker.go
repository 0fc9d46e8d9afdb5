package container

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
)

const (
	dockerDir = "var/lib/docker"
	// mostEntries bounds the names that are read from that directory: Docker has about a dozen.
	mostEntries = 256
	// mostMappings bounds the directories of user namespaces: Docker has one for each user that
	// it was ever configured with.
	mostMappings = 16
)

// Docker reads config.v2.json of a container, in /var/lib/docker/containers/ID or, of an engine
// that runs with userns-remap, in /var/lib/docker/UID.GID/containers/ID.
func (r *Root) Docker(id string) (Config, bool) {
	if !isID(id) {
		return Config{}, false
	}
	name := id + "/config.v2.json"
	b, ok := r.readBelow(dockerDir+"/containers", name)
	if !ok && r.mappings == nil {
		r.mappings = r.findMappings()
	}
	for i := 0; i < len(r.mappings) && !ok; i++ {
		b, ok = r.readMapped(r.mappings[i], "containers/"+name)
	}
	if !ok {
		return Config{}, false
	}
	return ParseDocker(b)
}

// findMappings returns the directories UID.GID of Docker, not nil. Where they cannot be listed,
// there are none: nothing shows that this user lacks a file.
func (r *Root) findMappings() []string {
	dirs := []string{}
	if r.dir == "" {
		return dirs
	}
	d, err := procfs.Open(filepath.Join(r.dir, dockerDir))
	if err != nil {
		return dirs
	}
	defer d.Close()
	entries, _ := d.ReadDir(mostEntries) // What could be read counts.
	for _, e := range entries {
		if e.IsDir() && isMapping(e.Name()) && len(dirs) < mostMappings {
			dirs = append(dirs, dockerDir+"/"+e.Name())
		}
	}
	return dirs
}

// readMapped reads a file in a directory UID.GID. Before Docker 20.10.3 the root of the containers
// owned it (CVE-2021-21284), so no symbolic link leads out of it.
func (r *Root) readMapped(dir, name string) ([]byte, bool) {
	root, err := os.OpenRoot(filepath.Join(r.dir, dir))
	if err != nil {
		r.note(err)
		return nil, false
	}
	defer root.Close()
	f, err := root.OpenFile(name, openConfig, 0)
	if err != nil {
		r.note(err)
		return nil, false
	}
	defer f.Close()
	return readConfig(f)
}

// isMapping reports whether a name is UID.GID, to which Docker maps the root of its containers.
func isMapping(name string) bool {
	uid, gid, ok := strings.Cut(name, ".")
	_, err := strconv.ParseUint(uid, 10, 32)
	_, err2 := strconv.ParseUint(gid, 10, 32)
	return ok && err == nil && err2 == nil
}

// ParseDocker parses Docker's config.v2.json.
func ParseDocker(b []byte) (Config, bool) {
	var x struct {
		Name   string
		Config struct {
			Image       string
			StopSignal  string
			StopTimeout *int // in seconds; negative: no SIGKILL
		}
	}
	if err := json.Unmarshal(b, &x); err != nil {
		return Config{}, false
	}
	c := Config{Name: strings.TrimPrefix(x.Name, "/"), Image: x.Config.Image, StopSignal: x.Config.StopSignal}
	if s := x.Config.StopTimeout; s != nil && *s >= 0 && *s <= 1<<30 {
		c.StopTimeout, c.HasTimeout = time.Duration(*s)*time.Second, true
	}
	if f, ok := kubeName(c.Name); ok { // The kubelet with Docker, until 1.23.
		c.Name, c.PodName, c.PodNS, c.PodUID = f[1], f[2], f[3], f[4]
		c.Sandbox = f[1] == "POD"
	}
	return c, true
}
