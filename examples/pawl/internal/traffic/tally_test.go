package traffic

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// heard is a tally of requests, one each 50 ms: each letter is the version that answers, a point a
// failure, a space none.
func heard(letters string) Tally {
	begin := time.Unix(0, 0)
	t := newTally(begin)
	for i, letter := range letters {
		at := begin.Add(time.Duration(i)*50*time.Millisecond + time.Millisecond)
		q := request{begin: at.Add(-time.Millisecond), end: at, fresh: true, body: fmt.Sprintf("This is %c running in pod web-%c\n", letter, letter)}
		if letter == '.' {
			q.err = errors.New("read: nothing")
		}
		if letter != ' ' {
			t.add(q)
		}
	}
	t.end(begin.Add(time.Duration(len(letters)) * 50 * time.Millisecond))
	return t
}

func TestTallyTellsPhasesApart(t *testing.T) {
	got := heard("aaaaaaaaaa" + "abababb" + "          " + "..........." + "bbbbb").String()
	want := `33 requests in 2.15s, 33 on new connections: 11 failed; longest time without an answer 1.1s
11 failed: read: nothing
VERSION  ANSWERS  PODS
a        13       1
b        9        1
FROM   TO     REQUESTS  FAILED  ANSWERED BY
0s     500ms  10        0       a
500ms  750ms  5         0       a and b
750ms  1.25s  2         0       b
1.25s  1.75s  8         8       nobody
1.75s  2s     5         3       b
2s     2.15s  3         0       b
`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestTallyIsBounded(t *testing.T) {
	var letters string
	for range 10 * mostPhases {
		letters += "aaaaabbbbb"
	}
	tally := heard(letters)
	requests := 0
	for i, p := range tally.Phases {
		requests += p.Requests
		if i > 0 && p.From != tally.Phases[i-1].To {
			t.Errorf("phase %d begins at %v, the one before ends at %v", i, p.From, tally.Phases[i-1].To)
		}
	}
	last := tally.Phases[len(tally.Phases)-1]
	if len(tally.Phases) != mostPhases || requests != tally.Requests || last.To != tally.Duration || len(last.Versions) != 2 {
		t.Errorf("%v", tally)
	}
	for i := range 10 * mostKinds {
		tally.fail(fmt.Errorf("error %d", i))
	}
	if len(tally.Errors) > mostKinds+1 || tally.Errors["other errors"] != 9*mostKinds {
		t.Errorf("%v", tally.Errors)
	}
}
