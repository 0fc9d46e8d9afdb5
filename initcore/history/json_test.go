package history

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestJSONLine(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain <&> ü", `{"a":"plain <&> ü"}`},
		{"\x1b[31m\n", `{"a":"\u001b[31m\n"}`},
		{"\u009b1m\u202e\u007f", `{"a":"\u009b1m\u202e\u007f"}`},
		{"\xff", `{"a":"\ufffd"}`},
		{"\xed\xa0\x80", `{"a":"\ufffd\ufffd\ufffd"}`}, // a surrogate in UTF-8
		{"\u05d0\u0661 x", `{"a":"\u05d0\u0661 x"}`},
		{"\U0001e900\U000e0041", `{"a":"\ud83a\udd00\udb40\udc41"}`},
	} {
		got := JSONLine(map[string]string{"a": tt.in})
		if got != tt.want {
			t.Errorf("JSONLine(%q) = %s, want %s", tt.in, got, tt.want)
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(got), &back); err != nil || utf8.ValidString(tt.in) && back["a"] != tt.in {
			t.Errorf("JSONLine(%q) comes back as %q, %v", tt.in, back["a"], err)
		}
	}
}

// TestJSONRecord: the fields are a promise, and a zombie record has the same as the
// exit record of the process.
func TestJSONRecord(t *testing.T) {
	rec := Record{
		Seq: 7, Time: time.UnixMilli(1).UTC(), Kind: KindZombie, PID: 40, PPID: 11, Parent: "gunicorn", OriginPPID: 11,
		Comm: "git", Cmdline: "git repack", UID: 5, Known: true, Status: 5 << 8, ZombieFor: 10*time.Second + 4*time.Millisecond, Text: "why",
	}
	const process = `"pid":40,"ppid":11,"parent":"gunicorn","origin_ppid":11,"comm":"git","cmdline":"git repack","uid":5,"text":"why",`
	killed, unknown, ended, memory, general := rec, rec, rec, rec, rec
	killed.Status, unknown.Known = 9, false
	ended.Kind, memory.Kind = KindExit, KindOOM
	general.Kind, general.PID, general.Comm = KindOOM, 0, ""
	for want, r := range map[string]Record{
		`"zombie",` + process + `"code":5,"signal":"","core":false,"known":true,"zombie_ms":10004,"ended":"exited 5"}`:                   rec,
		`"zombie",` + process + `"code":137,"signal":"SIGKILL","core":false,"known":true,"zombie_ms":10004,"ended":"killed by SIGKILL"}`: killed,
		`"zombie",` + process + `"code":0,"signal":"","core":false,"known":false,"zombie_ms":10004,"ended":"exit status unknown"}`:       unknown,
		`"exit",` + process + `"code":5,"signal":"","core":false,"known":true,"reaped_by":"gunicorn",` +
			`"runtime_ms":0,"cpu_ms":0,"maxrss_kb":0,"zombie_ms":10004,"ended":"exited 5","reaper":"11 (gunicorn)"}`: ended,
		`"oom","pid":40,"comm":"git","text":"why"}`: memory,
		`"oom","text":"why"}`:                       general,
	} {
		want = `{"seq":7,"time":"1970-01-01T00:00:00.001Z","kind":` + want
		if got := r.JSON(); got != want {
			t.Errorf("JSON of %v\n got %s\nwant %s", r.Kind, got, want)
		}
	}
}

// TestJSONOfBytes: a name that is not UTF-8 is replaced, and its bytes are in another field.
func TestJSONOfBytes(t *testing.T) {
	const name = "a\xff\xed\xb3\xbf" + "\x1b"
	for _, r := range []Record{
		{Kind: KindExit, Comm: name, Cmdline: "x" + name, Parent: "y" + name},
		{Kind: KindSignal, Signal: 1, PID: 9, Comm: name},
		{Kind: KindOOM, PID: 9, Comm: name},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(r.JSON()), &got); err != nil {
			t.Fatalf("%s: %v", r.JSON(), err)
		}
		for field, want := range map[string]string{"comm": r.Comm, "cmdline": r.Cmdline, "parent": r.Parent, "sender": r.Comm} {
			if _, ok := got[field]; !ok {
				continue
			}
			if b, err := hex.DecodeString(fmt.Sprint(got[field+"_hex"])); err != nil || string(b) != want {
				t.Errorf("%v: %s_hex is %q, %v, want %q", r.Kind, field, b, err, want)
			}
		}
	}
	r := Record{Kind: KindExit, Comm: "für", Cmdline: "世界", Parent: "\ufffd"}
	if line := r.JSON(); strings.Contains(line, "_hex") {
		t.Errorf("%s has hexadecimal fields, want none", line)
	}
}

// TestJSONIsDocumented: docs/json.md describes each field, and no other.
func TestJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## `yinit history --json`\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]bool{}
	for line := range strings.Lines(section) {
		if field, ok := strings.CutPrefix(line, "| `"); ok {
			field, _, _ = strings.Cut(field, "`")
			documented[field] = true
		}
	}
	found := map[string]bool{}
	for kind := KindStart; kind <= KindNote; kind++ {
		r := full
		r.Kind, r.Run = kind, 2
		if kind == KindSignal {
			r.Signal, r.Passed, r.Count = 1, 2, 3
		}
		if kind == KindStart {
			r.StopSignal = 3
		}
		r.Accounted, r.Renamed, r.Inspector, r.Foreign = kind == KindExit, true, kind != KindSignal, true
		r.Warning = kind == KindNote
		adopted := Record{Kind: kind, PPID: 12, OriginPPID: 11}
		for _, line := range []string{r.JSON(), adopted.JSON()} {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			for field := range fields {
				found[field] = true
			}
		}
	}
	if diff := cmp.Diff(documented, found); diff != "" {
		t.Errorf("the fields in docs/json.md, -documented +in the JSON:\n%s", diff)
	}
}

func TestJSONOfSignals(t *testing.T) {
	for _, tt := range []struct {
		code, pid int
		comm      string
		want      string
	}{
		{0, 18, "sh", `"sender_pid":18,"sender_uid":0,"sender":"sh","action":"forwarded","to":[7],"origin":"process","si_code":0,"from":"pid 18 (sh)"`},
		{-1, 18, "sh", `"sender_pid":18,"sender_uid":0,"sender":"sh","action":"forwarded","to":[7],"origin":"claimed","si_code":-1,"from":"pid 18 (sh), as claimed"`},
		{0, 0, "", `"sender_pid":0,"sender_uid":0,"sender":"outside the container","action":"forwarded","to":[7],"origin":"outside","si_code":0,"from":"outside the container"`},
		{0x80, 0, "", `"sender_pid":0,"sender_uid":0,"sender":"kernel","action":"forwarded","to":[7],"origin":"kernel","si_code":128,"from":"the kernel (timer)"`},
		{0, -1, "", `"sender_pid":-1,"sender_uid":0,"sender":"unknown","action":"forwarded","to":[7],"origin":"unknown","si_code":0,"from":"an unknown sender"`},
	} {
		r := Record{Seq: 7, Time: time.UnixMilli(1), Kind: KindSignal, Signal: 14, Passed: 14, Code: tt.code, PID: tt.pid, Comm: tt.comm, Action: ActionForwarded, To: []int{7}}
		want := `{"seq":7,"time":"1970-01-01T00:00:00.001Z","kind":"signal","signal":"SIGALRM",` + tt.want + `,"outcome":"forwarded to 7"}`
		if got := r.JSON(); got != want {
			t.Errorf("JSON of a signal\n got %s\nwant %s", got, want)
		}
	}
}

// TestCutsWholeCharacters: a text that is too long for its record does not end within a
// character, or JSON would take it for one that is not UTF-8.
func TestCutsWholeCharacters(t *testing.T) {
	for shift := range 3 {
		long := strings.Repeat("x", shift) + strings.Repeat("世", 200)
		for name, r := range map[string]Record{
			"command line":  {Kind: KindStart, Cmdline: long},
			"text":          {Kind: KindNote, Text: long},
			"both":          {Kind: KindExit, Cmdline: long, Text: long},
			"not cut there": {Kind: KindStart, Cmdline: "\xe4\xb8"},
		} {
			var b [recordSize]byte
			encode(b[:], &r, 1, 1)
			got, ok := decode(b[:], 1)
			if !ok || name != "not cut there" && (!utf8.ValidString(got.Cmdline) || !utf8.ValidString(got.Text) || len(got.Cmdline+got.Text) < maxPayload-4) {
				t.Errorf("%s: decoded %v, %q and %q; want them shorter and whole", name, ok, got.Cmdline, got.Text)
			}
			if name == "not cut there" && got.Cmdline != r.Cmdline {
				t.Errorf("%s: decoded %q, want %q", name, got.Cmdline, r.Cmdline)
			}
		}
	}
}
