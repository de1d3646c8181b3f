package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gopawl/pawl/rollout"
)

func (r *Recorder) count(s rollout.State) Values {
	v := Values{Bounds: Bounds{Wanted: int(s.Replicas)}}
	current, found := s.New()
	for _, revision := range s.Revisions {
		side := &v.Old
		if found && revision.Name == current.Name {
			side = &v.New
		}
		side.Existing += max(0, int(revision.Actual))
		side.Available += max(0, int(revision.Available))
		v.Terminating += max(0, int(revision.Terminating))
	}
	if r.Bounds != nil {
		floor, ceiling := r.Bounds()
		v.Floor, v.Ceiling = int(floor), int(ceiling)
	}
	return v
}

// judge says whether a bound is broken. One that moved has to be met first.
func (r *Recorder) judge(v *Values) {
	if last, ok := r.samples.last(); ok {
		r.met.floor = r.met.floor && v.Floor <= last.Floor
		r.met.ceiling = r.met.ceiling && v.Ceiling >= last.Ceiling
	}
	short, over := v.Available() < v.Floor, v.Existing() > v.Ceiling
	r.met.floor = r.met.floor || !short
	r.met.ceiling = r.met.ceiling || !over
	v.Short, v.Over = short && r.met.floor, over && r.met.ceiling
}

// changes are what is wanted otherwise than before.
func (r *Recorder) changes(at time.Time, s rollout.State) {
	if s.Template != r.template {
		what := "Another template is wanted"
		if current, ok := s.New(); ok {
			what += ": that of replica set " + current.Name
		}
		r.event(at, Change, what, "")
	}
	if s.Replicas != r.replicas {
		r.event(at, Change, fmt.Sprintf("%d replicas are wanted instead of %d", s.Replicas, r.replicas), "")
	}
}

// turn says that the rollout is held from now on, or goes on.
func (r *Recorder) turn(at time.Time, to Held, why string) {
	var from Held
	if last, ok := r.samples.last(); ok {
		from = last.Held
	}
	switch {
	case from == to:
	case to == Paused:
		r.event(at, Change, "Paused", strings.TrimPrefix(why, "paused: "))
	case to == Waiting:
		r.event(at, Change, "Waiting", why)
	case to == Retrying:
		r.event(at, Change, "Trying again", why)
	case from == Paused:
		r.event(at, Change, "Resumed", "")
	case from == Retrying:
		r.event(at, Change, "The cluster answers again", "")
	}
}

func (r *Recorder) bounds(b Bounds) {
	all := &r.timeline.Bounds
	if n := len(*all); n == 0 || (*all)[n-1] != b {
		*all = append(*all, b)
	}
	if len(*all) > mostBounds {
		*all = slices.Delete(*all, 0, 1)
	}
}

func (r *Recorder) extremes(at time.Time, v Values) {
	f := &r.timeline.Facts
	if r.timeline.Looks == 1 || v.Available() < f.LowestAvailable {
		f.LowestAvailable, f.LowestAvailableAt = v.Available(), at
	}
	if r.timeline.Looks == 1 || v.Existing() > f.HighestExisting {
		f.HighestExisting, f.HighestExistingAt = v.Existing(), at
	}
}

func (r *Recorder) revisions(s rollout.State) []Revision {
	var all []Revision
	for _, old := range s.Revisions {
		if old.Actual > 0 || old.Replicas > 0 {
			all = append(all, r.revision(old))
		}
	}
	return all
}

func (r *Recorder) revision(of rollout.Revision) Revision {
	made := Revision{Name: of.Name, Number: of.Number}
	if r.Images != nil {
		made.Images = r.Images()[of.Name]
	}
	return made
}
