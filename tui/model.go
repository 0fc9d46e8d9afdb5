package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/hint"
	"yinit/procfs/snapshot"
)

// Options are the options of yinit top.
type Options struct {
	Interval time.Duration // from the end of one read to the start of the next; 0: one second
	ReadOnly bool          // no signal menu
	NoColor  bool          // use bold and reverse video only
	ASCII    bool          // use ASCII characters only
	PID      int           // the process to select at the start; 0: the first row
	Fleet    Fleet         // sees the containers of the machine; nil: there is no page of them
	Place    hint.Place    // how a command that the user types is led to what the pages show
	NoneYet  bool          // it sees none at the moment: begin with the Tree
	Saver    Saver         // writes snapshots; nil: it cannot
	Replay   *Saved        // show this, and read nothing; nil: read the processes
}

// Model is the inspector. Use [New].
type Model struct {
	src  Source
	sig  Signaller
	opts Options

	world world
	outer *Model // that of the machine, while this one shows a container of it
	inner Inside // what shows that container
	stale bool   // the data was read before the user looked at a container
	pages []page
	at    int // index of the page that is shown

	line    lineEdit // the filter while the user types it
	detail  detail
	reasons reasons
	record  recordPane
	menu    menu
	help    help
	later   *snapshot.Snapshot // taken while nothing might move, see [menu.still]

	clicks clicks

	status      string // the result of the last key
	statusStyle style
	failed      string // why the last read failed

	unarmed     time.Duration // how long the menu takes no answer after it asked to confirm
	interval    time.Duration
	doubleClick time.Duration                          // the longest time between the two clicks
	tickAfter   func(d time.Duration, gen int) tea.Cmd // see tick; tests have no clock
	now         func() time.Time                       // for commands only; tests have no clock
	gen         int                                    // generation of ticks; older ticks are ignored
	reading     bool
	paused      bool
	farewell    string // see [Model.Farewell]
	leaving     bool   // quit when the command that has the target returns it
	saving      bool   // a snapshot is being written

	// drawn is what View has drawn since the model last changed, "" if nothing. It may be nil.
	drawn *string
}

// New returns an inspector that reads from src and sends signals through sig. A nil
// sig makes it read-only.
func New(src Source, sig Signaller, o Options) Model {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if sig == nil {
		o.ReadOnly = true
	}
	m := Model{src: src, sig: sig, opts: o, interval: o.Interval, unarmed: 250 * time.Millisecond, doubleClick: 400 * time.Millisecond, tickAfter: tick, now: time.Now, reading: true, pages: newPages(o)}
	m.world.hints = o.Place
	m.world.canvas = canvas{mono: o.NoColor, ascii: o.ASCII}
	if o.PID != 0 || o.NoneYet {
		m.at = m.firstPage()
	}
	if o.Replay != nil {
		m.world = m.world.load(o.Replay)
		m = m.setPage(m.page().refresh(&m.world)).missing()
	}
	return m
}

// Init starts the first read. The program sends a [tea.WindowSizeMsg] when it knows the size
// of the terminal.
func (m Model) Init() tea.Cmd {
	if m.opts.Replay != nil {
		return nil
	}
	return read(m.src, m.fleet(), 0, m.wants())
}

// Farewell returns what the user has to know after the screen has gone; "": nothing.
func (m Model) Farewell() string { return m.farewell }

// Frame draws the header and the processes of one snapshot as plain text without
// escape sequences, for a dumb terminal or a file. It ends with a newline. Height 0
// means as many lines as there are processes, width 0 means 132 columns.
func Frame(s snapshot.Snapshot, h History, width, height int, o Options) string {
	if width <= 0 {
		width = 132
	}
	whole := height <= 0
	if whole {
		height = len(s.Procs) + tallEnough
	}
	w := world{canvas: canvas{width: width, height: height, plain: true, ascii: o.ASCII}}
	if o.Replay != nil {
		w = w.load(o.Replay)
	} else {
		w = w.addHistory(h).addSnapshot(s)
	}
	head := w.header()
	w.room = max(0, height-len(head))
	if whole {
		w.room = len(s.Procs) + 1
	}
	t := newTreePage(o).refresh(&w)
	return w.frame(append(head, t.view(&w, w.room)...), height) + "\n"
}
