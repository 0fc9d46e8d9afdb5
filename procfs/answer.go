package procfs

// Answer is that to a question to which the kernel may keep the answer to
// itself.
type Answer uint8

// The answers.
const (
	Untold Answer = iota // the kernel does not tell, or does not tell us
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
		return "untold"
	}
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}
