package tui

import (
	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// A page is one of the tabs. Its methods return the changed page. The interface is
// larger than usual because every page implements all of it, so that the model need
// not ask what a page can do. A page embeds [list], and [basic] for the methods that
// do not apply to it.
type page interface {
	// name returns the title of the tab.
	name() string
	// news returns the number beside the title: how much of what is wrong the page shows.
	news(*world) int
	// keys returns the key tables of the page.
	keys() []keyMap
	// refresh is called after the world has changed, and before the page is shown.
	refresh(*world) page
	// do handles each action that is not the model's own. An action that the page
	// does not know only adapts the page to the size of the window.
	do(*world, action) page
	// view draws at most height lines.
	view(w *world, height int) []string
	// click handles a mouse click on a cell of the page: a title sorts, a row is
	// selected. onRow says that it was a row; a second click opens the details.
	click(w *world, x, line int) (p page, onRow bool)
	// wants returns what the page shows that not every refresh reads.
	wants(*world) wants

	// selected returns the process that keys act on.
	selected(*world) (p snapshot.Process, ok bool)
	// reveal selects a process; ok is false if the page does not show it.
	reveal(w *world, id procfs.ID) (p page, ok bool)
	// record returns the record of the history that is selected, on a page whose rows are
	// records.
	record(*world) (r chosenRecord, ok bool)
	// unfold shows all that the selected row says if it is neither a process nor a record;
	// ok is false if there is no such row.
	unfold(*world) (p page, ok bool)
	// filter returns the text of the filter; setFilter changes it. If the text is not
	// valid, the page keeps the filter that it has.
	filter() string
	setFilter(w *world, text string) (page, error)
	// explain returns a sentence about the selected row, for the footer.
	explain(*world) string
	// remark returns unusual settings, for the right end of the tab line.
	remark(*world) string
}

// wants is what a page needs in addition to the snapshot and the history. It is read
// only for the page that is shown, because that takes many files.
type wants struct {
	zombies bool        // world.blame
	node    bool        // world.node
	targets []procfs.ID // world.closer, for these processes
}

// basic implements the methods of page that need not apply to a page.
type basic struct{}

func (basic) wants(*world) wants                       { return wants{} }
func (basic) reveal(*world, procfs.ID) (page, bool)    { return nil, false }
func (basic) selected(*world) (snapshot.Process, bool) { return snapshot.Process{}, false }
func (basic) record(*world) (chosenRecord, bool)       { return chosenRecord{}, false }
func (basic) unfold(*world) (page, bool)               { return nil, false }
func (basic) news(*world) int                          { return 0 }

// newPages returns the pages in the order of their numbers, which begin with 1. That of the
// containers is 0, so that the others have the same numbers everywhere.
func newPages(o Options) []page {
	pages := []page{
		newTreePage(o),
		newZombiesPage(o),
		newSignalsPage(),
		historyPage{},
		newDoctorPage(),
	}
	if o.Fleet != nil {
		return append([]page{newContainersPage()}, pages...)
	}
	return pages
}
