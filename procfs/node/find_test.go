package node

import (
	"slices"
	"strings"
	"testing"

	"yinit/procfs/container"
)

// TestChoose: which containers a name may mean.
func TestChoose(t *testing.T) {
	one := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	two := "0123fedcba9876540123fedcba9876540123fedcba9876540123fedcba987654"
	all := []candidate{
		{Names: container.Names{ID: one, Name: "web"}, ns: "pid:[1]", pid: 10},
		{Names: container.Names{ID: two, Name: "web-2"}, ns: "pid:[2]", pid: 20},
		{Names: container.Names{ID: "s", Pod: "shop", PodNS: "prod", Sandbox: true}, ns: "pid:[3]", pid: 30},
		{Names: container.Names{ID: "a", Pod: "shop", PodNS: "prod", Name: "app"}, ns: "pid:[4]", pid: 40},
		{Names: container.Names{ID: "d", Pod: "data", PodNS: "prod", Name: "app"}, ns: "pid:[5]", pid: 50},
		{Names: container.Names{ID: "e", Pod: "data", PodNS: "prod", Name: "side"}, ns: "pid:[5]", pid: 60},
		{Names: container.Names{ID: "f", Pod: "two", PodNS: "prod", Name: "x"}, ns: "pid:[6]", pid: 70},
		{Names: container.Names{ID: "g", Pod: "two", PodNS: "prod", Name: "y"}, ns: "pid:[7]", pid: 80},
	}
	for which, want := range map[string][]int{
		"web": {10}, "web-2": {20}, "we": nil, one: {10}, one[:12]: {10}, "0123f": {20}, "0123": {10, 20}, "": nil,
		"shop": {40}, "prod/shop": {40}, "shop/app": {40}, "prod/shop/app": {40}, "prod/shop/(sandbox)": {30},
		"data": {50}, "app": {40, 50}, "data/side": {60}, "side": {60}, "two": {70, 80}, "none": nil,
	} {
		found, fits := choose(all, which)
		var got []int
		if found != nil {
			got = []int{found.pid}
		}
		for _, c := range fits {
			got = append(got, c.pid)
		}
		if !slices.Equal(got, want) {
			t.Errorf("choose(%q) = %v, want %v", which, got, want)
		}
	}
	if got := naming(all[:2]); got != "web (0123456789ab), web-2 (0123fedcba98)" {
		t.Errorf("naming: %q", got)
	}
}

// TestPlain: a shell may expand what completion offers.
func TestPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"web-1": true, "shop/web/app": true, "a_b.c": true, "": false, "-x": false, "a b": false, "$(id)": false, "a;b": false, "`id`": false, "a\n": false, "é": false,
	} {
		if got := plain(name); got != want {
			t.Errorf("plain(%q) = %t", name, got)
		}
	}
}

// TestContainerTarget: what an advice calls a container, --target finds, and a shell reads as it is.
func TestContainerTarget(t *testing.T) {
	id := strings.Repeat("a1", 32)
	for name, tt := range map[string]struct {
		names container.Names
		want  string
	}{
		"name":            {container.Names{Name: "web", ID: id}, "web"},
		"pod":             {container.Names{Name: "app", Pod: "web-5d4f", PodNS: "shop", ID: id}, "shop/web-5d4f/app"},
		"sandbox":         {container.Names{Pod: "web-5d4f", PodNS: "shop", Sandbox: true, ID: id}, id[:12]},
		"number":          {container.Names{Name: "42", ID: id}, id[:12]},
		"hostile":         {container.Names{Name: "$(reboot)", ID: id}, id[:12]},
		"id":              {container.Names{ID: id}, id[:12]},
		"id of digits":    {container.Names{ID: strings.Repeat("12", 32)}, "17"},
		"nothing":         {container.Names{}, "17"},
		"hostile, no id":  {container.Names{Name: "a b"}, "17"},
		"looks an option": {container.Names{Name: "--root"}, "17"},
	} {
		if got := (&Container{Names: tt.names, PID: 17}).Target(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestNameless: a container without a readable name may be the one that the user means.
func TestNameless(t *testing.T) {
	named := candidate{Names: container.Names{ID: "1c085ff725dd", Name: "web"}}
	unnamed := candidate{Names: container.Names{ID: "614affb87518"}}
	namespace := candidate{ns: "pid:[4026532544]"}
	if got := nameless([]candidate{named, namespace}); got != "" {
		t.Errorf("nameless: %q, want nothing", got)
	}
	const want = "; the names of 1 cannot be read: "
	if got := nameless([]candidate{named, unnamed, namespace}); !strings.HasPrefix(got, want) {
		t.Errorf("nameless: %q, want %q", got, want)
	}
}
