package timeline

import (
	"math"
	"strings"
	"time"
)

// shortest is the least time that a picture shows, so that a rollout without anything to do has a
// width.
const shortest = 100 * time.Millisecond

// scale puts moments and numbers of replicas into a picture.
type scale struct {
	begun       time.Time
	span        time.Duration
	left, width float64 // of the plots, in the units of the picture
	most        float64 // replicas at the top of a plot
}

func (t Timeline) scale(left, width float64) scale {
	took := t.Ended.Sub(t.Begun)
	// A little more shows what is there in the end.
	s := scale{begun: t.Begun, span: max(shortest, took+took/30), left: left, width: width}
	most := 1
	for _, v := range t.Samples {
		most = max(most, v.Existing()+v.Terminating, v.Available(), v.Wanted, v.Floor, v.Ceiling)
	}
	s.most = float64(most) * 1.15 // with room for what is written above
	return s
}

// x is where a moment is, within the plots.
func (s scale) x(t time.Time) float64 { return s.after(t.Sub(s.begun)) }

func (s scale) after(d time.Duration) float64 {
	return s.left + s.width*min(1, max(0, float64(d)/float64(s.span)))
}

// times are the steps of a time axis that people read without counting.
var times = []time.Duration{
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// ticks are the marks of a time axis, at most so many after the one at 0.
func ticks(span time.Duration, most int) []time.Duration {
	step := times[len(times)-1]
	for i := len(times) - 1; i >= 0 && int64(span/times[i]) <= int64(most); i-- {
		step = times[i]
	}
	for int64(span/step) > int64(most) {
		step *= 2
	}
	var all []time.Duration
	for d := time.Duration(0); d <= span; d += step {
		all = append(all, d)
	}
	return all
}

// levels are the marks of a replica axis: whole numbers, at most so many after 0.
func levels(top float64, most int) []int {
	step := 1
	for power := 1; top/float64(step) > float64(most); power *= 10 {
		for _, n := range []int{1, 2, 5} {
			if step = n * power; top/float64(step) <= float64(most) {
				break
			}
		}
	}
	var all []int
	for n := 0; n <= int(math.Floor(top)); n += step {
		all = append(all, n)
	}
	return all
}

// short is a duration as precise as anybody wants it, without parts that are zero: 250ms, 1.5s,
// 2m, 1h30m.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		d = d.Round(10 * time.Millisecond)
	case d < 10*time.Minute:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
