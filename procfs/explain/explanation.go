package explain

import (
	"slices"

	"yinit/procfs/hint"
)

// Certainty says how certain an explanation is.
type Certainty uint8

// The certainties.
const (
	Known   Certainty = iota // the kernel or the init has reported it
	Likely                   // the evidence points to it, and does not prove it
	Unknown                  // what decides could not be read, or was not recorded
)

// String returns the certainty in a word.
func (c Certainty) String() string { return [...]string{"known", "likely", "unknown"}[min(c, Unknown)] }

// An Explanation is what a process is, how it lives, or how it ended and why. Its texts may
// have names that processes gave themselves.
type Explanation struct {
	Subject   string   // the process: "37 git"
	Summary   string   // one sentence
	Evidence  []string // what was seen, the most important first
	Certainty Certainty
	Doubts    string   // what is known and what is not, if Certainty is not Known; "": all of it is in doubt
	Next      []string // what to type next, or what else helps, the best first
}

// Add adds a piece of evidence, unless the text is "".
func (e *Explanation) Add(text string) {
	if text != "" {
		e.Evidence = append(e.Evidence, text)
	}
}

// Try adds something that helps, unless it is "" or there already.
func (e *Explanation) Try(text string) {
	if text != "" && !slices.Contains(e.Next, text) {
		e.Next = append(e.Next, text)
	}
}

// From makes what to type next lead to the container of the process.
func (e *Explanation) From(at hint.Place) {
	for i, text := range e.Next {
		e.Next[i] = at.In(text)
	}
	e.Next = slices.Compact(e.Next) // that of a finding was led there before
}

// Doubt makes the explanation no more certain than c.
func (e *Explanation) Doubt(c Certainty) { e.Certainty = max(e.Certainty, c) }
