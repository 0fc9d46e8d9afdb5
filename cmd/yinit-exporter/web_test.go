package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// secured is the program, with TLS and a password.
type secured struct {
	t       *testing.T
	address string
	trusted *x509.CertPool
}

// webConfig is the file of --web.config.file. The first password is "open sesame"; the cost of its
// hash is the least that bcrypt has.
const webConfig = `tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
  min_version: TLS13
basic_auth_users:
  prometheus: $2a$04$XPTJzCBMJkenqbtz4dOnYOOadVKDHbJK.2wPpdRCvGZpPOiNJopE2
`

// certificate writes a key and a certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "yinit-exporter"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs the program until the test has ended.
func start(t *testing.T, config string) secured {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	cmd := exec.Command(program, "--listen", address, "--web.config.file", config)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the end after SIGTERM: %v\n%s", err, &log)
		}
	})
	return secured{t, address, x509.NewCertPool()}
}

// get returns the status and the body of a page. Status 0: there is no answer, and the body is why.
func (s secured) get(scheme, path, user, password string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, scheme+"://"+s.address+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: s.trusted}}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(b)
}

// TestWebConfig: with the file of --web.config.file the program answers over TLS only, and no page
// without the password, /-/healthy neither; docs/metrics.md says so.
func TestWebConfig(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(config, []byte(webConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cert := certificate(t, dir)
	s := start(t, config)
	stranger := s
	stranger.trusted = x509.NewCertPool()
	s.trusted.AddCert(cert)
	eventually(t, "it is ready", func() bool {
		status, _ := s.get("https", "/-/ready", "prometheus", "open sesame")
		return status == http.StatusOK
	})
	for _, c := range []struct {
		scheme, path, user, password string
		status                       int
		text                         string
	}{
		{"https", "/metrics", "prometheus", "open sesame", 200, "\nyinit_node_containers "},
		{"https", "/metrics", "prometheus", "open  sesame", 401, "Unauthorized"},
		{"https", "/metrics", "grafana", "open sesame", 401, "Unauthorized"},
		{"https", "/metrics", "", "", 401, "Unauthorized"},
		{"https", "/-/healthy", "prometheus", "open sesame", 200, "yinit-exporter is healthy.\n"},
		{"https", "/-/healthy", "", "", 401, "Unauthorized"},
		{"https", "/-/ready", "", "", 401, "Unauthorized"},
		{"http", "/metrics", "prometheus", "open sesame", 400, "HTTP request to an HTTPS server"},
		{"http", "/-/healthy", "", "", 400, "HTTP request to an HTTPS server"},
	} {
		if status, text := s.get(c.scheme, c.path, c.user, c.password); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s %s as %q with %q: %d %q, want %d and %q", c.scheme, c.path, c.user, c.password, status, text[:min(200, len(text))], c.status, c.text)
		}
	}
	if status, text := stranger.get("https", "/metrics", "prometheus", "open sesame"); status != 0 || !strings.Contains(text, "certificate signed by unknown authority") {
		t.Errorf("a client that does not trust the certificate gets %d %q", status, text)
	}
	// The file is read again for each request.
	if err := os.WriteFile(config, []byte(strings.Replace(webConfig, "  prometheus:", "  other:", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]int{"other": 200, "prometheus": 401} {
		if status, text := s.get("https", "/-/healthy", user, "open sesame"); status != want {
			t.Errorf("after a change of the file, %s: %d %s, want %d", user, status, text, want)
		}
	}
}

// TestWebConfigRefused: a file that cannot be used ends the program, and it does not listen without
// the password that it should ask for.
func TestWebConfigRefused(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ config, want string }{
		"no certificate": {webConfig, "tls.crt"},
		"misspelt":       {"basic_auth_user: {a: b}\n", "basic_auth_user"},
		"no hash":        {"basic_auth_users: {prometheus: open sesame}\n", "bcrypt"},
	} {
		config := filepath.Join(dir, "web.yml")
		if err := os.WriteFile(config, []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "--listen", "127.0.0.1:0", "--web.config.file", config)
		end := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		out, err := cmd.CombinedOutput()
		end.Stop()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s\nwant %q", name, err, out, c.want)
		}
	}
}
