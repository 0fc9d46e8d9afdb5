package early

import "strconv"

// A Layer is a way to receive signals. A higher layer loses less and requires more of
// the build; see the package comment.
type Layer int

const (
	// OSSignal is os/signal: the senders are unknown.
	OSSignal Layer = iota
	// Initialiser is our handler, installed when the package was initialised: a signal
	// that arrived earlier ran the runtime's handlers.
	Initialiser
	// Entry is our handler, with the signals blocked since the first instruction of the
	// process: no signal is lost.
	Entry
)

var layerNames = [...]string{"os/signal", "initialiser", "entry"}

func (l Layer) String() string {
	if l < 0 || int(l) >= len(layerNames) {
		return "layer " + strconv.Itoa(int(l))
	}
	return layerNames[l]
}

// layer is the layer in use, set when the package is initialised.
var layer Layer

// How returns the layer in use.
func How() Layer { return layer }
