package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// agreeScript makes a zombie whose parent never waits, sends the init a signal, and
// shows both in every form. The history records a zombie when it is ten seconds old.
const agreeScript = `
sh -c 'sh -c "sleep 0.5; exit 3" & echo $! >zombie; exec sleep 100' &
echo $! >parent
trap : USR1; kill -USR1 1
until yinit history --kind zombie | grep -q 'has not waited'; do sleep 0.2; done
yinit zombies >zombies
yinit zombies --json >zombies.json
yinit top --once >top
yinit history --kind zombie >recorded
yinit history --kind zombie --json >recorded.json
yinit history --kind signal >signal
yinit history --kind signal --json >signal.json
exit 7`

// TestAllSayTheSame: the commands, top, the history, the log and the report say the
// same of one zombie, its culprit and its exit status, and of the sender of a signal.
func TestAllSayTheSame(t *testing.T) {
	requireNamespaces(t)
	dir := t.TempDir()
	report := filepath.Join(dir, "report")
	if err := os.WriteFile(report, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := namespacedIn(dir, "yinit", "-v", "--report", report, "sh", "-c", agreeScript)
	var log bytes.Buffer
	cmd.Stderr = &log
	if status := exitStatus(cmd.Run()); status != 7 {
		t.Fatalf("exit status %d, want 7\n%s", status, &log)
	}
	file := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	zombie, parent := file("zombie"), file("parent")
	for name, want := range map[string]string{
		"zombies":       fmt.Sprintf(`(?s)^%s sleep 100: 1 zombie\b.*^ +%s sh +exited 3 `, parent, zombie),
		"zombies.json":  fmt.Sprintf(`"culprit":{"pid":%s,"comm":"sleep",.*{"pid":%s,"comm":"sh",.*"known":true,"code":3,`, parent, zombie),
		"top":           fmt.Sprintf(`^ *%s root .*\[sh\] exited 3 .* not reaped by %s sleep`, zombie, parent),
		"recorded":      fmt.Sprintf(`  zombie +%s .*  exited 3; %s \(sleep\) has not waited for it; it holds 1 zombie\b`, zombie, parent),
		"recorded.json": fmt.Sprintf(`"pid":%s,"ppid":%s,.*"code":3,.*"known":true,.*"ended":"exited 3"`, zombie, parent),
		"report":        fmt.Sprintf(`^zombies: 1 held by %s \(sleep\)$`, parent),
	} {
		if got := file(name); !regexp.MustCompile("(?m)" + want).MatchString(got) {
			t.Errorf("%s does not match %s:\n%s", name, want, got)
		}
	}
	var record struct {
		From, Outcome string
		SenderPID     int `json:"sender_pid"`
	}
	if err := json.Unmarshal([]byte(file("signal.json")), &record); err != nil || record.SenderPID == 0 {
		t.Fatalf("the record of the signal: %v, %s", err, file("signal.json"))
	}
	if want := fmt.Sprintf("pid %d (sh)", record.SenderPID); record.From != want {
		t.Errorf("the JSON says that the signal is from %q, want %q", record.From, want)
	}
	if got, want := file("signal"), "SIGUSR1 from "+record.From+" → "+record.Outcome; !strings.Contains(got, want) {
		t.Errorf("the text says %q, want %q in it", got, want)
	}
	if want := "received SIGUSR1 (from " + record.From + ","; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, &log)
	}
}
