package timeline

import (
	"fmt"
	"time"
)

// Sizes in the units of a picture, which are pixels where it is not scaled.
const (
	wide, narrow = 960.0, 380.0

	fontSize   = 12.0
	lineHeight = 16.0
	plotHeight = 150.0
)

// chart draws one timeline from top to bottom.
type chart struct {
	drawing
	scale
	t     Timeline
	width float64
	y     float64 // where to go on
	rows  string  // the beginning of the ids of the table's rows
	xs    []float64
	rail  float64 // the bottom of the row of marks
	plots []plot
}

// layout finds room for the numbers on both sides.
func (c *chart) layout() {
	c.scale = c.t.scale(0, 0)
	numbers := 0.0
	for _, n := range levels(c.most, 5) {
		numbers = max(numbers, extent(fmt.Sprint(n), fontSize))
	}
	c.left = numbers + 10
	names := 0.0
	if last := len(c.t.Samples) - 1; last >= 0 {
		for _, l := range append(limits(c.t.Samples[last].Values, true), limits(c.t.Samples[last].Values, false)...) {
			names = max(names, extent(l.text, fontSize))
		}
	}
	c.scale = c.t.scale(c.left, c.width-c.left-names-10)
	for _, s := range c.t.Samples {
		c.xs = append(c.xs, c.x(s.At))
	}
}

// draw is the picture without a frame around it.
func (c *chart) draw() {
	if len(c.t.Samples) == 0 {
		c.y += lineHeight
		c.text(0, c.y, "strong", "Nothing was seen of it.")
		c.y += lineHeight
		return
	}
	c.layout()
	c.patterns()
	groups := c.groups()
	c.legend("Events", c.kinds())
	c.rail = c.y + 34
	c.y = c.rail + 6
	c.panel("Existing replicas", []layer{
		{"new", func(v Values) int { return v.New.Existing }},
		{"old", func(v Values) int { return v.Old.Existing }},
		{"ending", func(v Values) int { return v.Terminating }},
	}, true)
	c.y += 8
	c.panel("Available replicas", []layer{
		{"new", func(v Values) int { return v.New.Available }},
		{"old", func(v Values) int { return v.Old.Available }},
	}, false)
	c.axis()
	c.cells()
	c.marks(groups)
}

// patterns tell areas apart for those who see no colours. An id is only known within its picture.
func (c *chart) patterns() {
	pattern := func(name, inside string, size int) {
		c.add(`<pattern id="%s-%s" class="%s" width="%d" height="%d" patternUnits="userSpaceOnUse"><rect class="tint" width="%[4]d" height="%[4]d"/>%[6]s</pattern>`,
			c.id, name, name, size, size, inside)
	}
	c.add(`<defs>`)
	pattern("new", "", 8)
	pattern("old", `<path d="M-2 2l4 -4M0 8l8 -8M6 10l4 -4"/>`, 8)
	pattern("ending", `<circle cx="2" cy="2" r="1"/><circle cx="5" cy="5" r="1"/>`, 6)
	pattern("broken", `<path d="M-2 2l4 -4M0 6l6 -6M4 8l4 -4"/>`, 6)
	c.add(`</defs>`)
}

// axis is that of the time.
func (c *chart) axis() {
	c.y += lineHeight
	room := c.scale.width
	widest := extent(short(c.span)+"00", fontSize) + 14
	for _, d := range ticks(c.span, max(2, int(room/widest))) {
		x := c.after(d)
		for _, p := range c.plots {
			c.add(`<path class="grid" d="M%v %vV%v"/>`, x, p.bottom, p.bottom+4)
		}
		c.text(x, c.y, "tick", short(d))
	}
	if c.t.Simulated {
		return
	}
	c.y += lineHeight
	c.text(c.left, c.y, "dim", c.t.Begun.UTC().Format("15:04:05 UTC"))
	c.text(max(c.x(c.t.Ended), c.left+190), c.y, "dim last", c.t.Ended.UTC().Format("15:04:05 UTC"))
}

// cells tell the numbers at each moment to a mouse.
func (c *chart) cells() {
	end := c.left + c.scale.width
	top, bottom := c.plots[0].top, c.plots[1].bottom
	for i, s := range c.t.Samples {
		to, until := end, c.t.Ended
		if i+1 < len(c.xs) {
			to, until = c.xs[i+1], c.t.Samples[i+1].At
		}
		if to-c.xs[i] < 2 {
			continue // nobody can point at it
		}
		c.add(`<rect class="cell" x="%v" y="%v" width="%v" height="%v"><title>%s</title></rect>`,
			c.xs[i], top, to-c.xs[i], bottom-top, escape(s.String(c.t.Begun, until)))
	}
}

// String is the sample in words, for the time in which it held.
func (s Sample) String(begun, until time.Time) string {
	text := fmt.Sprintf("%s to %s: new %d, of which %d available; old %d, of which %d available",
		short(s.At.Sub(begun)), short(until.Sub(begun)), s.New.Existing, s.New.Available, s.Old.Existing, s.Old.Available)
	if s.Terminating > 0 {
		text += fmt.Sprintf("; %d ending", s.Terminating)
	}
	text += fmt.Sprintf("; floor %d, wanted %d, ceiling %d", s.Floor, s.Wanted, s.Ceiling)
	if s.Held != "" {
		text += "; " + string(s.Held)
	}
	return text
}
