package host

import (
	"os"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/passwd"
)

// Users maps user IDs to names, from a passwd file, see passwd(5).
type Users struct {
	path  string
	text  func() ([]byte, error) // reads the file instead; nil: it is at path
	read  time.Time              // modification time of the file when it was read
	names map[uint32]string
	ids   []IDs // of the user namespace, if it is another one than that of the reader
}

// IDs are a line of uid_map, see user_namespaces(7).
type IDs struct{ Inside, Outside, Count uint32 }

// ParseIDs parses the content of /proc/[pid]/uid_map.
func ParseIDs(b []byte) (all []IDs) {
	for line := range strings.Lines(string(b)) {
		var n [3]uint32
		words := strings.Fields(line)
		for i := 0; i < min(len(words), len(n)); i++ {
			v, err := strconv.ParseUint(words[i], 10, 32)
			if err != nil {
				return all
			}
			n[i] = uint32(v)
		}
		if len(words) == len(n) {
			all = append(all, IDs{n[0], n[1], n[2]})
		}
	}
	return all
}

// Inside returns the user ID in the user namespace for the one that the kernel shows the reader.
func (u *Users) Inside(uid uint32) uint32 {
	for _, r := range u.ids {
		if uid >= r.Outside && uid-r.Outside < r.Count {
			return r.Inside + (uid - r.Outside)
		}
	}
	if len(u.ids) > 0 && uid != procfs.NoID {
		return overflow // as the kernel shows it to a reader inside
	}
	return uid
}

// overflow stands for all IDs that a user namespace does not have, see
// /proc/sys/kernel/overflowuid.
const overflow = 65534

// NewUsers reads the file at path. A file that cannot be read has no users.
func NewUsers(path string) *Users {
	u := &Users{path: path}
	u.Refresh()
	return u
}

// UsersOf returns the users of a passwd file that read returns the content of, once. ids are
// those of its user namespace; nil: it is that of the reader.
func UsersOf(read func() ([]byte, error), ids []IDs) *Users {
	u := &Users{text: read, ids: ids}
	if b, err := read(); err == nil {
		u.names = parseNames(b)
	}
	return u
}

// Name returns the name of uid, or the number if it has no name.
func (u *Users) Name(uid uint32) string {
	if name, ok := u.names[uid]; ok {
		return name
	}
	return strconv.FormatUint(uint64(uid), 10)
}

// Refresh reads the file again if its modification time has changed.
func (u *Users) Refresh() {
	if u.text != nil {
		return
	}
	info, err := os.Stat(u.path)
	if err != nil || info.ModTime().Equal(u.read) {
		return
	}
	b, err := procfs.ReadPath(u.path)
	if err != nil {
		return
	}
	u.read, u.names = info.ModTime(), parseNames(b)
}

func parseNames(b []byte) map[uint32]string {
	names := map[uint32]string{}
	for f := range passwd.Entries(b, 3) {
		uid, err := strconv.ParseUint(f[2], 10, 32)
		if _, seen := names[uint32(uid)]; err == nil && !seen {
			names[uint32(uid)] = f[0]
		}
	}
	return names
}
