package procfs

import (
	"os"
	"strings"
	"testing"
)

func TestContainerKey(t *testing.T) {
	a, b := strings.Repeat("a1", 32), strings.Repeat("b2", 32)
	for path, want := range map[string]string{
		"12:pids:/docker/" + a + "\n0::/\n":         a,
		"0::/system.slice/docker-" + a + ".scope\n": a,
		"0::/../docker-" + a + ".scope\n":           a,
		"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8f2b.slice/cri-containerd-" + b + ".scope\n": b,
		"0::/kubepods/besteffort/pod8f2b/" + b + "\n":                                                                   b,
		"0::/machine.slice/libpod-" + b + ".scope/container\n":                                                          b,
		"0::/docker/" + a + "/docker/" + b + "\n":                                                                       b, // nested
		"0::/docker/" + a + "/system.slice/init.scope\n":                                                                a,
		"1:name=systemd:/\n0::/\n":                                                                                      "",
		"0::/user.slice/user-1000.slice/session-1.scope\n":                                                              "",
		"0::/docker/" + strings.ToUpper(a) + "\n":                                                                       "",
		"0::/docker/" + a[1:] + "\n":                                                                                    "",
		"garbage":                                                                                                       "",
		"":                                                                                                              "",
	} {
		if got := (ContainerKey{cgroups: path}).ID(); got != want {
			t.Errorf("ID of %q = %q, want %q", path, got, want)
		}
	}
	inA, inB := "0::/docker/"+a+"\n", "0::/docker/"+b+"\n"
	for _, c := range []struct {
		name        string
		x, y        ContainerKey
		same, known bool
	}{
		{"docker exec", ContainerKey{"m1", inA}, ContainerKey{"m1", inA}, true, true},
		{"docker exec, another user", ContainerKey{"m1", inA}, ContainerKey{"", inA}, true, true},
		{"--pid=container", ContainerKey{"m1", inA}, ContainerKey{"m2", inB}, false, true},
		{"--pid=container, another user", ContainerKey{"m1", inA}, ContainerKey{"", inB}, false, true},
		{"systemd moved PID 1", ContainerKey{"m1", "0::/init.scope\n"}, ContainerKey{"m1", "0::/\n"}, true, true},
		{"docker exec unshare --mount", ContainerKey{"m1", inA}, ContainerKey{"m2", inA}, true, true},
		{"nsenter --pid from the host", ContainerKey{"m1", "0::/\n"}, ContainerKey{"m2", "0::/\n"}, false, true},
		{"a cgroup namespace of its own", ContainerKey{"m1", "0::/\n"}, ContainerKey{"", "0::/../" + b + "\n"}, false, true},
		{"nothing may be read", ContainerKey{"m1", inA}, ContainerKey{}, false, false},
	} {
		for range 2 {
			if same, known := c.x.Same(c.y); same != c.same || known != c.known {
				t.Errorf("%s: Same = %t, %t, want %t, %t", c.name, same, known, c.same, c.known)
			}
			c.x, c.y = c.y, c.x
		}
	}
	if same, known := (FS{}).ContainerKey(os.Getpid()).Same(FS{}.ContainerKey(os.Getpid())); !same || !known {
		t.Errorf("this process and itself: %t, %t", same, known)
	}
}
