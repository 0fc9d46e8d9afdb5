package procfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestParseFileLink(t *testing.T) {
	for link, want := range map[string]procfs.OpenFile{
		"pipe:[4711]":                 {Kind: procfs.FilePipe, Name: "pipe", Inode: 4711},
		"socket:[12]":                 {Kind: procfs.FileSocket, Name: "socket", Inode: 12},
		"net:[4026531840]":            {Kind: procfs.FileNamespace, Name: "net", Inode: 4026531840},
		"pidfd:[7]":                   {Name: "pidfd", Inode: 7},
		"anon_inode:[eventpoll]":      {Name: "eventpoll"},
		"anon_inode:inotify":          {Name: "inotify"},
		"/memfd:ring (deleted)":       {Kind: procfs.FileMemory, Name: "ring"},
		"/memfd:ring":                 {Kind: procfs.FilePath, Name: "/memfd:ring"},
		"/tmp/x (deleted)":            {Kind: procfs.FilePath, Name: "/tmp/x", Deleted: true},
		"/dev/pts/3":                  {Kind: procfs.FileTerminal, Name: "/dev/pts/3"},
		"/dev/console":                {Kind: procfs.FileTerminal, Name: "/dev/console"},
		"/dev/pts/ptmx":               {Kind: procfs.FileDevice, Name: "/dev/pts/ptmx"},
		"/dev/null":                   {Kind: procfs.FileDevice, Name: "/dev/null"},
		"/dev/shm/a":                  {Kind: procfs.FilePath, Name: "/dev/shm/a"},
		"pipe:[x]":                    {Name: "pipe:[x]"},
		"pipe:[1":                     {Name: "pipe:[1"},
		"pipe:[18446744073709551616]": {Name: "pipe:[18446744073709551616]"},
		"":                            {},
		"\x1b[2Jpipe:[1]":             {Kind: procfs.FileNamespace, Name: "\x1b[2Jpipe", Inode: 1},
	} {
		want.Link = link
		if got := procfs.ParseFileLink(link); got != want {
			t.Errorf("ParseFileLink(%q) = %+v, want %+v", link, got, want)
		}
	}
}

// TestOpenFilesOfItself opens a file of each kind and finds it.
func TestOpenFilesOfItself(t *testing.T) {
	var proc procfs.FS
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	defer w.Close()
	gone, err := os.Create(filepath.Join(t.TempDir(), "gone"))
	check(t, err)
	defer gone.Close()
	check(t, os.Remove(gone.Name()))
	memory, err := unix.MemfdCreate("a name", unix.MFD_CLOEXEC)
	check(t, err)
	defer unix.Close(memory)
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	check(t, err)
	defer unix.Close(event)
	null, err := os.Open("/dev/null")
	check(t, err)
	defer null.Close()

	files, total, err := proc.OpenFiles(os.Getpid(), 1000)
	check(t, err)
	if total < len(files) || total < 6 {
		t.Errorf("there are %d of %d files", len(files), total)
	}
	for fd, want := range map[int]procfs.OpenFile{
		int(r.Fd()):    {Kind: procfs.FilePipe},
		int(gone.Fd()): {Kind: procfs.FilePath, Deleted: true},
		memory:         {Kind: procfs.FileMemory},
		event:          {Kind: procfs.FileOther},
		int(null.Fd()): {Kind: procfs.FileDevice},
	} {
		i := slices.IndexFunc(files, func(f procfs.OpenFile) bool { return f.FD == fd })
		if i < 0 || files[i].Kind != want.Kind || files[i].Deleted != want.Deleted {
			t.Errorf("descriptor %d: %d in %+v, want %+v", fd, i, files, want)
		}
	}
	for fd, want := range map[int]procfs.FileAccess{int(r.Fd()): procfs.FileReads, int(w.Fd()): procfs.FileWrites, memory: procfs.FileReads | procfs.FileWrites} {
		if got, err := proc.FileAccess(os.Getpid(), fd); err != nil || got != want {
			t.Errorf("FileAccess of descriptor %d = %d, %v, want %d", fd, got, err, want)
		}
	}
	one, err := proc.FileID(os.Getpid(), int(r.Fd()))
	check(t, err)
	other, err := proc.FileID(os.Getpid(), int(w.Fd()))
	if check(t, err); one != other || one.Inode == 0 {
		t.Errorf("the two ends of a pipe are %v and %v", one, other)
	}
	if few, all, err := proc.OpenFiles(os.Getpid(), 2); err != nil || len(few) != 2 || all < 6 {
		t.Errorf("of at most 2 files there are %d of %d, %v", len(few), all, err)
	}
}

func TestOpenFilesErrors(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Comm: "job"})
	tree.Link("7/fd/0", "/dev/pts/0")
	tree.Link("7/fd/nonsense", "/dev/pts/0")
	if files, total, err := tree.FS().OpenFiles(7, 10); err != nil || total != 1 || len(files) != 1 {
		t.Errorf("OpenFiles = %+v, %d, %v", files, total, err)
	}
	if _, _, err := tree.FS().OpenFiles(8, 10); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of a process that does not exist: %v", err)
	}
	for _, text := range []string{"", "pos:\t0\n", "flags:\t9\n", "flags:\n"} {
		if _, err := procfs.ParseFileAccess([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseFileAccess(%q): %v", text, err)
		}
	}
	if os.Getuid() != 0 {
		if _, _, err := (procfs.FS{}).OpenFiles(1, 10); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("of PID 1, as another user: %v", err)
		}
	}
}

// TestListenersOfItself listens on a socket of each family, and finds it by its inode.
func TestListenersOfItself(t *testing.T) {
	var proc procfs.FS
	path := filepath.Join(t.TempDir(), "a socket")
	want := map[string]bool{path + " unix": false}
	var open []interface{ Close() error }
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		if l, err := net.Listen("tcp", address); err == nil { // There may be no IPv6.
			want[l.Addr().String()+" tcp"] = false
			open = append(open, l)
		}
		if c, err := net.ListenPacket("udp", address); err == nil {
			want[c.LocalAddr().String()+" udp"] = false
			open = append(open, c)
		}
	}
	l, err := net.Listen("unix", path)
	check(t, err)
	open = append(open, l)
	for _, c := range open {
		defer c.Close()
	}
	found := proc.Listeners(os.Getpid())
	files, _, err := proc.OpenFiles(os.Getpid(), 1000)
	check(t, err)
	for _, f := range files {
		if address := found[f.Inode]; f.Kind == procfs.FileSocket && address != "" {
			want[address] = true
		}
	}
	for address, ok := range want {
		if !ok {
			t.Errorf("%s is not among the listening sockets %v", address, found)
		}
	}
}

// TestListenersOfOthers checks addresses, and lines that are no listening sockets.
func TestListenersOfOthers(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Comm: "job"})
	line := func(address, state string, inode int) string {
		return fmt.Sprintf("   0: %s 00000000:0000 %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0 100 0 0 10 0\n", address, state, inode)
	}
	title := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	tree.File("7/net/tcp", title+line("0100007F:1F90", "0A", 1)+line("0100007F:1F91", "01", 2)+line("0100007F:XXXX", "0A", 3)+line("01:0001", "0A", 4)+
		strings.TrimSuffix(line("00000000:0050", "0A", 5), "\n"))
	tree.File("7/net/tcp6", title+line("00000000000000000000000000000000:0050", "0A", 6)+line("0000000000000000FFFF00000100007F:0051", "0A", 7)+
		line("B80D0120000000000000000001000000:0052", "0A", 8)+line("B80D0120010000000200000001000300:0053", "0A", 9))
	tree.File("7/net/udp", title+line("00000000:0035", "07", 10)+line("00000000:0036", "01", 11))
	tree.File("7/net/unix", "Num       RefCount Protocol Flags    Type St Inode Path\n"+
		"0000000000000000: 00000002 00000000 00010000 0001 01    12 /run/a b.sock\n"+
		"0000000000000000: 00000002 00000000 00010000 0001 01    13\n"+
		"0000000000000000: 00000003 00000000 00000000 0001 03    14 /run/connected\n"+
		"0000000000000000: 00000002 00000000 00010000\n")
	got := tree.FS().Listeners(7)
	want := map[uint64]string{
		1: "127.0.0.1:8080 tcp", 6: "[::]:80 tcp", 7: "[::ffff:127.0.0.1]:81 tcp", 8: "[2001:db8::1]:82 tcp", 9: "[2001:db8:0:1:0:2:3:1]:83 tcp",
		10: "0.0.0.0:53 udp", 12: "/run/a b.sock unix", 13: "(no name) unix",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Listeners =\n%v, want\n%v", got, want)
	}
	if got := tree.FS().Listeners(8); len(got) != 0 {
		t.Errorf("Listeners of a process that does not exist = %v", got)
	}
}

func TestResourceLimitsOfItself(t *testing.T) {
	var proc procfs.FS
	var limit unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	limits, err := proc.ResourceLimits(os.Getpid())
	check(t, err)
	i := slices.IndexFunc(limits, func(l procfs.ResourceLimit) bool { return l.Name == "nofile" })
	if i < 0 || limits[i].Soft != limit.Cur || limits[i].Hard != limit.Max || len(limits) != 16 {
		t.Errorf("nofile is %d in %+v, want %+v", i, limits, limit)
	}
	if _, most, err := proc.QueuedSignals(os.Getpid()); err != nil || most == 0 {
		t.Errorf("QueuedSignals: at most %d, %v", most, err)
	}
	for _, text := range []string{"", "SigQ:\n", "SigQ:\t3\n", "SigQ:\t3/\n", "SigQ:\t-1/3\n"} {
		if _, _, err := procfs.ParseQueuedSignals([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseQueuedSignals(%q): %v", text, err)
		}
	}
	if _, err := procfs.ParseResourceLimits([]byte("Limit   Soft Limit\nMax open files 10\n")); !errors.Is(err, procfs.ErrFormat) {
		t.Errorf("of a line that is cut short: %v", err)
	}
}

func TestNamespacesOfItself(t *testing.T) {
	var proc procfs.FS
	all, err := proc.Namespaces(os.Getpid())
	check(t, err)
	want, err := os.Readlink("/proc/self/ns/mnt")
	check(t, err)
	if !slices.Contains(all, procfs.Namespace{Kind: "mnt", ID: want}) || len(all) < 6 {
		t.Errorf("Namespaces = %v, want mnt as %s", all, want)
	}
	if _, err := proc.Namespaces(1 << 30); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of a process that does not exist: %v", err)
	}
	if paths, err := proc.CgroupPaths(os.Getpid()); err != nil || len(paths) == 0 || !strings.HasPrefix(paths[0].Path, "/") {
		t.Errorf("CgroupPaths = %v, %v", paths, err)
	}
	got := procfs.ParseCgroupPaths([]byte("12:cpu,cpuacct:/a:b\n0::/x\nnonsense\n:\n"))
	if fmt.Sprint(got) != "[{cpu,cpuacct /a:b} { /x}]" {
		t.Errorf("ParseCgroupPaths = %v", got)
	}
}

// FuzzDetails feeds the parsers of the details with any text.
func FuzzDetails(f *testing.F) {
	f.Add("pipe:[4711]", "flags:\t0100002\n", "SigQ:\t3/127415\n", "0::/a\n")
	f.Add("/memfd:a (deleted)", "flags:\t0\n", "Max open files            1024                 524288               files     \n", "1:a:/\n")
	f.Fuzz(func(t *testing.T, link, info, lines, groups string) {
		if file := procfs.ParseFileLink(link); file.Link != link || file.Kind > procfs.FileNamespace || len(file.Name) > len(link) {
			t.Errorf("ParseFileLink(%q) = %+v", link, file)
		}
		if a, err := procfs.ParseFileAccess([]byte(info)); (err == nil) != (a != 0) {
			t.Errorf("ParseFileAccess(%q) = %d, %v", info, a, err)
		}
		if queued, most, err := procfs.ParseQueuedSignals([]byte(lines)); err != nil && (queued != 0 || most != 0 || !errors.Is(err, procfs.ErrFormat)) {
			t.Errorf("ParseQueuedSignals(%q) = %d, %d, %v", lines, queued, most, err)
		}
		if limits, err := procfs.ParseResourceLimits([]byte(lines)); (err == nil) != (len(limits) > 0) {
			t.Errorf("ParseResourceLimits(%q) = %v, %v", lines, limits, err)
		}
		for _, g := range procfs.ParseCgroupPaths([]byte(groups)) {
			if strings.Contains(g.Controllers, ":") || len(g.Path) > len(groups) {
				t.Errorf("ParseCgroupPaths(%q) has %+v", groups, g)
			}
		}
	})
}
