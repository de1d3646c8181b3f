package traffic

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// Tally is what became of the requests of a load. What it keeps is bounded, however many there are.
type Tally struct {
	Requests, Failed int
	Fresh            int                // requests that opened a connection
	Versions         map[string]Version // those that answered, "v1"
	Errors           map[string]int     // the failures in words, each kind once and with its number
	Phases           []Phase            // in their order
	Duration         time.Duration      // of the load
	LongestGap       time.Duration      // the longest time without an answer

	begun    time.Time
	answered time.Time // the last answer, or the begin
	current  moment
}

// Version is what was heard of a version.
type Version struct {
	Answers int
	Pods    map[string]int // answers, by pod
	First   time.Time      // when the first answer arrived
	// LastFresh is when the last request that it answered on a new connection was begun; zero is never.
	LastFresh time.Time
}

// Phase is a time in which the same versions answered. It is measured in quarters of a second.
type Phase struct {
	From, To         time.Duration // since the begin of the load
	Versions         []string      // by name; none where all failed
	Requests, Failed int
}

const (
	// A moment is the shortest phase.
	momentLength = 250 * time.Millisecond
	// mostPhases bounds them: the last one takes in all that follows.
	mostPhases = 20
	mostKinds  = 10
)

// moment is a phase in the making.
type moment struct {
	index            int
	versions         map[string]bool
	requests, failed int
}

func newTally(begin time.Time) Tally {
	return Tally{Versions: map[string]Version{}, Errors: map[string]int{}, begun: begin, answered: begin, current: moment{versions: map[string]bool{}}}
}

// add counts requests in the order in which they ended.
func (t *Tally) add(q request) {
	t.moveTo(q.end)
	t.Requests++
	t.current.requests++
	if q.fresh {
		t.Fresh++
	}
	var version, pod string
	err := q.err
	if err == nil {
		if _, scan := fmt.Sscanf(q.body, "This is %s running in pod %s\n", &version, &pod); scan != nil {
			err = fmt.Errorf("the answer %q: %w", q.body, scan)
		}
	}
	if err != nil {
		t.fail(err)
		return
	}
	v, known := t.Versions[version]
	if !known {
		v.First, v.Pods = q.end, map[string]int{}
	}
	v.Answers++
	v.Pods[pod]++
	if q.fresh && q.begin.After(v.LastFresh) {
		v.LastFresh = q.begin
	}
	t.Versions[version] = v
	t.current.versions[version] = true
	t.gap(q.end)
}

func (t *Tally) fail(err error) {
	t.Failed++
	t.current.failed++
	kind := kindOf(err)
	if _, known := t.Errors[kind]; !known && len(t.Errors) >= mostKinds {
		kind = "other errors"
	}
	t.Errors[kind]++
}

func (t *Tally) gap(now time.Time) {
	t.LongestGap = max(t.LongestGap, now.Sub(t.answered))
	t.answered = now
}

// end says that there are no more requests.
func (t *Tally) end(now time.Time) {
	t.gap(now)
	t.keep()
	t.Duration = now.Sub(t.begun)
	if n := len(t.Phases); n > 0 {
		t.Phases[n-1].To = t.Duration
	}
}

// moveTo begins another moment where it is time.
func (t *Tally) moveTo(now time.Time) {
	if index := int(now.Sub(t.begun) / momentLength); index > t.current.index {
		t.keep()
		t.current = moment{index: index, versions: map[string]bool{}}
	}
}

// keep adds the current moment to the phases.
func (t *Tally) keep() {
	m := t.current
	if m.requests == 0 {
		return
	}
	versions := slices.Sorted(maps.Keys(m.versions))
	last := len(t.Phases) - 1
	switch {
	case last < 0:
		t.Phases = append(t.Phases, Phase{Versions: versions})
	case last+1 < mostPhases && !t.Phases[last].same(versions, m.failed):
		from := time.Duration(m.index) * momentLength
		t.Phases[last].To = from
		t.Phases = append(t.Phases, Phase{From: from, Versions: versions})
	}
	p := &t.Phases[len(t.Phases)-1]
	for _, v := range versions {
		if at, known := slices.BinarySearch(p.Versions, v); !known {
			p.Versions = slices.Insert(p.Versions, at, v)
		}
	}
	p.Requests += m.requests
	p.Failed += m.failed
}

// same says whether a moment continues the phase.
func (p Phase) same(versions []string, failed int) bool {
	return slices.Equal(p.Versions, versions) && (p.Failed > 0) == (failed > 0)
}

// kindOf leaves out the addresses, which differ from connection to connection.
func kindOf(err error) string {
	what, _, _ := strings.Cut(err.Error(), ":")
	if call := (*os.SyscallError)(nil); errors.As(err, &call) {
		return what + ": " + call.Err.Error()
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return what + ": " + op.Err.Error()
	}
	return err.Error()
}
