package rollouttest

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/gopawl/pawl/rollout"
)

func TestKeysAreAllOfAWorld(t *testing.T) {
	w := complete(3)
	w.template, w.paused, w.left, w.now = 1, true, 2, 7
	w.rejected[1] = true
	w.versions[1] = version{
		exists: true, size: 2, counts: counts{1, 2, 3, 4}, due: true, frozen: true, shown: counts{5, 6, 7, 8},
		basis: rollout.Basis{Desired: 3, Max: 4}, number: 2, created: 3, scaled: 4, settled: 5,
	}
	w.underWay = []rollout.Step{
		{Action: rollout.Create{Template: "v3", Replicas: 2, Basis: rollout.Basis{Desired: 3, Max: 4}}},
		{Action: rollout.Adopt{Name: "v2"}},
		{Action: rollout.Scale{Name: "v2", From: 2, To: 1, Basis: rollout.Basis{Desired: 3, Max: 4}}},
		{Action: rollout.Settle{Name: "v2"}},
		{Action: rollout.Reject{Template: "v4"}},
		{Action: rollout.Delete{Name: "v1"}},
	}
	key := w.key(nil)
	if got := worldOf(string(key)); !reflect.DeepEqual(got, w) {
		t.Errorf("%+v comes back as %+v", w, got)
	}
	for i := range len(key) {
		other := bytes.Clone(key)
		other[i] ^= 1
		if got := func() (got world) { defer func() { _ = recover() }(); return worldOf(string(other)) }(); reflect.DeepEqual(got, w) {
			t.Errorf("byte %d of the key says nothing", i)
		}
	}
}

func TestWorldsThatDifferByNumbersAndStampsAloneAreOne(t *testing.T) {
	one, other := complete(2), complete(2)
	one.versions[1] = version{exists: true, number: 2, created: 3}
	one.now = 3
	other.versions[0].number, other.versions[1] = 4, version{exists: true, number: 9, created: 20}
	other.now = 20
	one.normalise(long)
	other.normalise(long)
	if !reflect.DeepEqual(one, other) {
		t.Errorf("%+v and %+v", one, other)
	}
	waited := other
	waited.now += long
	waited.normalise(long)
	if reflect.DeepEqual(waited, other) {
		t.Error("a wait is forgotten")
	}
}

func TestTheControllerEndsWhatIsNotReadyFirst(t *testing.T) {
	w := world{rules: rules{lingering: 9}}
	w.versions[0] = version{exists: true, size: 1, counts: counts{starting: 1, ready: 1, available: 2}, due: true}
	var got []counts
	fewest, most := w.versions[0].choices()
	for n := fewest; n <= most; n++ {
		got = append(got, w.happens(event{kind: acts, n: int64(n)}).versions[0].counts)
	}
	want := []counts{{available: 1, terminating: 3}, {ready: 1, terminating: 3}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("leaves %+v, want %+v", got, want)
	}
}
