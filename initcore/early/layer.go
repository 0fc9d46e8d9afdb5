package early

import "strconv"

// A Layer is a way in which signals come in. Each one needs less than the one
// before it, and gives less; see the package comment.
type Layer int

const (
	// OSSignal is os/signal: nothing is known of a sender.
	OSSignal Layer = iota
	// Initialiser is our handler, installed when the package was initialised:
	// a signal that came earlier met the runtime's handlers.
	Initialiser
	// Entry is our handler, with the signals blocked since the first instruction of
	// the process: none that came earlier was lost.
	Entry
)

var layerNames = [...]string{"os/signal", "initialiser", "entry"}

func (l Layer) String() string {
	if l < 0 || int(l) >= len(layerNames) {
		return "layer " + strconv.Itoa(int(l))
	}
	return layerNames[l]
}

// layer is what install found.
var layer Layer

// How says how signals come in.
func How() Layer { return layer }
