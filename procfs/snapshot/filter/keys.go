package filter

import (
	"fmt"
	"strings"

	"yinit/procfs"
)

// A Key names a field of a [Subject].
type Key uint8

// The keys.
const (
	State Key = iota + 1
	User
	PID
	PPID
	Ignores
	Blocks
	Catches
	Pending
	Age
	Mem
	CPU
	CPUTime
	Threads
	Exit
	Signal
	Kind
)

// class is the type of the values of a key.
type class uint8

const (
	text class = iota
	words
	user
	signals
	integer
	duration
	size
	percent
)

// ordered reports whether fields of the class are measured, so that they are compared
// by <, <=, > and >= only: nothing uses exactly 100M.
func (c class) ordered() bool { return c == duration || c == size || c == percent }

// keys describes each key. Key 0 is text.
var keys = [...]struct {
	name    string
	class   class
	needs   string // what must follow the operator
	example string
	meaning string
}{
	0:       {"", text, "", "", ""},
	State:   {"state", words, "a state", "state:Z,T", "state: its letter, or a word such as zombie"},
	User:    {"user", user, "a user", "user:app", "user: a name or a number"},
	PID:     {"pid", integer, "a process ID", "pid:37,40", "process ID; of a signal, that of its sender"},
	PPID:    {"ppid", integer, "a process ID", "ppid:1", "process ID of the parent"},
	Ignores: {"ignores", signals, "a signal", "ignores:TERM", "ignores the signal"},
	Blocks:  {"blocks", signals, "a signal", "blocks:TERM", "blocks the signal"},
	Catches: {"catches", signals, "a signal", "catches:USR1", "has a handler for the signal"},
	Pending: {"pending", signals, "a signal", "pending:TERM", "the signal waits to be delivered"},
	Age:     {"age", duration, "a time", "age>10m", "how long it has run, or had when it ended: 5s, 1h30m, 2d"},
	Mem:     {"mem", size, "an amount", "mem>100M", "resident memory, of a record the peak: 64K, 1.5G"},
	CPU:     {"cpu", percent, "a percentage", "cpu>50", "percent of one CPU: since the last refresh, of a record on average"},
	CPUTime: {"cputime", duration, "a time", "cputime>1m", "CPU time that it has used"},
	Threads: {"threads", integer, "a number", "threads>100", "number of threads"},
	Exit:    {"exit", integer, "a number", "exit!=0", "exit status: the code, or 128+n if signal n ended it"},
	Signal:  {"signal", signals, "a signal", "signal:SEGV", "the signal that ended it; of a signal record, that received or forwarded"},
	Kind:    {"kind", words, "a kind", "kind:exit", "kind of record: "}, // and kinds,
}

// kinds are the kinds of records of the history.
var kinds = [...]string{"start", "exit", "adopt", "signal", "zombie", "oom", "stop", "note"}

// A Term is an example of a term, and what it means.
type Term struct{ Example, Meaning string }

// Terms returns an example for each kind of term, for the help.
func Terms() []Term {
	all := []Term{{"text", `in the name or the command line, in any case; write "in quotes" what has spaces or a colon`}}
	for _, k := range keys[1:] {
		all = append(all, Term{k.example, k.meaning})
	}
	all[len(all)-1].Meaning += strings.Join(kinds[:], ", ")
	return append(all,
		Term{":  =  !=", "equal, the same, and not equal; a,b is a or b"},
		Term{">  >=  <  <=", "for numbers"},
		Term{"!text", "the opposite of any term"},
		Term{"a b or c", "both a and b, or c"})
}

// keyNamed returns the key with this name in lower case, 0 if there is none.
func keyNamed(name string) Key {
	for k := range keys {
		if keys[k].name == name {
			return Key(k)
		}
	}
	return 0
}

func keyNames() string {
	var names []string
	for _, k := range keys[1:] {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// values parses one value of a key. A state may be several letters.
func (k Key) values(s string) ([]value, error) {
	switch keys[k].class {
	case words:
		if k == Kind {
			return kindNamed(s)
		}
		return statesNamed(s)
	case user:
		n, err := parseInteger(s)
		return []value{{text: s, number: n, numeric: err == nil}}, nil
	}
	n, err := k.number(s)
	return []value{{number: n, numeric: true}}, err
}

func (k Key) number(s string) (float64, error) {
	switch keys[k].class {
	case signals:
		n, err := procfs.ParseSignal(s)
		return float64(n), err
	case duration:
		return parseDuration(s)
	case size:
		return parseSize(s)
	case percent:
		return parsePercent(s)
	default:
		return parseInteger(s)
	}
}

func kindNamed(s string) ([]value, error) {
	for _, kind := range kinds {
		if strings.EqualFold(kind, s) {
			return []value{{text: kind}}, nil
		}
	}
	return nil, fmt.Errorf("unknown kind %q: known are %s", s, strings.Join(kinds[:], ", "))
}

// statesNamed returns the states with this letter in either case, or whose word begins
// with s.
func statesNamed(s string) ([]value, error) {
	var found []value
	var names []string
	for _, state := range [...]procfs.State{
		procfs.StateRunning, procfs.StateSleeping, procfs.StateDisk, procfs.StateStopped, procfs.StateTraced,
		procfs.StateZombie, procfs.StateDead, procfs.StateIdle, procfs.StateParked,
	} {
		names = append(names, state.String()+" ("+state.Word()+")")
		if strings.EqualFold(state.String(), s) || len(s) > 1 && strings.HasPrefix(state.Word(), strings.ToLower(s)) {
			found = append(found, value{text: state.String()})
		}
	}
	if found == nil {
		return nil, fmt.Errorf("unknown state %q: known are %s", s, strings.Join(names, ", "))
	}
	return found, nil
}
