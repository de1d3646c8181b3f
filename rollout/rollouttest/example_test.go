package rollouttest_test

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
)

// oneByOne ends one replica, then starts one of the new template in its place, until all are new.
type oneByOne struct {
	hasty bool // takes every count for one of the size asked for last
}

func (o oneByOne) Plan(s rollout.State) (rollout.Plan, error) {
	if err := s.Validate(); err != nil {
		return rollout.Plan{}, err
	}
	current, found := s.New()
	asked, known := int32(0), true
	for _, r := range s.Revisions {
		asked += r.Replicas
		known = known && (r.Observed || o.hasty)
	}
	rejection, given := s.Rejected[s.Template]
	step, phase := rollout.Step{}, rollout.Progressing
	switch {
	case given:
		return rollout.Plan{Phase: rollout.Failed, Message: rejection.Why}, nil
	case s.Paused:
		phase = rollout.Paused
	case !found:
		step = rollout.Step{Action: rollout.Create{Template: s.Template}, Why: "the template is new"}
	case current.Number == 0 || s.Revisions[len(s.Revisions)-1].Name != current.Name:
		step = rollout.Step{Action: rollout.Adopt{Name: current.Name}, Why: "its template is wanted again"}
	case !known: // wait
	case asked < s.Replicas:
		step = resize(current, +1, "one may start")
	case asked > current.Replicas || asked > s.Replicas:
		step = o.endOne(s, current)
	case current.Actual == s.Replicas && current.Available == s.Replicas && s.Counts().Total == s.Replicas:
		phase = rollout.Complete
		if current.Settled.IsZero() {
			step, phase = rollout.Step{Action: rollout.Settle{Name: current.Name}, Why: "all are available"}, rollout.Progressing
		}
	}
	plan := rollout.Plan{Phase: phase, Message: fmt.Sprintf("%d of %d are new and available", current.Available, s.Replicas)}
	if step.Action != nil {
		plan.Steps = []rollout.Step{step}
	}
	return plan, nil
}

// endOne ends a replica that does not serve, or one of those that do when all are available.
func (oneByOne) endOne(s rollout.State, current rollout.Revision) rollout.Step {
	for _, r := range append(s.Old(), current) {
		surplus := r.Name != current.Name || r.Replicas > s.Replicas
		if r.Replicas > 0 && surplus && (r.Ready < r.Replicas || s.Counts().Available >= s.Replicas) {
			return resize(r, -1, "one may go")
		}
	}
	return rollout.Step{}
}

func resize(r rollout.Revision, by int32, why string) rollout.Step {
	return rollout.Step{Action: rollout.Scale{Name: r.Name, From: r.Replicas, To: r.Replicas + by}, Why: why}
}

// oneAway is what oneByOne promises: at most one is away, and never is there one too many.
var oneAway = rollouttest.Promises{Bounds: func(replicas int32) (floor, ceiling int32, err error) {
	return max(0, replicas-1), replicas, nil
}}

func ExampleCheck() {
	report, err := rollouttest.Check(oneByOne{}, rollouttest.Options{Promises: oneAway})
	fmt.Println(report.Total().Completed, "rollouts completed")
	fmt.Println(err)
	// Output:
	// 1000 rollouts completed
	// <nil>
}

// The mistake: counts are believed before the controller has acted on the size asked for last.
func ExampleCheck_mistake() {
	_, err := rollouttest.Check(oneByOne{hasty: true}, rollouttest.Options{
		Promises: oneAway,
		Weathers: []rollouttest.Weather{rollouttest.Calm},
	})
	fmt.Println(err)
	// Output:
	// seed 1, event 75 (finish): floor: lowers what is sure to be available from 1 to 0, the floor is 1
	//
	// The shortest story that still fails:
	//
	// workload replicas=2 serving=v1 react=1s
	// want template=v2
	// finish
	// ----
	//    0s  create v2 with 0: the template is new
	//    0s  scale v1 from 2 to 1: one may go
	//    0s  scale v2 from 0 to 1: one may start
	//    0s  scale v1 from 1 to 0: one may go
	//        breaks floor: lowers what is sure to be available from 1 to 0, the floor is 1
	// wanted: 2 of v2
	// v1 (number 1): size 0, 2 exist, 2 available
	// v2 (number 2): size 1, 0 exist, 0 available
	//
	// See it again with Seed: 1 and Rollouts: 1 in these options, or Replay the story.
}

// A story is played, and told as a transcript.
func ExampleReplay() {
	err := rollouttest.Replay(oneByOne{}, rollouttest.Options{
		Promises: oneAway,
		Log:      func(format string, args ...any) { fmt.Printf(format, args...) },
	}, `
		workload replicas=2 serving=v1 start-up=5s
		want template=v2
		run for=6s
		want paused=true
		run
		finish
	`)
	fmt.Println(err)
	// Output:
	// workload replicas=2 serving=v1 start-up=5s
	// want template=v2
	// run for=6s
	// want paused=true
	// run
	// finish
	// ----
	//    0s  create v2 with 0: the template is new
	//    0s  scale v1 from 2 to 1: one may go
	//    0s  scale v2 from 0 to 1: one may start
	//    0s  Progressing: 0 of 2 are new and available
	//    5s  scale v1 from 1 to 0: one may go
	//    5s  scale v2 from 1 to 2: one may start
	//    5s  Progressing: 1 of 2 are new and available
	//    6s  Paused: 1 of 2 are new and available
	//   10s  Paused: 2 of 2 are new and available
	//   10s  nothing more will happen
	//   10s  settle v2: all are available
	//   10s  Complete: 2 of 2 are new and available
	// wanted: 2 of v2
	// v1 (number 1): size 0, 0 exist, 0 available
	// v2 (number 2): size 2, 2 exist, 2 available
	// <nil>
}
