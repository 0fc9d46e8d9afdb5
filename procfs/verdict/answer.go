package verdict

// Answer is yes or no, or unknown where the kernel does not report which.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // the kernel does not report it, or not to this caller
	No
	Yes
)

// String returns "yes", "no" or "unknown".
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "unknown"
	}
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}
