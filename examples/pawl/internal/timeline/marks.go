package timeline

import (
	"fmt"
	"slices"
	"strings"
)

// item is one sign of a legend.
type item struct {
	class, label string
	draw         func(c *chart, class string, x, y float64)
}

func swatch(c *chart, class string, x, y float64) {
	c.add(`<rect class="edge %s" fill="url(#%s-%s)" x="%v" y="%v" width="14" height="10"/>`, class, c.id, class, x, y-9)
}

func stroke(c *chart, class string, x, y float64) {
	c.add(`<path class="line %s" d="M%v %vh18"/>`, class, x, y-4)
}

func glyph(c *chart, class string, x, y float64) { c.glyph(Kind(class), x+6, y-4) }

// legend is a title and what the signs below it mean, in as many lines as it takes.
func (c *chart) legend(title string, items []item) {
	c.y += lineHeight
	c.text(0, c.y, "strong", title)
	x := extent(title, fontSize*bolder) + 16
	for _, i := range items {
		w := extent(i.label, fontSize) + 36
		if x+w > c.width {
			x = 0
			c.y += lineHeight
		}
		i.draw(c, i.class, x, c.y)
		c.text(x+22, c.y, "dim", i.label)
		x += w
	}
}

// labels are what the kinds of events mean.
var labels = []struct {
	kind  Kind
	label string
}{
	{Grow, "scaled up"}, {Shrink, "scaled down"}, {Other, "another write"},
	{Refused, "not done"}, {Change, "changed or held"}, {End, "end"},
}

// kinds are the kinds of events that there are.
func (c *chart) kinds() []item {
	var all []item
	for _, l := range labels {
		if slices.ContainsFunc(c.t.Events, func(e Event) bool { return e.Kind == l.kind }) {
			all = append(all, item{string(l.kind), l.label, glyph})
		}
	}
	return all
}

// glyph is a sign around a point.
func (c *chart) glyph(k Kind, x, y float64) {
	shape := map[Kind]string{
		Grow:    "m0 -5l5 9h-10z",
		Shrink:  "m0 5l5 -9h-10z",
		Other:   "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
		Refused: "m-4 -4l8 8m0 -8l-8 8",
		Change:  "m0 -5l5 5l-5 5l-5 -5z",
		End:     "m-4 -4h8v8h-8z",
	}[k]
	c.add(`<path class="glyph %s" d="M%v %v%s"/>`, k, x, y, shape)
}

// group are events that are too close for a mark each.
type group struct {
	events      []Event
	left, right float64
}

func (g group) kinds() []Kind {
	var all []Kind
	for _, e := range g.events {
		if !slices.Contains(all, e.Kind) {
			all = append(all, e.Kind)
		}
	}
	return all
}

// label is the numbers of the events.
func (g group) label() string {
	first, last := g.events[0].Number, g.events[len(g.events)-1].Number
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d–%d", first, last)
}

func (g group) extent() float64 {
	return max(14, 12*float64(len(g.kinds())), extent(g.label(), fontSize))
}

// groups puts the events into as many groups as have room beside each other.
func (c *chart) groups() []group {
	var all []group
	for _, e := range c.t.Events {
		x := c.x(e.At)
		next := group{events: []Event{e}}
		next.place(x, c.width)
		if n := len(all); n > 0 && next.left < all[n-1].right+4 {
			next = all[n-1]
			next.events = append(next.events, e)
			next.place((c.x(next.events[0].At)+x)/2, c.width)
			all = all[:n-1]
		}
		// A group that grew may touch the one before.
		for n := len(all); n > 0 && next.left < all[n-1].right+4; n = len(all) {
			next.events = append(all[n-1].events, next.events...)
			next.place((c.x(next.events[0].At)+x)/2, c.width)
			all = all[:n-1]
		}
		all = append(all, next)
	}
	return all
}

// place centres a group, within the picture.
func (g *group) place(x, width float64) {
	w := g.extent()
	g.left = max(2, min(x-w/2, width-w-2))
	g.right = g.left + w
}

// marks are the events above the plots, which the keyboard reaches. The reason shows beside one that
// is pointed at or has the focus.
func (c *chart) marks(groups []group) {
	for _, g := range groups {
		var hairs strings.Builder
		seen := ""
		for _, e := range g.events {
			if x := number(c.x(e.At)); x != seen {
				seen = x
				for _, p := range c.plots {
					fmt.Fprintf(&hairs, "M%s %sV%s", x, number(p.top), number(p.bottom))
				}
			}
		}
		c.add(`<path class="hair" d="%s"/>`, hairs.String())
	}
	for _, g := range groups {
		c.mark(g)
	}
}

func (c *chart) mark(g group) {
	var said []string
	for _, e := range g.events[:min(len(g.events), mostTold)] {
		said = append(said, c.sentence(e))
	}
	c.add(`<a class="mark" href="#%s-%d" aria-label="%s">`, c.rows, g.events[0].Number, escape(strings.Join(said, " ")))
	c.add(`<rect class="touch" x="%v" y="%v" width="%v" height="30" rx="4"/>`, g.left-2, c.rail-28, g.right-g.left+4)
	middle := (g.left + g.right) / 2
	kinds := g.kinds()
	for i, k := range kinds {
		c.glyph(k, middle+12*(float64(i)-float64(len(kinds)-1)/2), c.rail-20)
	}
	c.text(middle, c.rail-2, "tick", g.label())
	c.tip(g)
	c.add(`</a>`)
}

// sentence is an event for those who listen.
func (c *chart) sentence(e Event) string {
	s := fmt.Sprintf("%d, after %s: %s", e.Number, short(e.At.Sub(c.t.Begun)), e.What)
	if e.Why != "" {
		s += " (" + e.Why + ")"
	}
	return s + "."
}

// mostTold is how many events are told of beside a mark; the table has them all.
const mostTold = 4

// told are lines about the events of a group, as many as there is room for.
type told struct {
	text   string
	strong bool
}

func (l told) extent() float64 {
	if l.strong {
		return extent(l.text, fontSize*bolder)
	}
	return extent(l.text, fontSize)
}

func (c *chart) lines(g group, room int) []told {
	limit := min(460, c.width-24)
	var all []told
	add := func(s string, size float64) {
		for _, l := range shortened(wrap(s, size, limit)) {
			all = append(all, told{l, size > fontSize})
		}
	}
	for i, e := range g.events {
		if i == mostTold {
			add(fmt.Sprintf("and %d more", len(g.events)-i), fontSize)
			break
		}
		add(fmt.Sprintf("%d · %s · %s", e.Number, short(e.At.Sub(c.t.Begun)), e.What), fontSize*bolder)
		add(e.Why, fontSize)
	}
	if len(all) > room {
		all = append(all[:room-1], told{text: "…"})
	}
	return all
}

// tip is the box with the reasons, below the marks.
func (c *chart) tip(g group) {
	const margin = 8.0
	top := c.rail + 4
	lines := c.lines(g, int((c.y-top-10)/lineHeight))
	width := 0.0
	for _, l := range lines {
		width = max(width, l.extent())
	}
	width = min(width+2*margin, c.width)
	left := max(0, min((g.left+g.right)/2-width/2, c.width-width))
	c.add(`<g class="tip"><rect x="%v" y="%v" width="%v" height="%v" rx="4"/>`, left, top, width, float64(len(lines))*lineHeight+10)
	for i, l := range lines {
		class := "dim"
		if l.strong {
			class = "strong"
		}
		c.text(left+margin, top+lineHeight*float64(i+1), class, l.text)
	}
	c.add(`</g>`)
}
