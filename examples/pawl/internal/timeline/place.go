package timeline

import (
	"math"
)

// areaLabels names the layers where there is room in them.
func (c *chart) areaLabels(p plot, layers []layer, edges []stairs) {
	for i, l := range layers {
		below := p.bottom
		room := func(k int) (top, bottom float64) {
			if i > 0 {
				below = edges[i-1].y[k]
			}
			return edges[i].y[k], below
		}
		if x, y, ok := c.roomFor(extent(l.class, fontSize)+10, room); ok {
			c.text(x, y+4, "strong middle", l.class)
		}
	}
}

// roomFor finds the widest place between two lines that a word of a width fits in.
func (c *chart) roomFor(width float64, room func(int) (top, bottom float64)) (x, y float64, ok bool) {
	const least = fontSize + 4
	best := width
	for i := range c.xs {
		top, bottom := room(i)
		for k := i; ; k++ {
			if k < len(c.xs) {
				t, b := room(k)
				if t, b = max(t, top), min(b, bottom); b-t >= least {
					top, bottom = t, b
					continue
				}
			}
			end := c.left + c.scale.width
			if k < len(c.xs) {
				end = c.xs[k]
			}
			if w := end - c.xs[i]; k > i && w >= best {
				best, x, y, ok = w+0.1, c.xs[i]+w/2, (top+bottom)/2, true
			}
			break
		}
	}
	return x, y, ok
}

// endLabels stand beside the ends of lines, none on another one.
func (c *chart) endLabels(p plot, lines []limit) {
	last := c.t.Samples[len(c.t.Samples)-1].Values
	below := math.Inf(1)
	for _, l := range byHeight(lines, last) {
		y := min(c.level(p, l.of(last)), below-lineHeight+2)
		below = y
		c.text(c.left+c.scale.width+6, y+4, "end "+l.class, l.text)
	}
}

func byHeight(lines []limit, v Values) []limit {
	if len(lines) == 2 && lines[0].of(v) > lines[1].of(v) {
		return []limit{lines[1], lines[0]}
	}
	return lines
}
