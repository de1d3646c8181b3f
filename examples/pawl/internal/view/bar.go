package view

import (
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// bar draws numbers of replicas, all to one scale.
type bar struct {
	width int // in columns; 0 draws nothing
	full  int32
}

// bar is the scale: its end is the most replicas that there are or may be. Those on their way out
// do not widen it, or it would jump with every one that goes.
func (p Progress) bar(width int) bar {
	c := p.State.Counts()
	b := bar{width: min(mostBar, width-2-labelWidth-numberWidth), full: max(1, p.Ceiling, p.State.Replicas, c.Total)}
	if b.width < leastBar {
		b.width = 0
	} else if whole := b.width / int(b.full); whole > 0 {
		b.width = whole * int(b.full)
	}
	return b
}

// segment is a number of replicas drawn with one mark.
type segment struct {
	n      int32
	mark   string
	colour colour
}

// at is the column at which n replicas end.
func (b bar) at(n int32) int {
	return int(int64(min(max(n, 0), b.full)) * int64(b.width) / int64(b.full))
}

// draw puts segments one after another and fills the rest of the bar with spaces.
func (b bar) draw(ink Ink, segments ...segment) string {
	if b.width == 0 {
		return ""
	}
	var line strings.Builder
	n := int32(0)
	for _, s := range segments {
		from := b.at(n)
		n += max(0, s.n)
		line.WriteString(ink.paint(s.colour, strings.Repeat(s.mark, b.at(n)-from)))
	}
	return pad(line.String(), b.width+3)
}

func (b bar) new(r rollout.Revision, want int32, ink Ink) string {
	return b.draw(ink, segment{r.Available, "█", green}, segment{r.Actual - r.Available, "▒", yellow},
		segment{want - r.Actual, "·", faint}, segment{r.Terminating, "░", faint})
}

func (b bar) old(r rollout.Revision, ink Ink) string {
	return b.draw(ink, segment{r.Available, "█", blue}, segment{r.Actual - r.Available, "▒", yellow},
		segment{r.Terminating, "░", faint})
}

// available draws what is available, with a mark at the floor.
func (b bar) available(p Progress, ink Ink) string {
	n := p.State.Counts().Available
	c := green
	if n < p.Floor {
		c = red
	}
	if b.width == 0 || p.Floor <= 0 {
		return b.draw(ink, segment{n, "█", c})
	}
	below, floor := b.at(min(n, p.Floor)), b.at(p.Floor)
	line := ink.paint(c, strings.Repeat("█", below)) + strings.Repeat(" ", floor-below) + "│" +
		ink.paint(c, strings.Repeat("█", b.at(n)-below))
	return pad(line, b.width+3)
}
