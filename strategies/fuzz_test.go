package strategies_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// FuzzPlan gives the strategies states that no cluster shows. They refuse them with an
// InvalidError, or make a plan that is sound.
func FuzzPlan(f *testing.F) {
	for i := range byte(8) {
		f.Add([]byte{i, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5})
		f.Add([]byte{i})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &input{data}
		rolling := strategies.Rolling{MaxSurge: in.amount(), MaxUnavailable: in.amount(), Termination: strategies.Termination(in.byte() % 2)}
		s := in.state()
		for _, strategy := range []rollout.Strategy{rolling, strategies.Recreate{}} {
			hold(t, strategy, s)
		}
	})
}

// TestHostileStates is FuzzPlan over random input, for the ordinary test run.
func TestHostileStates(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	valid := 0
	n := 8 * int(defaultSeeds)
	for range n {
		data := make([]byte, rng.IntN(120))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		in := &input{data}
		rolling := strategies.Rolling{MaxSurge: in.amount(), MaxUnavailable: in.amount(), Termination: strategies.Termination(in.byte() % 2)}
		s := in.state()
		if s.Validate() == nil {
			valid++
		}
		hold(t, rolling, s)
		hold(t, strategies.Recreate{}, s)
	}
	if valid < n/4 {
		t.Errorf("only %d of the states are valid: the test looks at too little", valid)
	}
}

// hold holds one plan to everything that is true of any.
func hold(t *testing.T, strategy rollout.Strategy, s rollout.State) {
	t.Helper()
	plan, err := strategy.Plan(s)
	again, _ := strategy.Plan(s)
	if !reflect.DeepEqual(plan, again) {
		t.Errorf("not pure: %+v, then %+v", plan, again)
	}
	if err != nil {
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || len(plan.Steps) > 0 {
			t.Errorf("%v with plan %+v", err, plan)
		}
		return
	}
	if err := sound(s, plan); err != nil {
		t.Errorf("%T: %v\nstate %+v\nplan %+v", strategy, err, s, plan)
	}
	b, isRolling := strategy.(strategies.Rolling)
	for _, step := range plan.Steps {
		before := s
		s = after(t, s, step.Action)
		if isRolling {
			if err := boundsKept(b, before, s); err != nil {
				t.Errorf("%v: %v\nstate %+v\nplan %+v", step.Action, err, before, plan)
			}
		}
	}
}

// sound checks what holds for every plan by itself.
func sound(s rollout.State, p rollout.Plan) error {
	switch {
	case p.Phase == "" || p.Message == "":
		return errors.New("a plan that does not say where the rollout stands, or why")
	case p.Phase.Over() && len(p.Steps) > 0:
		return errors.New("over, with steps")
	case s.Paused && p.Phase != rollout.Paused && !p.Phase.Over():
		return errors.New("not paused in a pause")
	}
	for _, step := range p.Steps {
		if step.Why == "" {
			return errors.New("a step without a reason")
		}
	}
	return nil
}

// after is the state that an action leads to. It refuses what a workload would refuse.
func after(t *testing.T, s rollout.State, a rollout.Action) rollout.State {
	t.Helper()
	revisions := append([]rollout.Revision(nil), s.Revisions...)
	find := func(name string) *rollout.Revision {
		for i := range revisions {
			if revisions[i].Name == name {
				return &revisions[i]
			}
		}
		t.Fatalf("%v: no such revision", a)
		return nil
	}
	switch a := a.(type) {
	case rollout.Create:
		if a.Template != s.Template || a.Replicas < 0 {
			t.Errorf("%+v", a)
		}
		revisions = append(revisions, rollout.Revision{Name: "created", Template: a.Template, Replicas: a.Replicas})
	case rollout.Scale:
		r := find(a.Name)
		if r.Replicas != a.From || a.To < 0 {
			t.Errorf("%+v of %+v", a, r)
		}
		r.Replicas = a.To
	case rollout.Adopt:
		find(a.Name)
	case rollout.Settle:
		find(a.Name)
	default:
		t.Errorf("unexpected %v", a)
	}
	s.Revisions = revisions
	return s
}

// boundsKept is the promise about bounds for one write, in numbers that cannot overflow.
func boundsKept(r strategies.Rolling, before, after rollout.State) error {
	wide := func(s rollout.State) (available, replicas float64) {
		for _, r := range s.Revisions {
			available += float64(max(0, int64(r.Available)-max(0, int64(r.Ready)-int64(r.Replicas))))
			replicas += float64(r.Replicas)
		}
		return available, replicas
	}
	floor, ceiling, err := r.Bounds(before.Replicas)
	if err != nil {
		return err
	}
	wasAvailable, wasReplicas := wide(before)
	isAvailable, isReplicas := wide(after)
	if isAvailable < wasAvailable && isAvailable < float64(floor) {
		return errors.New("lowers availability below the floor")
	}
	if isReplicas > wasReplicas && isReplicas > float64(ceiling) {
		return errors.New("raises the replicas above the ceiling")
	}
	return nil
}

// input makes values of bytes; after their end everything is zero.
type input struct{ data []byte }

func (in *input) byte() byte {
	if len(in.data) == 0 {
		return 0
	}
	b := in.data[0]
	in.data = in.data[1:]
	return b
}

// count is mostly small, sometimes as large as can be, seldom negative.
func (in *input) count() int32 {
	switch b := in.byte(); {
	case b < 240:
		return int32(b % 8)
	case b < 250:
		return math.MaxInt32 - int32(b%4)
	case b == 255:
		return -1
	default:
		return int32(binary.LittleEndian.Uint16([]byte{in.byte(), in.byte()}))
	}
}

func (in *input) amount() rollout.Amount {
	switch in.byte() % 4 {
	case 0:
		return rollout.Amount{}
	case 1:
		return rollout.Percent(in.count() * 25)
	}
	return rollout.Count(in.count())
}

func (in *input) word(of string) string {
	return strings.Split(of, " ")[in.byte()%byte(strings.Count(of, " ")+1)]
}

func (in *input) time() time.Time {
	b := in.byte()
	if b < 64 {
		return time.Time{}
	}
	return time.Unix(1_000_000+int64(b%4), 0)
}

func (in *input) state() rollout.State {
	s := rollout.State{
		Now: time.Unix(1_000_001, 0), Replicas: in.count(),
		Template: in.word("v1 v2 v3 v4 v1 v2 v3 v4 v1 v2 v3 v4 v1 v2 v3 v4 "),
		Paused:   in.byte() > 240,
	}
	if in.byte() > 240 {
		s.Rejected = map[string]rollout.Rejection{s.Template: {Why: "tried"}}
	}
	for range in.byte() % 5 {
		r := rollout.Revision{
			Name: in.word("a b c d e f g h i j k l m n o p q r s t "), Template: in.word("v1 v2 v3 v4 "),
			Number: int64(in.count()), Replicas: in.count(), Actual: in.count(), Terminating: in.count(),
			Observed: in.byte() > 40, Outdated: in.byte() > 200,
			Created: in.time(), Settled: in.time(),
		}
		r.Ready = in.count()
		r.Available = r.Ready - int32(in.byte()%3)
		s.Revisions = append(s.Revisions, r)
	}
	return s
}
