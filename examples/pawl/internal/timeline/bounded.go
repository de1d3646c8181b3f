package timeline

import "slices"

// What is kept at most: more could not be told apart in a picture.
const (
	mostSamples = 4000
	mostEvents  = 2000
	mostBounds  = 4
)

// samples are what was seen, without what was seen again.
type samples struct{ all []Sample }

func (s *samples) last() (Sample, bool) {
	if len(s.all) == 0 {
		return Sample{}, false
	}
	return s.all[len(s.all)-1], true
}

// add keeps a sample that says something new. Of several at one moment the last holds.
func (s *samples) add(next Sample) {
	n := len(s.all)
	switch {
	case n > 0 && s.all[n-1].Values == next.Values:
		return
	case n > 0 && s.all[n-1].At.Equal(next.At):
		s.all[n-1] = next
		return
	}
	s.all = append(s.all, next)
	if len(s.all) > mostSamples {
		s.all = thinned(s.all)
	}
}

// thinned leaves out about half of the samples. Of each few neighbours those with the fewest
// available and the most existing replicas stay, so that the extremes of the whole do.
func thinned(all []Sample) []Sample {
	const neighbours = 4
	kept := all[:1:1]
	rest := all[1 : len(all)-1]
	for few := range slices.Chunk(rest, neighbours) {
		lowest, highest := 0, 0
		for i, s := range few {
			if s.Available() < few[lowest].Available() {
				lowest = i
			}
			if s.Existing() > few[highest].Existing() {
				highest = i
			}
		}
		if lowest == highest {
			highest = len(few) - 1
		}
		kept = append(kept, few[min(lowest, highest)])
		if lowest != highest {
			kept = append(kept, few[max(lowest, highest)])
		}
	}
	return append(kept, all[len(all)-1])
}

// events keep the first and the last of many.
type events struct {
	first, latest []Event // latest is a ring, once it is full
	count         int
}

func (e *events) add(event Event) {
	switch {
	case len(e.first) < mostEvents/2:
		e.first = append(e.first, event)
	case len(e.latest) < mostEvents/2:
		e.latest = append(e.latest, event)
	default:
		e.latest[e.count%len(e.latest)] = event
	}
	e.count++
}

// list is what was kept, in the order of time and numbered, and how many were left out before
// which number.
func (e *events) list() (all []Event, omitted, before int) {
	all = slices.Clone(e.first)
	if n := len(e.latest); n > 0 {
		oldest := e.count % n
		if e.count < mostEvents {
			oldest = 0
		}
		all = slices.Concat(all, e.latest[oldest:], e.latest[:oldest])
	}
	slices.SortStableFunc(all, func(a, b Event) int { return a.At.Compare(b.At) })
	if omitted = e.count - len(all); omitted > 0 {
		before = len(e.first) + omitted + 1
	}
	for i := range all {
		all[i].Number = i + 1
		if i >= len(e.first) {
			all[i].Number += omitted
		}
	}
	return all, omitted, before
}
