package main

import (
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// A counter is a model that shows how many messages of the test it has got.
type counter int

func (c counter) Init() tea.Cmd  { return nil }
func (c counter) View() tea.View { return tea.NewView(strings.Repeat("x", int(c))) }

func (c counter) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ours := msg.(int); ours {
		c++
	}
	return c, nil
}

// TestPacer: the renderer draws each frame, also those that come while it rests, and while
// nothing changes it looks for a new one a few times a second.
func TestPacer(t *testing.T) {
	var pace pacer
	shown, out := io.Pipe()
	p := tea.NewProgram(pacedModel{Model: counter(0), pacer: &pace}, tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(80, 24), tea.WithoutSignals())
	pace.program = p
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run()
		ended <- err
	}()
	frames := make(chan int, 1000)
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := shown.Read(buf)
			if err != nil {
				return
			}
			frames <- strings.Count(string(buf[:n]), "x")
		}
	}()
	drawn := 0
	for want := 1; want <= 5; want++ {
		p.Send(want)
		for deadline := time.After(time.Minute); drawn < want; {
			select {
			case n := <-frames:
				drawn += n
			case <-deadline:
				t.Fatalf("frame %d was not drawn", want)
			}
		}
		time.Sleep(2 * rest / 3)
	}
	pace.mu.Lock()
	ticker := pace.ticker
	pace.mu.Unlock()
	if ticker == nil {
		t.Error("the renderer has no ticker that a pacer can set: yinit top draws at a fixed rate, and uses twice the CPU time")
	}
	p.Quit()
	_ = out.Close()
	<-ended
}
