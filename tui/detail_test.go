package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// TestDetailScrolls checks that details longer than the screen scroll and say that
// there is more above, and that a taller terminal shows all of them.
func TestDetailScrolls(t *testing.T) {
	u := newUser(t, 60, 15, Options{})
	u.choose(55).press("enter")
	u.sees("55 gunicorn, child of")
	u.seesNot("more above", "API_TOKEN=")
	u.press("down")
	u.sees("more above")
	u.press("end")
	u.sees("API_TOKEN=", "more above")
	u.seesNot("55 gunicorn, child of")
	u.press("pgdown", "down") // not beyond the end
	u.sees("API_TOKEN=")
	u.press("home")
	u.sees("55 gunicorn, child of")
	for range 40 {
		u.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	}
	u.sees("API_TOKEN=")
	u.send(tea.WindowSizeMsg{Width: 60, Height: 120})
	u.sees("55 gunicorn, child of", "pending   none", "API_TOKEN=")
	u.seesNot("more above")
}

// TestDetailErrors checks that an error is shown, that what was known before stays,
// and that the details of a process that has ended are not read again.
func TestDetailErrors(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55).press("enter")
	id := u.m.detail.id
	u.send(detailsMsg{id: id, err: errors.New("open /proc/55/\x1bstatus: permission denied")})
	u.sees(`open /proc/55/\x1bstatus: permission denied`, "/srv/app")
	u.send(detailsMsg{id: id, d: snapshot.Details{Cwd: "/srv/other"}, moreErr: errors.New("no open files in a snapshot")})
	u.sees("/srv/other", "no open files in a snapshot")
	u.send(detailsMsg{id: procfs.ID{PID: 56, Start: 1}, d: snapshot.Details{Cwd: "/of/another"}})
	u.seesNot("/of/another")
	u.src.gone = true
	u.refresh()
	u.seesNot("permission denied")
	u.src.gone = false
	u.refresh()
	if !u.m.detail.gone || u.m.detail.asked {
		t.Errorf("gone %t, asked %t: it is asked for again", u.m.detail.gone, u.m.detail.asked)
	}
}

// TestDetailAncestors checks the list of ancestors and where it ends.
func TestDetailAncestors(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(4125).press("enter")
	u.sees("parents   4120 sh, child of a process outside the container")
	u.press("esc").choose(4120).press("enter")
	u.sees("parents   a process outside the container")
	u.press("esc").choose(1).press("enter")
	u.sees("parents   none")
}

// TestDetailKeys checks that the keys of the covered page do nothing while the details
// are open.
func TestDetailKeys(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(55).press("enter")
	before := u.screen()
	u.press("t", "I", "space", "n", "tab", "/", "left", "right")
	if after := u.screen(); after != before {
		t.Errorf("keys of the page change the screen from\n%s\nto\n%s", before, after)
	}
	for _, key := range []string{"esc", "q", "f10", "enter"} {
		u.press(key)
		if u.m.detail.open || u.quit {
			t.Errorf("%s: open %t, quit %t, want the details closed", key, u.m.detail.open, u.quit)
		}
		u.press("enter")
	}
	u.press("p")
	if !u.m.paused {
		t.Error("p does not pause in the details")
	}
}

// TestHelpScrolls checks that the keys that scroll keep the help open.
func TestHelpScrolls(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.press("?")
	u.sees("MOVE", "TREE", "send a signal")
	u.press("end")
	u.sees("FULL", "STOPPING", "MOUSE")
	u.seesNot("MOVE")
	for range 60 {
		u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	}
	u.sees("MOVE")
	u.press("x")
	u.seesNot("MOVE")
}

// TestHelpHasEveryKey checks that no key of the tables is missing in the help.
func TestHelpHasEveryKey(t *testing.T) {
	m := New(newFakeSource(), &fakeSignaller{}, Options{})
	m.world.canvas = canvas{width: 80, height: 200, plain: true}
	lines := help{}.lines(&m)
	for _, b := range slices.Concat(treeKeys, sortKeys, zombieKeys, signalsKeys, showKeys, orderKeys, historyKeys, listKeys, refreshKeys, modelKeys) {
		if b.title != "" && !slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, " "+b.title) && strings.HasSuffix(strings.TrimRight(l, " "), b.does)
		}) {
			t.Errorf("the help does not have %q: %q", b.title, b.does)
		}
	}
	for _, word := range []string{"terminate", "handler", "forward", "read", "IGNORE", "PENDING", "SHIELDED", "DROP", "denied", "?"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, " "+word+" ") }) {
			t.Errorf("the help does not explain %q", word)
		}
	}
}

// TestDetailResources checks what the pane says about what a process has.
func TestDetailResources(t *testing.T) {
	u := newUser(t, 110, 100, Options{})
	u.choose(55).press("enter")
	u.sees(
		"9 of 1,024 that nofile allows: 2 files, 2 pipes, 2 sockets", "0.0.0.0:8080 tcp (fd 3)", "/srv/app/app.log (fd 6): the space is free only",
		"/dev/pts/0 (fd 0); also held by 4120 sh, 4125 sleep", "fd 1, writes; also held by 56 gunicorn (writes); the other end is outside the",
		"fd 2, writes; also held by 12 gunicorn (reads)", "A docker exec session",
		"1,024, at most 524,288", "8 MiB, at most unlimited", "3 signals are queued", "not those of PID 1: mnt; as PID 1: cgroup",
		"events (do_epoll_wait)", "a lock (futex_wait_queue)", "an NFS server (nfs_wait_bit_killable)", "67 more threads",
		"PATH=/usr/bin:/bin", "DB_PASSWORD=(hidden", "postgres://app:(hidden: v shows it)@db/app", "API_TOKEN=", "v hidden values",
	)
	u.seesNot("geheim", "10.0.0.1")
	u.press("v")
	u.sees("DB_PASSWORD=geheim", "postgres://app:geheim@db/app")
	u.press("v")
	u.seesNot("geheim")
	u.press("v", "esc", "enter") // Opened again, the pane hides them again.
	u.seesNot("geheim")
}

// TestDetailUnread checks that what cannot be read is said in words.
func TestDetailUnread(t *testing.T) {
	for name, test := range map[string]struct {
		r    snapshot.Resources
		want []string
	}{
		"another user": {
			snapshot.Resources{EnvironUnread: snapshot.Denied, FilesUnread: snapshot.Denied, Namespaces: snapshot.Namespaces{Unread: snapshot.Denied}, Advice: "run this as its user\x1b or as root"},
			[]string{`not all of it may be read: run this as its user\x1b or as root`, "open      not readable with your rights", "namespace not readable with your rights", "cgroup    unknown"},
		},
		"it blocks":         {snapshot.Resources{EnvironUnread: snapshot.Blocked}, []string{"not read: the process holds the lock of its memory"}},
		"another kernel":    {snapshot.Resources{FilesUnread: snapshot.Unsupported}, []string{"open      unknown: this kernel does not show it"}},
		"nothing":           {snapshot.Resources{}, []string{"open      0", "empty"}},
		"names that attack": {snapshot.Resources{Environ: []string{"\x1b[2J\n=\x07"}, Threads: []snapshot.Thread{{TID: 9, Name: "\x1b[2J", State: 'S', Wchan: "\x1b"}}}, []string{`\x1b[2J\n=\x07`}},
	} {
		u := newUser(t, 110, 80, Options{})
		u.src.resources = &test.r
		u.choose(55).press("enter")
		for _, want := range test.want {
			if !strings.Contains(u.screen(), want) {
				t.Errorf("%s: there is no %q in\n%s", name, want, u.screen())
			}
		}
	}
	full := worker(55)
	full.Files.Total = 1020
	full.Holders = snapshot.Holders{Denied: 3}
	u := newUser(t, 110, 100, Options{})
	u.src.resources = &full
	u.choose(55).press("enter")
	u.sees("which is nearly all", "nobody else here has it open (3 processes may not be looked into)", "1,020 of 1,024 that nofile allows, which is nearly all, of the first 9:")
	u.press("esc").choose(37).press("enter")
	u.sees("A zombie takes no signals")
	u.seesNot("ENVIRONMENT", "THREADS", "FILES")
}

// TestHideSecret checks which values are hidden.
func TestHideSecret(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"PATH", "/bin", "/bin"},
		{"db_password", "x", "(hidden: v shows it)"},
		{"GITHUB_TOKEN", "x", "(hidden: v shows it)"},
		{"AWS_SECRET_ACCESS_KEY", "x", "(hidden: v shows it)"},
		{"GOOGLE_CREDENTIALS", "x", "(hidden: v shows it)"},
		{"TOKEN", "", ""},
		{"URL", "https://example.org/a@b", "https://example.org/a@b"},
		{"URL", "redis://:x@host/0", "redis://:(hidden: v shows it)@host/0"},
		{"URL", "redis://user@host/0", "redis://user@host/0"},
		{"URL", "amqp://a:p/w@h", "amqp://a:(hidden: v shows it)@h"},
	} {
		if got := hideSecret(test.name, test.value); got != test.want {
			t.Errorf("hideSecret(%s, %s) = %q, want %q", test.name, test.value, got, test.want)
		}
	}
}
