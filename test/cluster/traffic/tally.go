package traffic

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Tally is what became of the requests of a load.
type Tally struct {
	Requests, Failed int
	Fresh            int                // requests that opened a connection
	Versions         map[string]Version // those that answered, "v1"
	Pods             map[string]int     // answers, by pod
	LongestGap       time.Duration      // the longest time without an answer
	Failures         []Failure          // in the order in which they ended

	answered time.Time // the last answer, or the begin
}

// Version is what was heard of a version.
type Version struct {
	Answers     int
	First, Last time.Time // when they arrived
}

// Failure is a request that had no answer.
type Failure struct {
	Begin, End time.Time
	Err        error
}

func newTally(begin time.Time) Tally {
	return Tally{Versions: map[string]Version{}, Pods: map[string]int{}, answered: begin}
}

func (t *Tally) add(begin, end time.Time, fresh bool, body string, err error) {
	t.Requests++
	if fresh {
		t.Fresh++
	}
	var version, pod string
	if err == nil {
		if _, scan := fmt.Sscanf(body, "This is %s running in pod %s\n", &version, &pod); scan != nil {
			err = fmt.Errorf("the answer %q: %w", body, scan)
		}
	}
	if err != nil {
		t.Failed++
		t.Failures = append(t.Failures, Failure{begin, end, err})
		return
	}
	v := t.Versions[version]
	if v.Answers++; v.Answers == 1 {
		v.First = end
	}
	v.Last = end
	t.Versions[version] = v
	t.Pods[pod]++
	t.end(end)
}

// end says that the time without an answer is over.
func (t *Tally) end(now time.Time) {
	t.LongestGap = max(t.LongestGap, now.Sub(t.answered))
	t.answered = now
}

// Errors are the failures in words, each kind once and with its number.
func (t Tally) Errors() map[string]int {
	kinds := map[string]int{}
	for _, f := range t.Failures {
		kinds[f.kind()]++
	}
	return kinds
}

// kind leaves out the addresses, which differ from connection to connection.
func (f Failure) kind() string {
	var op *net.OpError
	if errors.As(f.Err, &op) {
		what, _, _ := strings.Cut(f.Err.Error(), ":")
		return what + ": " + op.Err.Error()
	}
	return f.Err.Error()
}
