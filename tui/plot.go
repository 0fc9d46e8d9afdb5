package tui

import (
	"math"
	"strings"
)

// plot draws values as columns of height lines, one cell wide, the first value on the
// left. A column of the value top is full. NaN, for a time without a value, draws
// nothing, and any other value above 0 at least a mark.
func (c *canvas) plot(values []float64, height int, top float64) []string {
	levels := c.glyphs().levels
	steps := len(levels) - 1 // of one cell
	lines := make([]string, height)
	for line := range lines {
		below := steps * (height - 1 - line) // steps in the cells below this line
		var b strings.Builder
		for _, v := range values {
			b.WriteString(levels[max(0, min(columnSteps(v, top, steps*height)-below, steps))])
		}
		lines[line] = b.String()
	}
	return lines
}

// columnSteps returns how many of all steps a column has.
func columnSteps(v, top float64, all int) int {
	if math.IsNaN(v) || v <= 0 || top <= 0 {
		return 0
	}
	return max(1, min(all, int(math.Round(v/top*float64(all)))))
}

// spark draws values in one line. The largest value is full.
func (c *canvas) spark(values []float64) string {
	top := 0.0
	for _, v := range values {
		if v > top {
			top = v
		}
	}
	return c.plot(values, 1, top)[0]
}
