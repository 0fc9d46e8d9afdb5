package procfs

import "bytes"

// Caller is who would send a signal. The zero value is nobody of whom anything
// is known; [Anyone] may signal everybody.
type Caller struct {
	PID     int
	Session int       // 0: its leader is outside the PID namespace of /proc
	UID     [4]uint32 // as in [Status.UID]
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
	return Caller{UID: [4]uint32{NoID, NoID, NoID, NoID}, Depth: 1, May: true}
}

// Caller is the process that reads, from the directory self.
func (f FS) Caller() (Caller, error) {
	at := place{name: "self/status"}
	var st Status
	if _, err := f.status(at, &st, make([]byte, 0, smallFile)); err != nil {
		return Caller{}, err
	}
	at.name = "self/stat"
	b, err := f.read(at, make([]byte, 0, 1024), maxFile)
	if err != nil {
		return Caller{}, err
	}
	stat, err := ParseStat(b)
	if err != nil {
		return Caller{}, f.wrap(at, err)
	}
	c := Caller{PID: st.PID, Session: stat.Session, UID: st.UID, CapEff: st.CapEff, Depth: len(st.NSpid)}
	if b, err := f.read(place{name: "self/uid_map"}, nil, smallFile); err == nil {
		c.AllIDs = ParseUIDMap(b)
	}
	return c, nil
}

// ParseUIDMap reports whether the content of /proc/[pid]/uid_map is one line that
// maps all users, as outside of user namespaces, see user_namespaces(7).
func ParseUIDMap(b []byte) (all bool) {
	inside, rest := nextField(bytes.TrimSuffix(b, []byte{'\n'}))
	_, rest = nextField(rest)
	length, rest := nextField(rest)
	return string(inside) == "0" && string(length) == "4294967295" && len(rest) == 0
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
	if may == Untold {
		may = c.mayByID(t)
	}
	if may != Yes && n == sigCont {
		switch {
		case c.Session != 0 && c.Session == t.Session:
			return Yes
		case c.Session == 0 && t.Session == 0: // Both leaders are outside: one or two?
			return Untold
		}
	}
	return may
}

// mayByID compares users, and then capabilities.
func (c *Caller) mayByID(t *Target) Answer {
	for _, ours := range [...]uint32{c.UID[Effective], c.UID[Real]} {
		for _, theirs := range [...]uint32{t.UID[Real], t.UID[Saved]} {
			switch {
			case ours == NoID || theirs == NoID:
				return Untold
			case ours != theirs:
			case ours == overflowUID && !c.AllIDs:
				return Untold
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
			return Untold
		}
		return No // An owner of the namespace could have looked.
	default:
		return Untold
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
		return Untold
	}
}
