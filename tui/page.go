package tui

import "yinit/procfs/snapshot"

// A page is one of the tabs. Its methods return the changed page. The interface is
// larger than usual because every page implements all of it, so that the model need
// not ask what a page can do. A page embeds [list], and [basic] for the methods that
// do not apply to it.
type page interface {
	// name returns the title of the tab.
	name() string
	// news returns how many new failures the user has not seen yet.
	news(*world) int
	// keys returns the key table of the page.
	keys() keyMap
	// refresh is called after the world has changed, and before the page is shown.
	refresh(*world) page
	// do handles each action that is not the model's own. An action that the page
	// does not know only adapts the page to the size of the window.
	do(*world, action) page
	// view draws at most height lines.
	view(w *world, height int) []string
	// click handles a mouse click on a line of the page.
	click(w *world, line int) page

	// selected returns the process that keys act on.
	selected(*world) (p snapshot.Process, ok bool)
	// filter returns the text of the filter; setFilter changes it.
	filter() string
	setFilter(w *world, text string) page
	// explain returns the last line: a sentence about the selected row.
	explain(*world) string
	// remark returns unusual settings, for the right end of the tab line.
	remark(*world) string
}

// basic implements the methods of page that need not apply to a page.
type basic struct{}

func (basic) selected(*world) (snapshot.Process, bool) { return snapshot.Process{}, false }
func (basic) news(*world) int                          { return 0 }

// newPages returns the pages in the order of their numbers.
func newPages(o Options) []page {
	return []page{
		treePage{want: o.PID},
		historyPage{},
	}
}
