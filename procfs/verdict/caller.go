package verdict

import (
	"bytes"
	"os"

	"yinit/procfs"
)

// Caller is who would send a signal. The zero value is nobody of whom anything
// is known; [Anyone] may signal everybody.
type Caller struct {
	PID     int
	Session int       // 0: its leader is outside the PID namespace of /proc
	UID     [4]uint32 // as in [procfs.Status.UID]
	CapEff  uint64
	// Depth is in how many PID namespaces the caller has a pid, from that of
	// /proc inwards: 1 if it lives in that one. 0: unknown.
	Depth int
	// AllIDs says that the caller's user namespace has a number for every user.
	// Otherwise the overflow uid stands for many of them.
	AllIDs bool
	// May says that nothing forbids it to send.
	May bool
}

// Anyone is a caller in the PID namespace of /proc who may signal every process
// there.
func Anyone() Caller {
	return Caller{UID: [4]uint32{procfs.NoID, procfs.NoID, procfs.NoID, procfs.NoID}, Depth: 1, May: true}
}

// Self is the process that reads fs, from the directory self. It fails in a fake
// tree, and where the caller is in another PID namespace than the one that fs shows.
func Self(fs procfs.FS) (Caller, error) {
	status, err := os.ReadFile(fs.Root() + "/self/status")
	if err != nil {
		return Caller{}, err
	}
	st, err := procfs.ParseStatus(status)
	if err != nil {
		return Caller{}, err
	}
	line, err := os.ReadFile(fs.Root() + "/self/stat")
	if err != nil {
		return Caller{}, err
	}
	stat, err := procfs.ParseStat(line)
	if err != nil {
		return Caller{}, err
	}
	c := Caller{PID: st.PID, Session: stat.Session, UID: st.UID, CapEff: st.CapEff, Depth: len(st.NSpid)}
	if b, err := os.ReadFile(fs.Root() + "/self/uid_map"); err == nil {
		c.AllIDs = ParseUIDMap(b)
	}
	return c, nil
}

// ParseUIDMap reports whether the content of /proc/[pid]/uid_map is one line that
// maps all users, as outside of user namespaces, see user_namespaces(7).
func ParseUIDMap(b []byte) (all bool) {
	words := bytes.Fields(b)
	return len(words) == 3 && string(words[0]) == "0" && string(words[2]) == "4294967295"
}

// overflowUID stands for users that a user namespace has no number for, see
// /proc/sys/kernel/overflowuid. It is also that of nobody.
const overflowUID = 65534

// capKill is the bit of CAP_KILL, see capabilities(7).
const capKill = 1 << 5

// may is the rule of kill(2), "For a process to have permission to send a
// signal", for signal n.
func (c *Caller) may(t *Target, n int) Answer {
	if c.May || c.PID != 0 && c.PID == t.ID.PID {
		return Yes
	}
	may := t.Permitted
	if may == Unknown {
		may = c.mayByID(t)
	}
	if may != Yes && n == sigCont {
		switch {
		case c.Session != 0 && c.Session == t.Session:
			return Yes
		case c.Session == 0 && t.Session == 0: // Both leaders are outside: one or two?
			return Unknown
		}
	}
	return may
}

// mayByID compares users, and then capabilities.
func (c *Caller) mayByID(t *Target) Answer {
	for _, ours := range [...]uint32{c.UID[procfs.Effective], c.UID[procfs.Real]} {
		for _, theirs := range [...]uint32{t.UID[procfs.Real], t.UID[procfs.Saved]} {
			switch {
			case ours == procfs.NoID || theirs == procfs.NoID:
				return Unknown
			case ours != theirs:
			case ours == overflowUID && !c.AllIDs:
				return Unknown
			default:
				return Yes
			}
		}
	}
	able := c.CapEff&capKill != 0
	switch t.UserNS {
	case KinOwned:
		return Yes
	case KinSame, KinBelow:
		return answer(able)
	case KinOutside:
		return No
	case KinDenied:
		if able {
			return Unknown
		}
		return No // An owner of the namespace could have looked.
	default:
		return Unknown
	}
}

// inside reports whether the caller has a pid in the PID namespace that t is in.
// If not, it is in one above it.
func (c *Caller) inside(t *Target) Answer {
	switch {
	case len(t.NSpid) == 1 || t.ID.PID == 1:
		return Yes // The namespace of /proc, and c is in it or below.
	case c.Depth == 1:
		return No
	default:
		return Unknown
	}
}
