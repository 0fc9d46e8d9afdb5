package host

import (
	"os"
	"strconv"
	"time"

	"yinit/procfs"
	"yinit/procfs/passwd"
)

// Users maps user IDs to names, from a passwd file, see passwd(5).
type Users struct {
	path  string
	read  time.Time // modification time of the file when it was read
	names map[uint32]string
}

// NewUsers reads the file at path. A file that cannot be read has no users.
func NewUsers(path string) *Users {
	u := &Users{path: path}
	u.Refresh()
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
