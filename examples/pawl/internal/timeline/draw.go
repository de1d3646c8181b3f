package timeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// drawing is SVG in the making.
type drawing struct {
	strings.Builder
	id string // the beginning of every id in it
}

// add writes a line. Foreign text among the arguments must be escaped.
func (d *drawing) add(format string, args ...any) {
	for i, a := range args {
		if f, ok := a.(float64); ok {
			args[i] = number(f)
		}
	}
	fmt.Fprintf(d, format+"\n", args...)
}

// text writes foreign text.
func (d *drawing) text(x, y float64, class, s string) {
	d.add(`<text x="%v" y="%v" class="%s">%s</text>`, x, y, class, escape(s))
}

// number is a coordinate, to a tenth of a unit.
func number(f float64) string {
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// stairs is a line that is level between the points and then jumps: sizes change in steps.
type stairs struct {
	x, y []float64
	end  float64 // of the last step
}

// path is the line from the left to the right.
func (s stairs) path() string {
	if len(s.x) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", number(s.x[0]), number(s.y[0]))
	at := number(s.y[0])
	for i := 1; i < len(s.x); i++ {
		if y := number(s.y[i]); y != at {
			fmt.Fprintf(&b, "H%sV%s", number(s.x[i]), y)
			at = y
		}
	}
	fmt.Fprintf(&b, "H%s", number(s.end))
	return b.String()
}

// above is the outline of what lies between two lines.
func (s stairs) above(below stairs) string {
	if len(s.x) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(s.path())
	last := len(below.x) - 1
	at := number(below.y[last])
	fmt.Fprintf(&b, "V%s", at)
	for i := last; i > 0; i-- {
		if y := number(below.y[i-1]); y != at {
			fmt.Fprintf(&b, "H%sV%s", number(below.x[i]), y)
			at = y
		}
	}
	fmt.Fprintf(&b, "H%sZ", number(below.x[0]))
	return b.String()
}
