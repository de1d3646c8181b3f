package rollouttest

import "fmt"

// event is one thing that happens in a world. n is a size, or a number of replicas.
type event struct {
	kind  eventKind
	which int8 // the version or the template
	n     int64
}

type eventKind int8

const (
	// By the strategy.
	plans eventKind = iota
	writes
	crashes
	// By controllers and replicas.
	acts    // makes or ends replicas, n of them available
	shows   // the view is of the size asked for last
	serves  // a replica becomes available, where that is when it becomes ready
	starts  // a replica becomes ready
	lasts   // a ready replica becomes available
	ends    // a terminating replica is gone
	elapses // until the plan asked to be made again: n ticks
	resumes // by the owner
	// Disturbances, by the owner.
	flips
	pauses
	resizes
	rejects
	// By chance and by others.
	failsReady
	fails
	evictsStarting
	evictsReady
	evicts
	interferes
)

var told = [...]string{
	plans: "a plan", writes: "a write", crashes: "a crash: the rest of the plan is lost",
	acts: "the controller of %s acts", shows: "the view of %s catches up",
	serves: "a replica of %s becomes available", starts: "a replica of %s becomes ready", lasts: "a replica of %s becomes available",
	ends: "a replica of %s is gone", elapses: "time passes",
	resumes: "resumed", flips: "%s is wanted", pauses: "paused", resizes: "%d replicas are wanted", rejects: "%s is given up by somebody",
	failsReady: "a ready replica of %s fails", fails: "an available replica of %s fails",
	evictsStarting: "a starting replica of %s is evicted", evictsReady: "a ready replica of %s is evicted",
	evicts: "an available replica of %s is evicted", interferes: "somebody else scales %s to %d",
}

func (e event) String() string {
	text := told[e.kind]
	switch e.kind {
	case plans, writes, crashes, elapses, resumes, pauses:
		return text
	case resizes:
		return fmt.Sprintf(text, e.n)
	case interferes:
		return fmt.Sprintf(text, names[e.which], e.n)
	case acts:
		if e.n > 0 {
			text += fmt.Sprintf(" and ends %d that are available", e.n)
		}
	}
	return fmt.Sprintf(text, names[e.which])
}

// happens is the world after an event that is neither a plan nor a write.
func (w world) happens(e event) world {
	v := &w.versions[e.which]
	if e.kind >= flips && w.left > 0 {
		w.left--
	}
	switch e.kind {
	case crashes:
		w.underWay = nil
	case acts:
		v.act(int32(e.n), w.lingering)
	case shows:
		v.frozen, v.shown = false, counts{}
	case serves:
		move(&v.starting, &v.available)
	case starts:
		move(&v.starting, &v.ready)
	case lasts:
		move(&v.ready, &v.available)
	case ends:
		v.terminating--
	case elapses:
		w.now += e.n
	case flips:
		w.template = int(e.which)
	case pauses:
		w.paused = true
	case resumes:
		w.paused = false
	case resizes:
		w.replicas = int32(e.n)
	case rejects:
		w.rejected[e.which] = true
	case failsReady:
		move(&v.ready, &v.starting)
	case fails:
		move(&v.available, &v.starting)
	case evictsStarting:
		v.starting -= v.end(1, w.lingering)
	case evictsReady:
		v.ready -= v.end(1, w.lingering)
	case evicts:
		v.available -= v.end(1, w.lingering)
	case interferes:
		v.freeze(w.lagging)
		v.size, v.due = int32(e.n), true
	}
	return w
}

func move(from, to *int32) { *from, *to = *from-1, *to+1 }

// act makes replicas, or ends those that are not ready first, then available of the available
// ones, and the rest among those that are ready.
func (v *version) act(available, lingering int32) {
	v.due = false
	v.starting += max(0, v.size-v.alive())
	surplus := max(0, v.alive()-v.size)
	v.end(surplus, lingering)
	starting := min(v.starting, surplus)
	v.starting -= starting
	v.available -= available
	v.ready -= surplus - starting - available
}

// end asks n replicas to go. Those that there are too many of to linger are gone at once.
func (v *version) end(n, lingering int32) int32 {
	v.terminating = min(v.terminating+n, max(v.terminating, lingering))
	return n
}

// choices are from how few to how many available replicas the controller may end.
func (v version) choices() (fewest, most int32) {
	surplus := max(0, v.alive()-v.size-v.starting)
	return max(0, surplus-v.ready), min(surplus, v.available)
}
