package container

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
)

const (
	// mostConfig bounds a file of an engine. That of a container with many mounts has some
	// tens of KiB.
	mostConfig = 1 << 20
	// mostLogs bounds the names that are read from a directory of logs: a node has at most
	// some hundred pods.
	mostLogs = 16384
)

// A Config is what the files of the host tell about a container. What they do not tell is
// the zero value.
type Config struct {
	Name        string // of the container
	Image       string
	PodName     string
	PodNS       string // namespace of the pod
	PodUID      string
	Sandbox     bool          // it holds the namespaces of its pod, and runs nothing
	StopSignal  string        // as the image or the user has written it: "SIGQUIT", "3"
	StopTimeout time.Duration // until SIGKILL
	HasTimeout  bool          // StopTimeout is set, perhaps to 0
}

// A Root is the root directory of the host. The zero value has none. It opens only what the
// engines have written, on the host; a symbolic link at the end of a path is not followed.
type Root struct {
	dir    string
	pods   map[string][2]string // namespace and name by the UID; nil: not read yet
	logs   map[string][3]string // namespace, pod and container by the ID; nil: not read yet
	denied int                  // files that this user was not permitted to read
	absent map[string]bool      // whether a directory of an engine is not there

	mappings []string // Docker's directories of user namespaces; nil: not looked for yet
}

// NewRoot returns the root directory dir of a host.
func NewRoot(dir string) *Root { return &Root{dir: dir} }

// Dir returns the directory; "" if there is none.
func (r *Root) Dir() string { return r.dir }

// Denied returns how many files this user was not permitted to read.
func (r *Root) Denied() int { return r.denied }

// Bundle reads the annotations of the runtime's config.json: that of containerd in one of its
// namespaces, or that of CRI-O or Podman, by the driver of their storage.
func (r *Root) Bundle(namespace, id string) (Config, bool) {
	if !isID(id) || strings.ContainsAny(namespace, "/\x00") {
		return Config{}, false
	}
	for _, dir := range storages {
		if b, ok := r.readBelow(dir, id+"/userdata/config.json"); ok {
			return ParseBundle(b)
		}
	}
	if namespace == "" || namespace == ".." {
		return Config{}, false
	}
	for _, dir := range tasks {
		if b, ok := r.readBelow(dir, namespace+"/"+id+"/config.json"); ok {
			return ParseBundle(b)
		}
	}
	return Config{}, false
}

// The directories of containers of CRI-O and Podman, by the driver of their storage, and those of
// containerd.
var (
	storages = []string{
		"run/containers/storage/overlay-containers", "var/lib/containers/storage/overlay-containers",
		"run/containers/storage/vfs-containers", "var/lib/containers/storage/vfs-containers",
		"run/containers/storage/btrfs-containers", "var/lib/containers/storage/btrfs-containers",
		"run/containers/storage/zfs-containers", "var/lib/containers/storage/zfs-containers",
	}
	tasks = []string{"run/containerd/io.containerd.runtime.v2.task", "run/k3s/containerd/io.containerd.runtime.v2.task"}
)

// Pod returns the namespace and the name of a pod, from a directory in /var/log/pods.
func (r *Root) Pod(uid string) (namespace, name string) {
	if r.pods == nil {
		r.pods = map[string][2]string{}
		for _, dir := range r.list("var/log/pods") {
			if namespace, name, uid, ok := ParsePodLog(dir); ok {
				r.pods[uid] = [2]string{namespace, name}
			}
		}
	}
	pod := r.pods[uid]
	return pod[0], pod[1]
}

// Log returns what a link in /var/log/containers tells about a container.
func (r *Root) Log(id string) (namespace, pod, name string) {
	if r.logs == nil {
		r.logs = map[string][3]string{}
		for _, file := range r.list("var/log/containers") {
			if namespace, pod, name, id, ok := ParseContainerLog(file); ok {
				r.logs[id] = [3]string{namespace, pod, name}
			}
		}
	}
	log := r.logs[id]
	return log[0], log[1], log[2]
}

// readBelow reads a file below the directory of an engine. Most engines are not there, which is
// found out once.
func (r *Root) readBelow(dir, name string) ([]byte, bool) {
	absent, known := r.absent[dir]
	if !known {
		_, err := os.Stat(filepath.Join(r.dir, dir))
		if absent = errors.Is(err, fs.ErrNotExist); r.absent == nil {
			r.absent = map[string]bool{}
		}
		r.absent[dir] = absent
	}
	if absent {
		return nil, false
	}
	return r.read(dir + "/" + name)
}

// openConfig does not wait, whatever is in the place of a file.
const openConfig = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// read reads a file of an engine.
func (r *Root) read(path string) ([]byte, bool) {
	if r.dir == "" {
		return nil, false
	}
	f, err := os.OpenFile(filepath.Join(r.dir, path), openConfig, 0)
	if err != nil {
		r.note(err)
		return nil, false
	}
	defer f.Close()
	return readConfig(f)
}

// readConfig reads a regular file of bounded size.
func readConfig(f *os.File) ([]byte, bool) {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > mostConfig {
		return nil, false
	}
	b, err := io.ReadAll(io.LimitReader(f, mostConfig))
	return b, err == nil
}

// list returns the names in a directory.
func (r *Root) list(path string) []string {
	if r.dir == "" {
		return nil
	}
	d, err := procfs.Open(filepath.Join(r.dir, path))
	if err != nil {
		r.note(err)
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(mostLogs) // What could be read counts.
	return names
}

func (r *Root) note(err error) {
	if errors.Is(err, fs.ErrPermission) {
		r.denied++
	}
}

// ParseBundle parses the annotations in the config.json of a runtime.
func ParseBundle(b []byte) (Config, bool) {
	var x struct{ Annotations map[string]string }
	if err := json.Unmarshal(b, &x); err != nil {
		return Config{}, false
	}
	first := func(keys ...string) string {
		for _, key := range keys {
			if v := x.Annotations[key]; v != "" {
				return v
			}
		}
		return ""
	}
	kind := first("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
	return Config{
		Name:    first("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"),
		Image:   first("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"),
		PodName: first("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
		PodNS:   first("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
		PodUID:  first("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"),
		Sandbox: kind == "sandbox", StopSignal: first("org.opencontainers.image.stopSignal"),
	}, true
}

// ParsePodLog splits the name of a directory in /var/log/pods: NAMESPACE_POD_UID.
func ParsePodLog(name string) (namespace, pod, uid string, ok bool) {
	f := strings.Split(name, "_")
	if len(f) != 3 || f[0] == "" || f[1] == "" || !isUID(f[2]) {
		return "", "", "", false
	}
	return f[0], f[1], f[2], true
}

// ParseContainerLog splits the name of a link in /var/log/containers:
// POD_NAMESPACE_CONTAINER-ID.log.
func ParseContainerLog(file string) (namespace, pod, name, id string, ok bool) {
	file, isLog := strings.CutSuffix(file, ".log")
	f := strings.Split(file, "_")
	if !isLog || len(f) != 3 || f[0] == "" || f[1] == "" {
		return "", "", "", "", false
	}
	i := strings.LastIndexByte(f[2], '-')
	if i <= 0 || !isID(f[2][i+1:]) {
		return "", "", "", "", false
	}
	return f[1], f[0], f[2][:i], f[2][i+1:], true
}
