package timeline

import (
	"fmt"
)

// plot is a rectangle with a replica axis.
type plot struct{ top, bottom float64 }

// y is where a number of replicas is.
func (c *chart) level(p plot, n int) float64 {
	return p.bottom - (p.bottom-p.top)*min(1, float64(n)/c.most)
}

// layer is a number of replicas that is drawn on top of the layers before.
type layer struct {
	class string // its name, too
	of    func(Values) int
}

// panel is a plot with what is in it: layers, and the bounds of what exists or of what is available.
func (c *chart) panel(title string, layers []layer, existing bool) {
	layers = c.present(layers)
	items := make([]item, 0, len(layers)+2)
	for _, l := range layers {
		items = append(items, item{l.class, l.class, swatch})
	}
	last := c.t.Samples[len(c.t.Samples)-1].Values
	bounds := limits(last, existing)
	for _, b := range bounds {
		items = append(items, item{b.class, b.class, stroke})
	}
	if c.any(existing) {
		items = append(items, item{"broken", map[bool]string{true: "above the ceiling", false: "below the floor"}[existing], swatch})
	}
	c.legend(title, items)
	p := plot{c.y + 6, c.y + 6 + plotHeight}
	c.plots = append(c.plots, p)
	c.y = p.bottom
	c.grid(p)
	c.bands(p, existing)
	edges := c.stack(p, layers)
	c.broken(p, existing)
	for _, b := range bounds {
		c.add(`<path class="line %s" d="%s"/>`, b.class, c.stairs(p, b.of).path())
	}
	c.areaLabels(p, layers, edges)
	c.endLabels(p, bounds)
}

// present are the layers with anything in them.
func (c *chart) present(layers []layer) []layer {
	var all []layer
	for _, l := range layers {
		for _, s := range c.t.Samples {
			if l.of(s.Values) > 0 {
				all = append(all, l)
				break
			}
		}
	}
	return all
}

func (c *chart) any(over bool) bool {
	for _, s := range c.t.Samples {
		if over && s.Over || !over && s.Short {
			return true
		}
	}
	return false
}

// limit is a line that is no layer.
type limit struct {
	class string // its name, too
	text  string // at the end of the line
	of    func(Values) int
}

// limits are the lines of a plot, with their last values.
func limits(last Values, existing bool) []limit {
	made := func(class string, of func(Values) int) limit {
		return limit{class, fmt.Sprintf("%s %d", class, of(last)), of}
	}
	if existing {
		return []limit{
			made("wanted", func(v Values) int { return v.Wanted }),
			made("ceiling", func(v Values) int { return v.Ceiling }),
		}
	}
	return []limit{
		made("available", Values.Available),
		made("floor", func(v Values) int { return v.Floor }),
	}
}

func (c *chart) stairs(p plot, of func(Values) int) stairs {
	s := stairs{x: c.xs, end: c.left + c.scale.width}
	for _, sample := range c.t.Samples {
		s.y = append(s.y, c.level(p, of(sample.Values)))
	}
	return s
}

// grid is the background with the replica axis.
func (c *chart) grid(p plot) {
	right := c.left + c.scale.width
	c.add(`<rect class="plot" x="%v" y="%v" width="%v" height="%v"/>`, c.left, p.top, c.scale.width, p.bottom-p.top)
	for _, n := range levels(c.most, 5) {
		y := c.level(p, n)
		c.add(`<path class="grid" d="M%v %vH%v"/>`, c.left, y, right)
		c.text(c.left-6, y+4, "number", fmt.Sprint(n))
	}
}

// bands are the times in which the rollout was held.
func (c *chart) bands(p plot, named bool) {
	end := c.left + c.scale.width
	for i := 0; i < len(c.xs); {
		held, from := c.t.Samples[i].Held, c.xs[i]
		for i++; i < len(c.xs) && c.t.Samples[i].Held == held; {
			i++
		}
		to := end
		if i < len(c.xs) {
			to = c.xs[i]
		}
		if held == "" {
			continue
		}
		c.add(`<rect class="band" x="%v" y="%v" width="%v" height="%v"/>`, from, p.top, max(1, to-from), p.bottom-p.top)
		if named && extent(string(held), fontSize)+8 <= to-from {
			c.text(from+4, p.top+13, "strong", string(held))
		}
	}
}

// stack draws layers on top of each other, and returns their upper edges.
func (c *chart) stack(p plot, layers []layer) []stairs {
	var edges []stairs
	below := c.stairs(p, func(Values) int { return 0 })
	for i, l := range layers {
		edge := c.stairs(p, func(v Values) int {
			n := 0
			for _, l := range layers[:i+1] {
				n += l.of(v)
			}
			return n
		})
		c.add(`<path class="area" fill="url(#%s-%s)" d="%s"/>`, c.id, l.class, edge.above(below))
		c.add(`<path class="edge %s" d="%s"/>`, l.class, edge.path())
		edges = append(edges, edge)
		below = edge
	}
	return edges
}

// broken draws what is missing below the floor, or too much above the ceiling.
func (c *chart) broken(p plot, over bool) {
	if !c.any(over) {
		return
	}
	from := c.stairs(p, func(v Values) int {
		switch {
		case over:
			return v.Ceiling
		case v.Short:
			return v.Available()
		}
		return v.Floor
	})
	to := c.stairs(p, func(v Values) int {
		switch {
		case !over:
			return v.Floor
		case v.Over:
			return v.Existing()
		}
		return v.Ceiling
	})
	c.add(`<path class="area broken" fill="url(#%s-broken)" d="%s"/>`, c.id, to.above(from))
}
