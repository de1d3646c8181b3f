package timeline

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed chart.css
var chartCSS string

// mostRows is how many events are listed below a picture that has no table.
const mostRows = 100

// SVG is a timeline as a picture that stands alone: the facts above, the events below.
func SVG(t Timeline) []byte {
	c := chart{t: t, width: wide, rows: "event"}
	c.id = "p"
	c.y = 8
	for _, line := range wrap(t.title(), 18*bolder, c.width) {
		c.y += 22
		c.text(0, c.y, "title", line)
	}
	c.y += 6
	c.paragraph("result "+strings.ToLower(string(t.Outcome)), 0, t.result())
	c.y += 6
	for _, f := range t.facts() {
		c.text(0, c.y+lineHeight, "dim", f.Name)
		c.paragraph("", 80, f.Value)
	}
	c.y += 8
	c.draw()
	c.y += 8
	for i, e := range t.Events[:min(len(t.Events), mostRows)] {
		if t.Omitted > 0 && e.Number == t.OmittedBefore {
			c.paragraph("dim", 0, omitted(t.Omitted))
		}
		c.add(`<g class="row" id="%s-%d">`, c.rows, e.Number)
		c.row(e)
		c.add(`</g>`)
		if i == mostRows-1 && len(t.Events) > mostRows {
			c.paragraph("dim", 0, omitted(len(t.Events)-mostRows))
		}
	}
	c.y += 8
	c.paragraph("dim", 0, t.source())
	const margin = 16
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="%[1]s" height="%[2]s" viewBox="-%[3]d 0 %[1]s %[2]s" font-size="%[4]v">`+"\n",
		number(wide+2*margin), number(c.y+margin), margin, fontSize)
	fmt.Fprintf(&out, "<title>%s</title>\n<style>\n%s</style>\n", escape(t.title()), chartCSS)
	fmt.Fprintf(&out, `<rect class="paper" x="-%d" y="0" width="100%%" height="100%%"/>`+"\n", margin)
	out.WriteString(c.String())
	out.WriteString("</svg>\n")
	return []byte(out.String())
}

func omitted(n int) string { return fmt.Sprintf("… %d more are not listed.", n) }

// paragraph is a text in several lines.
func (c *chart) paragraph(class string, x float64, text string) {
	for _, line := range shortened(wrap(text, fontSize, c.width-x)) {
		c.y += lineHeight
		c.text(x, c.y, class, line)
	}
}

func (c *chart) row(e Event) {
	c.text(24, c.y+lineHeight, "number", fmt.Sprint(e.Number))
	c.glyph(e.Kind, 38, c.y+lineHeight-4)
	c.text(110, c.y+lineHeight, "number", short(e.At.Sub(c.t.Begun)))
	c.paragraph("", 122, e.What)
	if e.Why != "" {
		c.paragraph("dim", 122, e.Why)
	}
}

// inline is the chart alone, for a page of which it is a part.
func (t Timeline) inline(width float64, class, id, rows string) string {
	c := chart{t: t, width: width, rows: rows}
	c.id = id
	c.draw()
	return fmt.Sprintf(`<svg class="chart %s" viewBox="0 0 %s %s" font-size="%v" role="group" aria-label="%s">`+"\n%s</svg>",
		class, number(width), number(c.y+6), fontSize, escape("Timeline of "+t.title()), c.String())
}
