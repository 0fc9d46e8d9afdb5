package node

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// StopText says in a few letters how long a stop takes: "0s", "10s", "handler", "3s+handler".
func (c *Container) StopText() string {
	s := &c.Stop
	switch {
	case !s.Possible || s.Takes == 0 && s.Reacts == verdict.Unknown:
		return "?"
	case s.AtLeast && s.Takes > 0:
		return procfs.Span(s.Takes) + "+handler"
	case s.AtLeast:
		return "handler"
	case s.Takes == 0:
		return "0s"
	}
	return procfs.Span(s.Takes)
}

// HardText says how many processes a stop kills with SIGKILL: "3", or "?3" if only up to 3.
func (c *Container) HardText() string {
	s := &c.Stop
	switch {
	case !s.Possible:
		return "?"
	case s.Hard == 0 && s.Doubt > 0:
		return fmt.Sprintf("?%d", s.Doubt)
	}
	return fmt.Sprint(s.Hard)
}

// ZombiesText says how many zombies there are and how many more than a minute ago: "3", "3 +1",
// "-".
func (c *Container) ZombiesText() string {
	all := c.Zombies().All
	switch {
	case c.Gained != 0:
		return fmt.Sprintf("%d %+d", all, c.Gained)
	case all == 0:
		return "-"
	}
	return strconv.Itoa(all)
}

// WorstText says what is wrong, in a clause; "" if nothing worth knowing is.
func (c *Container) WorstText() string {
	x := c.Worst()
	switch {
	case x != nil && x.ID == "cannot-end":
		return x.Level.String() + ": " + x.What + ": " + x.Evidence
	case x == nil && c.PID == 0:
		return "its first process is not there"
	case x == nil:
		return ""
	case len(c.Found) > 1:
		return fmt.Sprintf("%s: %s (and %d more)", x.Level, x.What, len(c.Found)-1)
	}
	return x.Level.String() + ": " + x.What
}

// Label returns what to call the container in a list: its name with the containers around it
// or, if it has none, its PID namespace.
func (c *Container) Label() string {
	label := c.Title()
	switch {
	case label == "" && c.NS != "":
		label = c.NS
	case label == "":
		label = "-"
	}
	if c.Outer != "" {
		label = c.Outer + "/" + label
	}
	return label
}

// Describe says in one clause which container it is: "web (docker 0123456789ab), pod shop/web".
func (c *Container) Describe() string {
	var about []string
	if c.Engine != "" {
		about = append(about, c.Engine)
	}
	if id := c.ShortID(); id != "" && id != c.Title() {
		about = append(about, id)
	}
	text := c.Title()
	if text == "" {
		text = "the PID namespace " + cmp.Or(c.NS, "of "+strconv.Itoa(c.PID))
	}
	if len(about) > 0 {
		text += " (" + strings.Join(about, " ") + ")"
	}
	switch {
	case c.Pod != "":
		text += ", pod " + c.PodNS + "/" + c.Pod
	case c.PodUID != "":
		text += ", pod with the UID " + c.PodUID
	}
	if c.Outer != "" {
		text += ", in " + c.Outer
	}
	return text
}
