package sim

import (
	"cmp"
	"slices"
	"time"
)

// Pod is one simulated replica.
type Pod struct {
	ID      int // unique within its template, counted from 1
	Created time.Time
	Ready   time.Time // when it became or becomes ready; zero is never
	Gone    time.Time // when it ends; zero while nobody asked it to go
}

// Terminating reports whether the pod was asked to go.
func (p Pod) Terminating() bool { return !p.Gone.IsZero() }

// Pods returns the pods of a revision themselves, for a test to disturb: a pod with a later
// Ready has failed and comes back, one with a Gone is evicted and replaced.
func (w *Workload) Pods(revision string) []*Pod {
	r, ok := w.find(revision)
	if !ok {
		return nil
	}
	return slices.Clone(r.pods)
}

func (w *Workload) ready(p *Pod) bool {
	return !p.Ready.IsZero() && !p.Ready.After(w.now)
}

func (w *Workload) available(p *Pod) bool {
	return w.ready(p) && !p.Ready.Add(w.options.MinReady).After(w.now)
}

// start makes a pod.
func (w *Workload) start(r *revision) *Pod {
	w.made[r.Template]++
	p := &Pod{ID: w.made[r.Template], Created: w.now, Ready: w.now}
	if w.options.StartUp != nil {
		p.Ready = time.Time{}
		if d := w.options.StartUp(r.Template, p.ID); d >= 0 {
			p.Ready = w.now.Add(d)
		}
	}
	r.pods = append(r.pods, p)
	return p
}

// end asks a pod to go.
func (w *Workload) end(p *Pod) { p.Gone = w.now.Add(w.options.Stop) }

// control is the controller of a revision: it makes or ends pods until there are as many as
// asked for.
func (w *Workload) control(r *revision) {
	r.Observed = true
	left := r.alive()
	for range int(r.Replicas) - len(left) {
		w.start(r)
	}
	if surplus := len(left) - int(r.Replicas); surplus > 0 {
		slices.SortStableFunc(left, w.byWorth)
		for _, p := range left[:surplus] {
			w.end(p)
		}
	}
	w.bury(r)
}

// bury forgets the pods that are gone.
func (w *Workload) bury(r *revision) {
	r.pods = slices.DeleteFunc(r.pods, func(p *Pod) bool {
		return p.Terminating() && !p.Gone.After(w.now)
	})
}

func (r *revision) alive() []*Pod {
	return slices.DeleteFunc(slices.Clone(r.pods), func(p *Pod) bool { return p.Terminating() })
}

// byWorth orders pods as they are ended.
func (w *Workload) byWorth(a, b *Pod) int {
	if x, y := w.ready(a), w.ready(b); x != y {
		if y {
			return -1
		}
		return 1
	}
	if w.ready(a) && w.options.Order != nil {
		return w.options.Order(*a, *b)
	}
	return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
}
