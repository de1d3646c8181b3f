package timeline_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
)

// element is one of a parsed picture.
type element struct {
	name string
	attr map[string]string
	text string // directly in it
}

func (e element) number(t *testing.T, name string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(e.attr[name], 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		t.Fatalf("<%s> %v: %s is no number", e.name, e.attr, name)
	}
	return f
}

// parse reads XML, or a page that is written like it; what is malformed fails the test.
func parse(t *testing.T, content []byte) []element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(content))
	d.Entity = xml.HTMLEntity
	var all []element
	var open []int
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, content)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			open = append(open, len(all))
			all = append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				all[open[len(open)-1]].text += string(token)
			}
		}
	}
}

func find(all []element, name, class string) (found []element) {
	for _, e := range all {
		if e.name == name && e.attr["class"] == class {
			found = append(found, e)
		}
	}
	return found
}

// random is a timeline of anything, in which bounds do not hold.
func random(seed uint64) timeline.Timeline {
	r := rand.New(rand.NewPCG(seed, 1))
	most := []int{1, 3, 40, 20000}[r.IntN(4)]
	unit := []time.Duration{time.Millisecond, time.Second, time.Hour}[r.IntN(3)]
	t := timeline.Timeline{App: "web", Namespace: "shop", Begun: begun, Ended: begun, Looks: 1, Outcome: timeline.Failed, Message: "why not"}
	side := func() timeline.Side { return timeline.Side{Existing: r.IntN(most + 1), Available: r.IntN(most + 1)} }
	for range 1 + r.IntN(60) {
		t.Samples = append(t.Samples, timeline.Sample{At: t.Ended, Values: timeline.Values{
			New: side(), Old: side(), Terminating: r.IntN(2) * r.IntN(most+1),
			Bounds: timeline.Bounds{Wanted: r.IntN(most + 1), Floor: r.IntN(most + 1), Ceiling: r.IntN(most + 1)},
			Held:   []timeline.Held{"", "", "", timeline.Paused, timeline.Waiting, timeline.Retrying}[r.IntN(6)],
			Short:  r.IntN(9) == 0, Over: r.IntN(9) == 0,
		}})
		for range r.IntN(4) {
			kinds := []timeline.Kind{timeline.Grow, timeline.Shrink, timeline.Other, timeline.Refused, timeline.Change}
			t.Events = append(t.Events, timeline.Event{
				Number: len(t.Events) + 1, At: t.Ended, Kind: kinds[r.IntN(len(kinds))],
				What: "Scaled up replica set web-v2", Why: strings.Repeat("as it must be ", r.IntN(30)),
			})
		}
		t.Ended = t.Ended.Add(time.Duration(r.IntN(1000)) * unit / 10)
	}
	return t
}

// drawn are the kinds of path that say something of numbers; all of their coordinates are absolute.
var drawn = regexp.MustCompile(`^(area|edge|line|grid|hair)\b`)

var move = regexp.MustCompile(`([MHVZ])([-0-9.]*)(?: ([-0-9.]+))?`)

// corners are the points of a path of absolute moves.
func corners(t *testing.T, path string) (all [][2]float64) {
	t.Helper()
	var x, y float64
	for _, m := range move.FindAllStringSubmatch(path, -1) {
		var a, b float64
		var err error
		if m[1] != "Z" {
			a, err = strconv.ParseFloat(m[2], 64)
		}
		if err == nil && m[1] == "M" {
			b, err = strconv.ParseFloat(m[3], 64)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		switch m[1] {
		case "M":
			x, y = a, b
		case "H":
			x = a
		case "V":
			y = a
		}
		all = append(all, [2]float64{x, y})
	}
	return all
}

// All that is drawn is within its picture, whatever there is to be drawn.
func TestNothingIsOutside(t *testing.T) {
	for seed := range uint64(40) {
		tl := random(seed)
		page, err := timeline.HTML(tl)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"svg": timeline.SVG(tl), "html": page} {
			var in frame
			for _, e := range parse(t, content) {
				if e.name == "svg" {
					in = frame{T: t, what: fmt.Sprintf("seed %d, %s", seed, name)}
					if _, err := fmt.Sscan(e.attr["viewBox"], &in.left, &in.top, &in.width, &in.height); err != nil {
						t.Fatal(err)
					}
				}
				if in.T != nil {
					in.holds(e)
				}
			}
			if in.drawn < 8 {
				t.Errorf("%s: only %d lines are drawn", in.what, in.drawn)
			}
		}
	}
}

// frame is the visible part of a picture.
type frame struct {
	*testing.T
	what                     string
	left, top, width, height float64
	drawn                    int // lines that were checked
}

func (f *frame) point(e element, x, y float64) {
	f.Helper()
	if x < f.left || x > f.left+f.width || y < f.top || y > f.top+f.height {
		f.Fatalf("%s: %v, %v is outside of %v: <%s> %v", f.what, x, y, *f, e.name, e.attr)
	}
}

func (f *frame) holds(e element) {
	f.Helper()
	switch {
	case e.name == "path" && drawn.MatchString(e.attr["class"]) && !strings.ContainsAny(e.attr["d"], "hv"):
		f.drawn++
		for _, c := range corners(f.T, e.attr["d"]) {
			f.point(e, c[0], c[1])
		}
	case e.name == "rect" && e.attr["class"] != "paper" && e.attr["class"] != "tint":
		x, y := e.number(f.T, "x"), e.number(f.T, "y")
		f.point(e, x, y)
		f.point(e, x+e.number(f.T, "width"), y+e.number(f.T, "height"))
	case e.name == "text":
		f.point(e, e.number(f.T, "x"), e.number(f.T, "y"))
	}
}

// The lines say what was seen, at every moment.
func TestLinesSayWhatWasSeen(t *testing.T) {
	for name, tl := range map[string]timeline.Timeline{"ordinary": ordinary(t), "paused": paused(t), "failed": failed(t), "disturbed": disturbed(t)} {
		t.Run(name, func(t *testing.T) {
			all := parse(t, timeline.SVG(tl))
			plots := find(all, "rect", "plot")
			if len(plots) != 2 {
				t.Fatalf("%d plots", len(plots))
			}
			most := 0
			for _, s := range tl.Samples {
				most = max(most, s.Existing()+s.Terminating, s.Wanted, s.Ceiling)
			}
			took := tl.Ended.Sub(tl.Begun)
			for _, l := range []struct {
				class string
				plot  int
				of    func(timeline.Values) int
			}{
				{"line ceiling", 0, func(v timeline.Values) int { return v.Ceiling }},
				{"line wanted", 0, func(v timeline.Values) int { return v.Wanted }},
				{"edge new", 0, func(v timeline.Values) int { return v.New.Existing }},
				{"edge old", 0, timeline.Values.Existing},
				{"line floor", 1, func(v timeline.Values) int { return v.Floor }},
				{"line available", 1, timeline.Values.Available},
			} {
				lines := slices.DeleteFunc(find(all, "path", l.class), func(e element) bool { return strings.ContainsAny(e.attr["d"], "hv") })
				if len(lines) == 0 {
					t.Errorf("there is no %q", l.class)
					continue
				}
				p := plots[l.plot]
				bottom := p.number(t, "y") + p.number(t, "height")
				points := corners(t, lines[0].attr["d"])
				for i, s := range tl.Samples {
					if i+1 < len(tl.Samples) && tl.Samples[i+1].At.Sub(s.At) < took/500 {
						continue // not to be told apart
					}
					// Half a unit to the right of the moment itself.
					x := 0.5 + p.number(t, "x") + p.number(t, "width")*float64(s.At.Sub(tl.Begun))/(float64(took)*31/30)
					got := (bottom - height(points, x)) / p.number(t, "height") * float64(most) * 1.15
					if want := float64(l.of(s.Values)); math.Abs(got-want) > 0.02*float64(most) {
						t.Errorf("%s after %v: %v is drawn, %v was seen", l.class, s.At.Sub(tl.Begun), got, want)
					}
				}
			}
		})
	}
}

// height is where a line of steps is.
func height(points [][2]float64, x float64) float64 {
	y := points[0][1]
	for _, p := range points {
		if p[0] > x {
			break
		}
		y = p[1]
	}
	return y
}

// Text from outside stays text.
func TestForeignTextIsNothingElse(t *testing.T) {
	const hostile = "</text></svg><script>alert(1)</script>\"' onload='x()\" ]]>&amp;<!--\n\x00\x1b\u202e\ufffe\xff end"
	const shown = "</text></svg><script>alert(1)</script>\"' onload='x()\" ]]>&amp;<!-- \ufffd\ufffd\ufffd\ufffd\ufffd end"
	tl := ordinary(t)
	tl.App, tl.Namespace, tl.Message, tl.Standing = hostile, hostile, hostile, hostile
	tl.Outcome, tl.Problems = timeline.Failed, []string{hostile}
	tl.From = []timeline.Revision{{Name: hostile, Images: []string{hostile}}}
	tl.To.Images = []string{hostile}
	for i := range tl.Events {
		tl.Events[i].What, tl.Events[i].Why = hostile, hostile
	}
	page, err := timeline.HTML(tl)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"svg": timeline.SVG(tl), "html": page} {
		t.Run(name, func(t *testing.T) {
			allowed := strings.Fields("html head meta title style body main section h1 p dl dt dd figure svg defs pattern rect path circle text g a table thead tbody tr th td")
			told := 0
			for _, e := range parse(t, content) {
				if !slices.Contains(allowed, e.name) {
					t.Errorf("there is a <%s>", e.name)
				}
				for a, value := range e.attr {
					if strings.HasPrefix(a, "on") || a == "src" || a == "href" && !strings.HasPrefix(value, "#") {
						t.Errorf("<%s> has %s=%q", e.name, a, value)
					}
				}
				if strings.Contains(e.text+e.attr["aria-label"], shown) {
					told++
				}
			}
			if told < len(tl.Events) {
				t.Errorf("the text is to be read in %d places only", told)
			}
		})
	}
}

// A rollout that nobody saw anything of has a picture too.
func TestNothingSeen(t *testing.T) {
	r := timeline.Recorder{App: "web", Namespace: "shop"}
	r.End(errors.New("the cluster is not there"))
	page, err := timeline.HTML(r.Timeline())
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{timeline.SVG(r.Timeline()), page} {
		parse(t, content)
		if !bytes.Contains(content, []byte("Failed: the cluster is not there")) {
			t.Errorf("the reason is not to be read:\n%s", content)
		}
	}
}

// Every event is in the table, with its reason, and reached from a mark.
func TestTableHasEveryEvent(t *testing.T) {
	tl := disturbed(t)
	page, err := timeline.HTML(tl)
	if err != nil {
		t.Fatal(err)
	}
	all := parse(t, page)
	ids := map[string]bool{}
	var cells []string
	for _, e := range all {
		if id := e.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("the id %s is there twice", id)
			}
			ids[id] = true
		}
		if e.name == "td" {
			cells = append(cells, e.text)
		}
	}
	for _, e := range tl.Events {
		if !slices.Contains(cells, e.What) || !slices.Contains(cells, e.Why) {
			t.Errorf("the table lacks %v", e)
		}
	}
	marks := find(all, "a", "mark")
	if len(marks) == 0 {
		t.Error("there are no marks")
	}
	for _, m := range marks {
		if !ids[strings.TrimPrefix(m.attr["href"], "#")] {
			t.Errorf("a mark leads to %s, which is not there", m.attr["href"])
		}
	}
}
