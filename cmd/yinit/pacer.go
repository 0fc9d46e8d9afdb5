package main

import (
	"reflect"
	"sync"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2"

	"yinit/tui"
)

const (
	// drawRate is how often a second the renderer looks for a new frame if a pacer cannot
	// set that.
	drawRate = 30
	// soon is the time from a frame to its output, and awake for how long the renderer then
	// keeps looking at that rate.
	soon  = 4 * time.Millisecond
	awake = 3 * soon
	// rest is how often the renderer looks otherwise. It would draw a frame late that it
	// missed while it was awake, on a very busy machine.
	rest = 250 * time.Millisecond
)

// A pacer makes the renderer of a program rest while there is nothing to draw. The renderer
// looks for a new frame at a fixed rate, and that takes half of the CPU time of an inspector
// that shows few processes. Bubble Tea has no option for this, so pacer reaches for its
// ticker. If another version has none, the rate stays fixed.
type pacer struct {
	program *tea.Program
	frame   string // the last one

	mu     sync.Mutex
	awake  bool
	calm   *time.Timer // sets awake to false
	ticker *time.Ticker
}

// tickerOf returns the ticker of the renderer, nil if there is none. Only the goroutine that
// runs the program may call it.
func tickerOf(p *tea.Program) *time.Ticker {
	if p == nil {
		return nil
	}
	field := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return *(**time.Ticker)(unsafe.Pointer(field.UnsafeAddr()))
}

// drawn wakes the renderer if a frame differs from the last one.
func (p *pacer) drawn(frame string) {
	if frame == p.frame {
		return
	}
	p.frame = frame
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticker = tickerOf(p.program); p.ticker == nil {
		return
	}
	if p.calm == nil {
		p.calm = time.AfterFunc(awake, p.settle)
	} else {
		p.calm.Reset(awake)
	}
	if !p.awake { // A ticker that is reset again and again never ticks.
		p.awake = true
		p.ticker.Reset(soon)
	}
}

// settle lets the renderer rest.
func (p *pacer) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake = false
	p.ticker.Reset(rest)
}

// A pacedModel tells a pacer of each frame, and has a painter draw it; nil: the renderer does.
type pacedModel struct {
	tea.Model
	pacer   *pacer
	painter *painter
	size    tea.WindowSizeMsg
	sizes   int // how often it was told
}

// Update implements [tea.Model].
func (m pacedModel) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	switch size := msg.(type) {
	case tea.WindowSizeMsg:
		if m.painter != nil { // It is that of the renderer's screen.
			return m, nil
		}
	case windowMsg:
		m.size, m.sizes = tea.WindowSizeMsg(size), m.sizes+1
		msg = m.size
	}
	m.Model, cmd = m.Model.Update(msg)
	return m, cmd
}

// View implements [tea.Model].
func (m pacedModel) View() tea.View {
	v := m.Model.View()
	m.pacer.drawn(v.Content)
	if m.painter != nil {
		m.painter.show(frame{v.Content, m.size.Width, m.size.Height, m.sizes})
		v.Content = " "
	}
	return v
}

// farewell returns [tui.Model.Farewell] of the model, "" if it has none.
func (m pacedModel) farewell() string {
	if m, ok := m.Model.(tui.Model); ok {
		return m.Farewell()
	}
	return ""
}
