package procfs

// The setters for the lines of status return false if the value is malformed.

func setInt(dst *int, v []byte) (ok bool) {
	*dst, ok = parseInt(v)
	return ok
}

func setHex(dst *uint64, v []byte) (ok bool) {
	*dst, ok = parseHex(v)
	return ok
}

func setBool(dst *bool, v []byte) bool {
	n, ok := parseUint(v)
	*dst = n != 0
	return ok
}

func addSwitches(s *Status, v []byte) bool {
	n, ok := parseUint(v)
	s.Switches += n
	return ok
}

// setState parses a state such as "S (sleeping)".
func setState(dst *State, v []byte) bool {
	if len(v) == 0 {
		return false
	}
	*dst = State(v[0])
	return true
}

// setKiB parses an amount such as "1234 kB".
func setKiB(dst *Bytes, v []byte) bool {
	word, _ := nextField(v)
	n, ok := parseUint(word)
	*dst = Bytes(n) * KiB
	return ok && n <= uint64(^Bytes(0)/KiB)
}

// setSignals parses a set of 16 hexadecimal digits. On mips, which has 128 signals,
// there are 32 digits, and it keeps the first 64 signals.
func setSignals(dst *SignalSet, v []byte) bool {
	const digits = 16
	if len(v) > digits {
		if _, ok := parseHex(v[:len(v)-digits]); !ok {
			return false
		}
		v = v[len(v)-digits:]
	}
	n, ok := parseHex(v)
	*dst = SignalSet(n)
	return ok
}

// setIDs parses the four IDs of Uid or Gid.
func setIDs(dst *[4]uint32, v []byte) (ok bool) {
	var word []byte
	for i := range dst {
		word, v = nextField(v)
		if dst[i], ok = parseUint32(word); !ok {
			return false
		}
	}
	return true
}

func setGroups(s *Status, v []byte) bool {
	for word, rest := nextField(v); len(word) > 0; word, rest = nextField(rest) {
		id, ok := parseUint32(word)
		if !ok {
			return false
		}
		s.Groups = append(s.Groups, id)
	}
	return true
}

func setNSpid(s *Status, v []byte) bool {
	for word, rest := nextField(v); len(word) > 0; word, rest = nextField(rest) {
		pid, ok := parseInt(word)
		if !ok {
			return false
		}
		s.NSpid = append(s.NSpid, pid)
	}
	return true
}
