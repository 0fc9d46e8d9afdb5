// Package packages checks a release: `make release-check`.
package packages

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run runs a program and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	return runIn(t, "", name, args...)
}

func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// release is a release in a directory.
type release struct {
	dist, version, commit, day string
	programs                   []string
}

// TestRelease builds a release in two folders, and tries all that is in it.
func TestRelease(t *testing.T) {
	for _, tool := range []string{"debootstrap", "lintian", "rpm2cpio", "cpio", "docker", "qemu-aarch64", "unshare", "mandoc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: apt-get install debootstrap lintian rpm2cpio cpio docker.io qemu-user util-linux mandoc", tool)
		}
	}
	r := release{version: os.Getenv("VERSION"), commit: os.Getenv("COMMIT")}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if r.version == "" || r.commit == "" || seconds == "" {
		t.Fatal("run make release-check, which sets VERSION, COMMIT and SOURCE_DATE_EPOCH")
	}
	r.day = strings.TrimSpace(run(t, "date", "-u", "-d", "@"+seconds, "+%F"))
	// Neither copy is a git repository, and each is in another place. The second one compiles
	// everything again, the standard library too.
	r.dist = build(t, filepath.Join(t.TempDir(), "a"), "")
	other := build(t, filepath.Join(t.TempDir(), "a/much longer/path"), "-a")
	if got, want := sums(t, other), sums(t, r.dist); !cmp.Equal(got, want) {
		t.Fatalf("two builds differ:\n%s", cmp.Diff(want, got))
	}
	for name := range sums(t, r.dist) {
		if program, ok := strings.CutSuffix(name, "_"+r.version+"_linux_amd64"); ok {
			r.programs = append(r.programs, program)
		}
	}
	slices.Sort(r.programs)
	if !slices.Equal(r.programs, []string{"yinit", "yinit-exporter"}) {
		t.Fatalf("the programs are %q", r.programs)
	}
	t.Run("checksums", r.checksums)
	for _, program := range r.programs {
		for _, cpu := range []string{"amd64", "arm64"} {
			t.Run(program+"/"+cpu, func(t *testing.T) { r.program(t, program, cpu) })
			t.Run(program+"/"+cpu+"/sbom", func(t *testing.T) { r.sbom(t, program, cpu) })
			t.Run(program+"/"+cpu+"/lintian", func(t *testing.T) {
				run(t, "lintian", "--fail-on", "error,warning,info", "--allow-root", r.deb(program, cpu))
			})
		}
		t.Run(program+"/rpm", func(t *testing.T) { r.rpm(t, program) })
		t.Run(program+"/image", func(t *testing.T) { r.image(t, program) })
	}
	t.Run("deb", r.install)
}

// build copies what git would have of the source into a folder, and builds a release there.
func build(t *testing.T, dir, flags string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	runIn(t, "../..", "sh", "-ec", `git ls-files -zco --exclude-standard --deduplicate | tar --null --ignore-failed-read -T- -cf- | tar -xf- -C "$1"`, "sh", dir)
	cmd := exec.Command("make", "release")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BUILDFLAGS="+flags)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make release in %s: %v\n%s", dir, err, out)
	}
	return filepath.Join(dir, "dist")
}

// sums returns the SHA-256 sum of each file of a folder.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	all := map[string]string{}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = fmt.Sprintf("%x", sha256.Sum256(content))
	}
	return all
}

func (r release) file(program, cpu string) string {
	return filepath.Join(r.dist, program+"_"+r.version+"_linux_"+cpu)
}

func (r release) deb(program, cpu string) string {
	return filepath.Join(r.dist, program+"_"+strings.Replace(r.version, "-", "~", 1)+"-1_"+cpu+".deb")
}

// checksums checks that SHA256SUMS has each file and is right.
func (r release) checksums(t *testing.T) {
	listed := map[string]string{}
	text, err := os.ReadFile(filepath.Join(r.dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = sum
	}
	want := sums(t, r.dist)
	delete(want, "SHA256SUMS")
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("SHA256SUMS, -files +listed:\n%s", diff)
	}
}

// shortCommit is how --version writes the commit.
func (r release) shortCommit() string {
	hash, dirty, _ := strings.Cut(r.commit, "-")
	if dirty != "" {
		dirty = "-" + dirty
	}
	return hash[:7] + dirty
}

// program checks that a program is static, for the right CPU, and tells its commit.
func (r release) program(t *testing.T, program, cpu string) {
	path := r.file(program, cpu)
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[cpu]; f.Machine != want {
		t.Errorf("it is for %s, want %s", f.Machine, want)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is not static: it has %s", p.Type)
		}
	}
	out := r.versionOf(t, cpu, path)
	if want := fmt.Sprintf("%s %s (%s) - git.%s\n", program, r.version, r.day, r.shortCommit()); out != want {
		t.Errorf("--version prints %q, want %q", out, want)
	}
}

// versionOf runs a program with --version, in an emulator if it is for another CPU.
func (r release) versionOf(t *testing.T, cpu, path string) string {
	t.Helper()
	if cpu == runtime.GOARCH {
		return run(t, path, "--version")
	}
	if cpu != "arm64" {
		t.Fatalf("there is no emulator of %s here", cpu)
	}
	return run(t, "qemu-aarch64", path, "--version")
}

// sbom checks that the SBOM has the modules that the program is built from, and no other.
func (r release) sbom(t *testing.T, program, cpu string) {
	info, err := buildinfo.ReadFile(r.file(program, cpu))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"std": info.GoVersion}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		want[m.Path] = m.Version
	}
	text, err := os.ReadFile(r.file(program, cpu) + ".cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BOMFormat string `json:"bomFormat"`
		Metadata  struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range bom.Components {
		got[c.Name] = c.Version
		if want := "pkg:golang/" + c.Name + "@" + c.Version; !strings.HasPrefix(c.PURL, want) {
			t.Errorf("%s: the package URL is %s, want %s", c.Name, c.PURL, want)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-build information +SBOM:\n%s", diff)
	}
	if bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Name != "yinit" || bom.Metadata.Component.Version != r.version {
		t.Errorf("%s of %s %s", bom.BOMFormat, bom.Metadata.Component.Name, bom.Metadata.Component.Version)
	}
}

// rpm lists the packages for RPM.
func (r release) rpm(t *testing.T, program string) {
	want := []string{"/usr/bin/" + program, "/usr/share/doc/" + program + "/CHANGELOG.md", "/usr/share/doc/" + program + "/third-party-licenses.txt", "/usr/share/licenses/" + program + "/LICENSE"}
	if program == "yinit" {
		want = append(want, "/usr/share/man/man1/yinit.1.gz", "/usr/share/bash-completion/completions/yinit", "/usr/share/zsh/site-functions/_yinit", "/usr/share/fish/vendor_completions.d/yinit.fish", "/usr/share/doc/yinit/README.md", "/usr/share/doc/yinit/docs/README.md")
	} else {
		for _, name := range []string{"metrics.md", "alerts.md", "yinit.rules.yml", "yinit.json"} {
			want = append(want, "/usr/share/doc/"+program+"/"+name)
		}
	}
	own := regexp.MustCompile(`^/usr/(bin/` + program + `|share/(doc|licenses)/` + program + `(/.*)?|share/(man/man1|bash-completion/completions|zsh/site-functions|fish/vendor_completions\.d)/_?` + program + `[.a-z0-9]*)$`)
	for cpu, name := range map[string]string{"amd64": "x86_64", "arm64": "aarch64"} {
		path := filepath.Join(r.dist, program+"-"+strings.Replace(r.version, "-", "~", 1)+"-1."+name+".rpm")
		list := strings.Fields(run(t, "sh", "-ec", `rpm2cpio "$1" 2>/dev/null | cpio -t --quiet`, "sh", path))
		for _, w := range want {
			if !slices.Contains(list, w) {
				t.Errorf("%s: %s is missing", name, w)
			}
		}
		for _, file := range list {
			if !own.MatchString(file) {
				t.Errorf("%s has %s, which does not belong to it", name, file)
			}
		}
		dir := t.TempDir()
		runIn(t, dir, "sh", "-ec", `rpm2cpio "$1" | cpio -id --quiet --no-absolute-filenames 2>/dev/null`, "sh", path)
		if got, want := sums(t, filepath.Join(dir, "usr/bin"))[program], sums(t, r.dist)[filepath.Base(r.file(program, cpu))]; got != want {
			t.Errorf("%s: the program is not the one of the release", name)
		}
	}
}

// image checks the image: an engine loads and runs it, and it is the one of the Dockerfile.
func (r release) image(t *testing.T, program string) {
	path := filepath.Join(r.dist, program+"_"+r.version+"_image.tar")
	files := unpack(t, path)
	var index struct {
		Manifests []struct {
			Digest   string
			Platform struct{ Architecture string }
		}
	}
	parse := func(name string) {
		t.Helper()
		index.Manifests = nil
		if err := json.Unmarshal(files[name], &index); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for name, content := range files {
		if sum, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && sum != fmt.Sprintf("%x", sha256.Sum256(content)) {
			t.Errorf("%s has another sum", name)
		}
	}
	parse("index.json")
	parse(strings.Replace("blobs/"+index.Manifests[0].Digest, ":", "/", 1))
	var cpus []string
	for _, m := range index.Manifests {
		cpus = append(cpus, m.Platform.Architecture)
	}
	if !slices.Equal(cpus, []string{"amd64", "arm64"}) {
		t.Errorf("the image is for %q", cpus)
	}
	run(t, "docker", "load", "-i", path)
	for _, cpu := range []string{"amd64", "arm64"} {
		tag := program + ":" + r.version + "-" + cpu
		defer run(t, "docker", "rmi", tag)
		if got := strings.TrimSpace(run(t, "docker", "image", "inspect", "-f", "{{.Architecture}}", tag)); got != cpu {
			t.Errorf("%s is for %s", tag, got)
		}
		dockerfile, err := os.ReadFile("../../Dockerfile")
		if err != nil {
			t.Fatal(err)
		}
		entrypoint := strings.ReplaceAll(strings.TrimSpace(run(t, "docker", "image", "inspect", "-f", "{{json .Config.Entrypoint}}", tag)), ",", ", ")
		expose := run(t, "docker", "image", "inspect", "-f", "{{range $port, $ := .Config.ExposedPorts}}EXPOSE {{$port}}\n{{end}}", tag)
		want := "/" + program + "\n" + strings.ReplaceAll(strings.TrimRight(expose, "\n"), "/tcp", "") + "\nENTRYPOINT " + entrypoint + "\n"
		if !strings.Contains(string(dockerfile), strings.Replace(want, "\n\n", "\n", 1)) {
			t.Errorf("%s has %s, and the Dockerfile another", tag, want)
		}
	}
	tag := program + ":" + r.version + "-" + runtime.GOARCH
	if out := run(t, "docker", "run", "--rm", "--network=none", "--entrypoint", "/"+program, tag, "--version"); !strings.Contains(out, r.commit[:7]) {
		t.Errorf("in the image --version prints %q", out)
	}
	if program == "yinit" {
		if out := run(t, "docker", "run", "--rm", "--network=none", tag, "/yinit", "version"); !strings.HasSuffix(out, "signals: entry\n") {
			t.Errorf("in the image, yinit -- /yinit version prints %q", out)
		}
	}
}

// unpack returns the files of a tar file.
func unpack(t *testing.T, path string) map[string][]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
