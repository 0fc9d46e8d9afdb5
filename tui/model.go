package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
)

// Options are what the command line says.
type Options struct {
	Interval time.Duration // from the end of a reading to the next; 0: one second
	ReadOnly bool          // no signal menu
	NoColor  bool          // bold and reverse video only
	ASCII    bool          // nothing beyond ASCII
	PID      int           // the process to select first; 0: the first row
}

// Model is the inspector. Use [New].
type Model struct {
	src  Source
	sig  Signaller
	opts Options

	world world
	pages []page
	at    int // the page that is shown

	line   lineEdit // the filter while it is typed
	detail detail
	menu   menu
	help   help

	status     string // what the last key brought about
	statusLook look
	failed     string // why the last reading failed

	interval time.Duration
	gen      int // of ticks
	reading  bool
	paused   bool
	leaving  bool // quits when the command that has the target returns it
	sized    int  // for how many readings the size was asked for, see Init
}

// New is an inspector that reads from src and sends signals by sig, which may be
// nil if o.ReadOnly is set.
func New(src Source, sig Signaller, o Options) Model {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if sig == nil {
		o.ReadOnly = true
	}
	m := Model{src: src, sig: sig, opts: o, interval: o.Interval, reading: true, pages: newPages(o)}
	m.world.canvas = canvas{mono: o.NoColor, ascii: o.ASCII}
	return m
}

// Init starts the first reading.
//
// Bubble Tea reads the size of the terminal before it installs its handler for
// SIGWINCH, in a goroutine. A change of the size between the two, as docker exec
// makes one when it starts a program, would never be noticed. So the size is asked
// for again now, and with the first readings, see [Model.show].
func (m Model) Init() tea.Cmd { return tea.Batch(tea.RequestWindowSize, read(m.src, 0)) }

// Frame draws the header and the processes of one snapshot as plain text without
// escape sequences, for a terminal that can do no more, or for a file. It ends
// with a newline. With height 0 there is a line for each process, with width 0
// lines are 132 wide.
func Frame(s snapshot.Snapshot, h History, width, height int, o Options) string {
	if width <= 0 {
		width = 132
	}
	whole := height <= 0
	if whole {
		height = len(s.Procs) + tallEnough
	}
	w := world{canvas: canvas{width: width, height: height, plain: true, ascii: o.ASCII}}
	w = w.addHistory(h).addSnapshot(s)
	head := w.header()
	w.room = max(0, height-len(head))
	if whole {
		w.room = len(s.Procs) + 1
	}
	t := treePage{want: o.PID}.refresh(&w)
	return w.frame(append(head, t.view(&w, w.room)...), height) + "\n"
}
