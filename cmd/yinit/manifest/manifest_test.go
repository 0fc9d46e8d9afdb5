package manifest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs/doctor"
)

// ids returns the findings in short: "shell-form risk :12".
func ids(found []doctor.Finding) string {
	var all []string
	for _, x := range found {
		_, line, _ := strings.Cut(x.Where, ":")
		all = append(all, x.ID+" "+x.Level.String()+" "+line)
	}
	return strings.Join(all, ", ")
}

func TestKubernetes(t *testing.T) {
	pod := func(spec string) string {
		return "kind: Pod\nmetadata: {name: app}\nspec:\n  " + strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n"
	}
	box := func(fields string) string {
		return pod("containers:\n- name: app\n  image: app\n  " + strings.ReplaceAll(strings.TrimSpace(fields), "\n", "\n  "))
	}
	for name, tt := range map[string]struct {
		file  string
		want  string
		count int
	}{
		"nothing":        {"", "", 0},
		"no pod":         {"kind: ConfigMap\ndata: {a: b}", "", 0},
		"the image":      {box(""), "", 1},
		"an init":        {box(`command: ["/yinit", "--", app]`), "", 1},
		"no init":        {box(`command: [app]`), "no-init note 7", 1},
		"only args":      {box(`args: [--port, "80"]`), "", 1},
		"a shell":        {box(`command: [sh, -c, "a && b"]`), "shell-form risk 7, no-init note 7", 1},
		"a shell, args":  {box("command: [/bin/bash, -lc]\nargs:\n- |\n  set -e\n  a\n  b"), "shell-form risk 7, no-init note 7", 1},
		"it execs":       {box(`command: [sh, -c, "a && exec b"]`), "no-init note 7", 1},
		"one command":    {box(`command: [sh, -c, "app --x"]`), "shell-form note 7, no-init note 7", 1},
		"a shell below":  {box(`command: [/tini, --, sh, -c, "a; b"]`), "shell-form risk 7", 1},
		"a script":       {box(`command: [/entrypoint.sh]`), "no-init note 7", 1},
		"no grace":       {pod("terminationGracePeriodSeconds: 0\ncontainers: [{name: a}]"), "no-grace problem 4", 1},
		"short grace":    {pod("terminationGracePeriodSeconds: 2\ncontainers: [{name: a}, {name: b, image: mysql}]"), "short-grace risk 4, short-grace note 4", 2},
		"no number":      {pod("terminationGracePeriodSeconds: \"abc\"\ncontainers: [{name: a}]"), "invalid-value problem 4", 1},
		"with a unit":    {pod("terminationGracePeriodSeconds: 30s\ncontainers: [{name: a}]"), "invalid-value problem 4", 1},
		"in quotes":      {pod("terminationGracePeriodSeconds: '30'\ncontainers: [{name: a}]"), "invalid-value problem 4", 1},
		"a template":     {pod("terminationGracePeriodSeconds: '{{ .Values.x }}'\ncontainers: [{name: a}]"), "", 1},
		"no signal":      {pod("containers: [{name: a, lifecycle: {stopSignal: SIGFOO}}]"), "invalid-value problem 4", 1},
		"no seconds":     {pod("containers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 5s}}}}]"), "invalid-value problem 4", 1},
		"an operator":    {box(`command: [/tini, app, "&&", other]`), "shell-operator problem 7", 1},
		"shared":         {pod("shareProcessNamespace: true\ncontainers: [{name: a, command: [app]}]"), "shared-pids note 4", 1},
		"hook fits":      {box(`lifecycle: {preStop: {exec: {command: [sleep, "10"]}}}`), "", 1},
		"hook is tight":  {box(`lifecycle: {preStop: {exec: {command: [sleep, "26"]}}}`), "prestop-grace risk 7", 1},
		"hook takes all": {box(`lifecycle: {preStop: {exec: {command: [sh, -c, "x; sleep 30; y"]}}}`), "prestop-grace problem 7", 1},
		"sleep action":   {box(`lifecycle: {preStop: {sleep: {seconds: 40}}}`), "prestop-grace problem 7", 1},
		"yinit waits":    {box(`command: [/yinit, --delay, 30s, --, app]`), "prestop-grace problem 5", 1},
		"a hook and it":  {box("command: [/yinit, --delay=10s, --, app]\nlifecycle: {preStop: {sleep: {seconds: 17}}}"), "prestop-grace risk 8", 1},
		"the variable":   {box("command: [/yinit, --, app]\nenv: [{name: YINIT_DELAY, value: '28'}]"), "prestop-grace risk 5", 1},
		"the program's":  {box(`command: [/yinit, --, app, --delay, 30s]`), "", 1},
		"longer grace":   {pod("terminationGracePeriodSeconds: 90\ncontainers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 40}}}}]"), "", 1},
		"a probe":        {box("command: [app]\nlivenessProbe: {exec: {command: [cat, x]}}"), "no-init note 7, probe-orphans note 8", 1},
		"wrong signal":   {pod("containers: [{name: a, image: 'docker.io/library/nginx:1.27@sha256:00', lifecycle: {stopSignal: SIGTERM}}]"), "stop-signal risk 4", 1},
		"right signal":   {pod("containers: [{name: a, image: nginx, lifecycle: {stopSignal: SIGQUIT}}]"), "", 1},
		"a deployment":   {"kind: Deployment\nspec: {template: {spec: {containers: [{command: [a]}, {command: [b]}]}}}", "no-init note 2, no-init note 2", 2},
		"a cron job":     {"kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{command: [a]}]}}}}}", "no-init note 2", 1},
		"a list":         {"kind: List\nitems:\n- kind: Pod\n  spec: {containers: [{command: [a]}]}\n- null", "no-init note 4", 1},
		"two documents":  {"---\n" + box("command: [a]") + "---\n" + box("command: [b]"), "no-init note 8, no-init note 16", 2},
		"an anchor":      {"x: &c [app]\n" + pod("containers: [{command: *c}, {command: *c}]"), "no-init note 1, no-init note 1", 2},
		"a merge":        {"x: &c {command: [app]}\n" + pod("containers: [{<<: *c, name: a}, {<<: [*c], command: [/yinit, a]}]"), "no-init note 1", 2},
	} {
		found, count, err := Kubernetes("pod.yaml", []byte(tt.file))
		if got := ids(found); got != tt.want || count != tt.count || err != nil {
			t.Errorf("%s: %q, %d, %v; want %q, %d\n%s", name, got, count, err, tt.want, tt.count, tt.file)
		}
		for _, x := range found {
			if slices.Contains([]string{x.What, x.Evidence, x.Why, x.Do}, "") {
				t.Errorf("%s: a text is missing: %+v", name, x)
			}
		}
	}
}

func TestCompose(t *testing.T) {
	service := func(fields string) string {
		return "services:\n  app:\n    image: app\n    " + strings.ReplaceAll(strings.TrimSpace(fields), "\n", "\n    ") + "\n"
	}
	for name, tt := range map[string]struct{ file, want string }{
		"the image":         {service(""), ""},
		"a string":          {service("command: app --x 'a;b' '&&'"), "no-init note 4"},
		"a script":          {"services: {a: {image: x, stop_grace_period: 2s, command: ./a.sh}}", "no-init note 1, short-grace note 1"},
		"options":           {service("command: --port 80"), ""},
		"a command, init":   {service("command: app\ninit: true"), ""},
		"tini":              {service("command: tini -- app"), ""},
		"an operator":       {service("command: python app.py && echo done"), "shell-operator problem 4, no-init note 4"},
		"a redirection":     {service("command: app >log 2>&1"), "shell-operator problem 4, no-init note 4"},
		"a semicolon":       {service("entrypoint: app; other\ninit: true"), "shell-operator problem 4"},
		"an operator, list": {service(`command: [app, "&&", other]` + "\ninit: true"), "shell-operator problem 4"},
		"no operator":       {service(`command: [find, /, -exec, ls, "{}", ";"]` + "\ninit: true"), ""},
		"it execs":          {service(`entrypoint: /bin/sh -c "exec ./run"`), "no-init note 4"},
		"it execs tini":     {service(`entrypoint: /bin/sh -c "a && exec tini -- ./run"`), ""},
		"no duration":       {service("stop_grace_period: banana"), "invalid-value problem 4"},
		"no unit":           {service("stop_grace_period: 10"), "invalid-value problem 4"},
		"days":              {service("stop_grace_period: 1d2h"), ""},
		"no signal":         {service("stop_signal: SIGFOO"), "invalid-value problem 4"},
		"a signal":          {service("stop_signal: ${SIGNAL:-TERM}"), ""},
		"a number":          {service("stop_signal: 15"), ""},
		"a short grace":     {service("stop_grace_period: 4500ms"), "short-grace note 4"},
		"short for it":      {"services: {db: {image: 'postgres:17', stop_grace_period: 1s}}", "short-grace risk 1"},
		"a shell":           {service(`command: sh -c "a; b"`), "shell-form risk 4"},
		"a shell, a list":   {service(`command: ["sh", "-c", "a; b"]`), "shell-form risk 4"},
		"under an init":     {service("command: sh -c \"a; b\"\ninit: true"), "shell-form risk 4"},
		"an entrypoint":     {service("entrypoint: app"), "no-init note 4"},
		"with init":         {service("entrypoint: app\ninit: true"), ""},
		"no grace":          {service("stop_grace_period: 0s"), "no-grace problem 4"},
		"a grace":           {service("stop_grace_period: 1m30s"), ""},
		"a variable":        {service("stop_grace_period: ${GRACE}"), ""},
		"a database":        {"services: {db: {image: 'postgres:17'}}", "short-grace note 1"},
		"with time":         {"services: {db: {image: 'postgres:17', stop_grace_period: 1m}}", ""},
		"wrong signal":      {"services: {web: {image: nginx, stop_signal: SIGTERM}}", "stop-signal risk 1"},
		"the host's pids":   {service("pid: host"), "host-pids risk 4"},
		"CMD-SHELL, a list": {service("healthcheck: {test: [CMD-SHELL, curl, localhost]}"), "healthcheck-words problem 4"},
		"CMD-SHELL":         {service("healthcheck: {test: [CMD-SHELL, curl localhost]}"), ""},
		"CMD":               {service("healthcheck: {test: [CMD, curl, localhost]}"), ""},
		"extends":           {"x-base: &b\n  init: true\nservices:\n  a:\n    <<: *b\n    entrypoint: app\n  b: null\n", ""},
	} {
		found, _, err := Compose("compose.yaml", []byte(tt.file))
		if got := ids(found); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q\n%s", name, got, err, tt.want, tt.file)
		}
	}
}

// TestErrors: a file that is none of these, and the wrong option.
func TestErrors(t *testing.T) {
	if _, _, err := Kubernetes("x", []byte("a: [1")); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("no YAML: %v, want one line", err)
	}
	if _, _, err := Kubernetes("x", []byte("services: {a: {}}")); err == nil || !strings.Contains(err.Error(), "--compose") {
		t.Errorf("Compose: %v", err)
	}
	if _, _, err := Compose("x", []byte("kind: Pod")); err == nil || !strings.Contains(err.Error(), "--manifest") {
		t.Errorf("Kubernetes: %v", err)
	}
}

// TestTexts: what the findings say.
func TestTexts(t *testing.T) {
	const service, hook = "services:\n  a:\n    image: x\n    ", "kind: Pod\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n  - lifecycle: {preStop: "
	for file, want := range map[string]string{
		service + `entrypoint: /bin/sh -c "exec ./run"`:                           "PID 1 is run,",
		service + `entrypoint: ["sh", "-c", "exec $$APP", "x"]`:                   "PID 1 is $$APP,",
		service + "command: python app.py && echo done":                           "so && is a plain word of it",
		service + "stop_grace_period: 10":                                         "needs a unit",
		hook + `{exec: {command: [sh, -c, "for i in 1 2 3; do sleep 5; done"]}}}`: "preStop takes at least 5s",
		hook + `{exec: {command: [sh, -c, "nginx -s quit; sleep 2"]}}}`:           "at most 3s of the grace period left",
		hook + `{exec: {command: [sleep, "2"]}}}`:                                 "preStop takes 2s",
	} {
		check := Compose
		if strings.HasPrefix(file, "kind") {
			check = Kubernetes
		}
		found, _, err := check("x", []byte(file))
		texts := ""
		for _, x := range found {
			texts += x.What + "\n" + x.Evidence + "\n" + x.Why + "\n"
		}
		if err != nil || !strings.Contains(texts, want) {
			t.Errorf("%s: %v, no text has %q:\n%s", file, err, want, texts)
		}
	}
}

func TestSleeps(t *testing.T) {
	for command, want := range map[string]time.Duration{
		"sleep 5": 5 * time.Second, "sleep 1.5": 1500 * time.Millisecond, "/bin/sleep 1m": time.Minute, "nginx -s quit; sleep 5&&sleep 6": 11 * time.Second,
		"sleep": 0, "sleep $T": 0, "sleepy 5": 0, "sleep -5": 0, "sleep inf": 0,
	} {
		if got := sleeps([]string{"sh", "-c", command}); got != want {
			t.Errorf("%s: %v, want %v", command, got, want)
		}
	}
}

// FuzzFiles: whatever is in the file, there is an answer.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{
		"kind: Pod\nspec: {containers: [{command: [sh, -c, 'a;b']}]}", "services: {a: {command: 'sh -c \"x\"'}}", "a: &a [*a]", "<<: &x {<<: *x}", "- - -", "\"", "? a\n: b", "!!str a: |\n x",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, check := range []func(string, []byte) ([]doctor.Finding, int, error){Kubernetes, Compose} {
			found, _, err := check("x", b)
			if err != nil && len(found) > 0 {
				t.Errorf("%v, and findings", err)
			}
		}
	})
}
