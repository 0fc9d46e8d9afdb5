package tui

import "yinit/procfs/snapshot"

// A page is one of the tabs. Its methods return the page as it is afterwards. Each
// page answers all of them, so that the model need not ask what a page can do: that
// is why the interface is larger than ours are. A page embeds [list], and [basic]
// for what it has nothing to say to.
type page interface {
	// name is that of its tab.
	name() string
	// news is how many things there are that nobody has looked at.
	news(*world) int
	// keys is its key table.
	keys() keyMap
	// refresh is called after the world changed, and before the page is shown.
	refresh(*world) page
	// do is called for each action that is not the model's own. Of an action that
	// it does not know it only brings what it shows into the window.
	do(*world, action) page
	// view draws at most height lines.
	view(w *world, height int) []string
	// click is called for a click at a line of the page.
	click(w *world, line int) page

	// selected is the process that keys act on.
	selected(*world) (p snapshot.Process, ok bool)
	// filter is the text of its filter, and setFilter changes that.
	filter() string
	setFilter(w *world, text string) page
	// explain is the last line: a sentence about what is selected.
	explain(*world) string
	// remark is what is out of the ordinary, at the right of the tab line.
	remark(*world) string
}

// basic is a page's part that has nothing to say to some of the questions.
type basic struct{}

func (basic) selected(*world) (snapshot.Process, bool) { return snapshot.Process{}, false }
func (basic) news(*world) int                          { return 0 }

// newPages are the pages in the order of their numbers.
func newPages(o Options) []page {
	return []page{
		treePage{want: o.PID},
		historyPage{},
	}
}
