package verdict

import (
	"bytes"

	"yinit/procfs"
)

// Caller is the process that would send a signal. Nothing is known of the zero
// value; [Anyone] may signal every process.
type Caller struct {
	PID     int       // 0: unknown
	Session int       // session ID; 0: its leader is outside the PID namespace of /proc
	UID     [4]uint32 // as in [procfs.Status.UID]
	CapEff  uint64    // effective capabilities, see capabilities(7)
	// Depth is the number of PID namespaces in which the caller has a pid, counted
	// from the namespace of /proc downwards: 1 if the caller is in that one. 0:
	// unknown.
	Depth int
	// Above says that the caller is in a PID namespace above that of /proc. It may end PID 1
	// there, see pid_namespaces(7).
	Above bool
	// AllIDs says that the caller's user namespace maps all uids. Otherwise the
	// overflow uid may stand for any uid that is not mapped.
	AllIDs bool
	// Unrestricted says that the caller may signal every process.
	Unrestricted bool
}

// Anyone returns a caller in the PID namespace of /proc that may signal every
// process there.
func Anyone() Caller {
	return Caller{UID: [4]uint32{procfs.NoID, procfs.NoID, procfs.NoID, procfs.NoID}, Depth: 1, Unrestricted: true}
}

// Self reads the caller from the directory self of fs. It fails if fs has none: in
// a fake tree, and where the calling process is outside the PID namespace of fs.
func Self(fs procfs.FS) (Caller, error) {
	status, err := fs.ReadFile("self/status")
	if err != nil {
		return Caller{}, err
	}
	st, err := procfs.ParseStatus(status)
	if err != nil {
		return Caller{}, err
	}
	line, err := fs.ReadFile("self/stat")
	if err != nil {
		return Caller{}, err
	}
	stat, err := procfs.ParseStat(line)
	if err != nil {
		return Caller{}, err
	}
	c := Caller{PID: st.PID, Session: stat.Session, UID: st.UID, CapEff: st.CapEff, Depth: len(st.NSpid)}
	if b, err := fs.ReadFile("self/uid_map"); err == nil {
		c.AllIDs = ParseUIDMap(b)
	}
	return c, nil
}

// ParseUIDMap reports whether the content of /proc/[pid]/uid_map is one line that
// maps all uids, as in the initial user namespace, see user_namespaces(7).
func ParseUIDMap(b []byte) (all bool) {
	words := bytes.Fields(b)
	return len(words) == 3 && string(words[0]) == "0" && string(words[2]) == "4294967295"
}

// overflowUID stands for every uid that a user namespace does not map, see
// /proc/sys/kernel/overflowuid. It is also the uid of the user nobody.
const overflowUID = 65534

// capKill is the bit of CAP_KILL, see capabilities(7).
const capKill = 1 << 5

// may reports whether c may send signal n to t, by the rule of kill(2), "For a
// process to have permission to send a signal".
func (c *Caller) may(t *Target, n int) Answer {
	if c.Unrestricted || c.PID != 0 && c.PID == t.ID.PID {
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
		case c.Session == 0 && t.Session == 0: // Both leaders are outside: the same one or not?
			return Unknown
		}
	}
	return may
}

// mayByID compares user IDs, then capabilities.
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
	case NSOwned:
		return Yes
	case NSSame, NSBelow:
		return answer(able)
	case NSOutside:
		return No
	case NSDenied:
		if able {
			return Unknown
		}
		return No // The owner of the namespace could have read it.
	default:
		return Unknown
	}
}

// inside reports whether the caller has a pid in the PID namespace of t. If not, it
// is in an ancestor of that namespace.
func (c *Caller) inside(t *Target) Answer {
	switch {
	case c.Above:
		return No
	case len(t.NSpid) == 1 || t.ID.PID == 1:
		return Yes // t is in the namespace of /proc; c is in it or below.
	case c.Depth == 1:
		return No
	default:
		return Unknown
	}
}
