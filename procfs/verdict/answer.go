package verdict

// Answer answers a question to which the kernel may not tell the answer.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // the kernel does not tell, or does not tell this caller
	No
	Yes
)

// String is the answer in a word.
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
