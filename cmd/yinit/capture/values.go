package capture

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"yinit/procfs"
	"yinit/procfs/doctor"
)

// mostText is the longest text that is read, in bytes. It is more than the kernel gives.
const mostText = 1 << 20

// str is a text that need not be UTF-8, as the name of a process. If it is not, it is
// written as {"hex":"ff61"}.
type str string

type hexText struct {
	Hex string `json:"hex"`
}

// MarshalJSON implements [json.Marshaler].
func (s str) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(s)) {
		return json.Marshal(string(s))
	}
	return json.Marshal(hexText{hex.EncodeToString([]byte(s))})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *str) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var t hexText
		if err := json.Unmarshal(b, &t); err != nil {
			return err
		}
		text, err := hex.DecodeString(t.Hex)
		*s = str(text)
		if err != nil {
			return errors.New("a text is no hexadecimal")
		}
		return s.check()
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	*s = str(text)
	return s.check()
}

func (s *str) check() error {
	if len(*s) > mostText {
		return fmt.Errorf("a text has %d bytes, at most %d are read", len(*s), mostText)
	}
	return nil
}

// strs converts a list of texts.
func strs[To, From ~string](all []From) []To {
	if all == nil {
		return nil
	}
	to := make([]To, len(all))
	for i := range all {
		to[i] = To(all[i])
	}
	return to
}

// set is a set of signals as in proc_pid_status(5): 16 digits, bit n-1 is signal n.
type set procfs.SignalSet

// MarshalJSON implements [json.Marshaler].
func (s set) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"%016x"`, uint64(s)), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *set) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return errors.New("a set of signals is no hexadecimal")
	}
	*s = set(n)
	return nil
}

// sets are a [procfs.Signals].
type sets struct {
	Pending       set `json:"pending"`
	SharedPending set `json:"shared_pending"`
	Blocked       set `json:"blocked"`
	Ignored       set `json:"ignored"`
	Caught        set `json:"caught"`
}

// setsOf returns nil for signals that are not known.
func setsOf(s procfs.Signals) *sets {
	if !s.Known {
		return nil
	}
	return &sets{set(s.Pending), set(s.SharedPending), set(s.Blocked), set(s.Ignored), set(s.Caught)}
}

func (s *sets) value() procfs.Signals {
	if s == nil {
		return procfs.Signals{}
	}
	return procfs.Signals{
		Known: true, Pending: procfs.SignalSet(s.Pending), SharedPending: procfs.SignalSet(s.SharedPending),
		Blocked: procfs.SignalSet(s.Blocked), Ignored: procfs.SignalSet(s.Ignored), Caught: procfs.SignalSet(s.Caught),
	}
}

// The largest amounts that are shown; more would overflow when they are added up.
const (
	longest   = 100 * 365 * 24 * time.Hour
	mostCount = 1 << 30
)

// ms returns a time in milliseconds, within bounds.
func ms(n int64) time.Duration {
	return time.Duration(min(max(n, 0), longest.Milliseconds())) * time.Millisecond
}

// count returns a number that is neither negative nor too large to be added up.
func count(n int) int { return min(max(n, 0), mostCount) }

// amount is count for a number of CPUs.
func amount(v float64) float64 { return min(max(v, 0), mostCount) }

// enum returns the value of an enumeration whose last one is last.
func enum[T ~uint8](n uint8, last T, name string) (T, error) {
	if n > uint8(last) {
		return 0, fmt.Errorf("%s is %d, at most %d is known", name, n, last)
	}
	return T(n), nil
}

// state returns the state that a letter stands for.
func state(s string) (procfs.State, error) {
	if s == "?" {
		return procfs.State('?'), nil
	}
	if len(s) != 1 || procfs.State(s[0]).String() == "?" {
		return 0, errors.New("its state is no letter")
	}
	return procfs.State(s[0]), nil
}

// policy is a [doctor.Policy].
type policy struct {
	Known       bool  `json:"known"`
	DelayMS     int64 `json:"delay_ms"`
	KillAfterMS int64 `json:"kill_after_ms"`
	GraceMS     int64 `json:"grace_ms"`
	StopOK      bool  `json:"stop_ok"`
	Stays       bool  `json:"stays"`
}

func policyOf(p *doctor.Policy) *policy {
	if p == nil {
		return nil
	}
	return &policy{p.Known, p.Delay.Milliseconds(), p.KillAfter.Milliseconds(), p.Grace.Milliseconds(), p.StopOK, p.Stays}
}

func (p *policy) value() *doctor.Policy {
	if p == nil {
		return nil
	}
	return &doctor.Policy{Known: p.Known, Delay: ms(p.DelayMS), KillAfter: ms(p.KillAfterMS), Grace: ms(p.GraceMS), StopOK: p.StopOK, Stays: p.Stays}
}
