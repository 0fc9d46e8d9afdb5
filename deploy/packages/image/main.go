// Command image writes a container image with one program for several CPUs into a tar file. The
// file is an OCI image layout, for skopeo, podman, ctr and registries, and has what docker load
// reads too. It is made without an engine: the same input gives the same bytes.
//
//	image -o FILE -name NAME -tag VERSION -created SECONDS [-expose PORT] [-label KEY=VALUE...] -entrypoint WORD,... CPU=PROGRAM...
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

func main() {
	out := flag.String("o", "", "the file to write")
	spec := image{labels: map[string]string{}}
	flag.StringVar(&spec.name, "name", "", "name of the image, and of the program in it")
	flag.StringVar(&spec.tag, "tag", "", "tag of the image")
	flag.IntVar(&spec.port, "expose", 0, "the TCP port that the program listens on; 0: none")
	created := flag.Int64("created", 0, "when it was created, in seconds since 1970")
	entrypoint := flag.String("entrypoint", "", "the words of ENTRYPOINT, with commas")
	flag.Func("label", "KEY=VALUE", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("%s: want KEY=VALUE", s)
		}
		spec.labels[key] = value
		return nil
	})
	flag.Parse()
	spec.created = time.Unix(*created, 0).UTC()
	spec.entrypoint = strings.Split(*entrypoint, ",")
	if err := spec.write(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

type image struct {
	name, tag  string
	created    time.Time
	entrypoint []string
	port       int
	labels     map[string]string
}

// descriptor is that of the OCI image specification.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// saved is one image in manifest.json, which docker save writes and docker load reads.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// write writes the file. Each program is CPU=PATH, with the name of the CPU as in GOARCH.
func (im image) write(out string, programs []string) (err error) {
	if im.name == "" || im.tag == "" || out == "" || len(programs) == 0 {
		return fmt.Errorf("-o, -name, -tag and a program are needed")
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	w := layout{tar: tar.NewWriter(f), created: im.created}
	var manifests []descriptor
	var load []saved
	for _, p := range programs {
		cpu, file, _ := strings.Cut(p, "=")
		manifest, s, err := im.platform(&w, cpu, file)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		manifests, load = append(manifests, manifest), append(load, s)
	}
	index := w.blob("application/vnd.oci.image.index.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests,
	})
	index.Annotations = map[string]string{"org.opencontainers.image.ref.name": im.tag, "io.containerd.image.name": "docker.io/library/" + im.name + ":" + im.tag}
	w.file("oci-layout", encode(map[string]string{"imageLayoutVersion": "1.0.0"}), 0o644)
	w.file("index.json", encode(map[string]any{"schemaVersion": 2, "manifests": []descriptor{index}}), 0o644)
	w.file("manifest.json", encode(load), 0o644)
	if w.err != nil {
		return w.err
	}
	return w.tar.Close()
}

// platform writes the layer, the configuration and the manifest for one CPU.
func (im image) platform(w *layout, cpu, file string) (descriptor, saved, error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return descriptor{}, saved{}, err
	}
	var content bytes.Buffer
	inner := layout{tar: tar.NewWriter(&content), created: im.created}
	inner.file(im.name, program, 0o755)
	if inner.err != nil {
		return descriptor{}, saved{}, inner.err
	}
	if err := inner.tar.Close(); err != nil {
		return descriptor{}, saved{}, err
	}
	layer := w.bytes("application/vnd.oci.image.layer.v1.tar", content.Bytes())
	run := map[string]any{"Entrypoint": im.entrypoint, "Env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, "WorkingDir": "/", "Labels": im.labels}
	if im.port != 0 {
		run["ExposedPorts"] = map[string]any{fmt.Sprintf("%d/tcp", im.port): struct{}{}}
	}
	config := w.blob("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": cpu, "os": "linux", "created": im.created.Format(time.RFC3339),
		"config":  run,
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{layer.Digest}},
		"history": []map[string]string{{"created": im.created.Format(time.RFC3339), "created_by": "COPY " + im.name + " /"}},
	})
	manifest := w.blob("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []descriptor{layer},
	})
	manifest.Platform = &platform{cpu, "linux"}
	return manifest, saved{blobPath(config.Digest), []string{im.name + ":" + im.tag + "-" + cpu}, []string{blobPath(layer.Digest)}}, nil
}

// layout writes files into a tar file, and keeps the first error.
type layout struct {
	tar     *tar.Writer
	created time.Time
	err     error
}

func (l *layout) file(name string, content []byte, mode int64) {
	if l.err != nil {
		return
	}
	l.err = l.tar.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), ModTime: l.created, Format: tar.FormatUSTAR})
	if l.err == nil {
		_, l.err = io.Copy(l.tar, bytes.NewReader(content))
	}
}

func (l *layout) bytes(mediaType string, content []byte) descriptor {
	sum := sha256.Sum256(content)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	l.file(blobPath(digest), content, 0o644)
	return descriptor{MediaType: mediaType, Digest: digest, Size: len(content)}
}

func (l *layout) blob(mediaType string, value any) descriptor {
	return l.bytes(mediaType, encode(value))
}

func blobPath(digest string) string {
	return path.Join("blobs", strings.Replace(digest, ":", "/", 1))
}

// encode returns value as JSON. The keys of a map are sorted.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // all values here are of types that JSON has
	}
	return text
}
