package strategies_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

const scaleFile = "scale_random.json"

// TestShareOfAResize compares the writes of a resize with those of the Deployment controller. The
// workload is paused, so that the plan holds nothing else.
func TestShareOfAResize(t *testing.T) {
	j := newJudge(t, scaleFile)
	cases := load[scaleCase](t, scaleFile)
	for i, c := range cases {
		j.check(i, c.String(), c.theirs(), c.ours(t))
	}
	j.done(len(cases), 22)
}

type scaleCase struct {
	Input struct {
		Deployment struct {
			Replicas                 int32
			MaxSurge, MaxUnavailable any
			StrategyType             string
			Status                   struct{ Replicas int32 }
		}
		NewRS  *replicaSet
		OldRSs []replicaSet
	}
	UpdatesInOrder []struct {
		Name                             string
		SpecReplicas                     int32
		DesiredAnnotation, MaxAnnotation string
	}
}

type replicaSet struct {
	Name                                            string
	CreationTimestamp                               time.Time
	Annotations                                     map[string]string
	SpecReplicas, StatusReplicas, AvailableReplicas int32
}

func (r replicaSet) revision(template string) rollout.Revision {
	number := func(key string) int32 {
		n, err := strconv.ParseInt(r.Annotations["deployment.kubernetes.io/"+key], 10, 32)
		if err != nil {
			return 0
		}
		return int32(n)
	}
	return rollout.Revision{
		Name: r.Name, Template: template, Created: r.CreationTimestamp, Observed: true,
		Replicas: r.SpecReplicas, Actual: r.StatusReplicas, Ready: r.AvailableReplicas, Available: r.AvailableReplicas,
		Basis: rollout.Basis{Desired: number("desired-replicas"), Max: number("max-replicas")},
	}
}

// String has each ReplicaSet as size, available ones, desired and max.
func (c scaleCase) String() string {
	d := c.Input.Deployment
	text := fmt.Sprintf("%s %v/%v to %d:", d.StrategyType, d.MaxSurge, d.MaxUnavailable, d.Replicas)
	for _, r := range c.state().Revisions {
		text += fmt.Sprintf(" %s %d/%d (%d/%d)", r.Template, r.Replicas, r.Available, r.Basis.Desired, r.Basis.Max)
	}
	return text
}

func (c scaleCase) state() rollout.State {
	s := rollout.State{Replicas: c.Input.Deployment.Replicas, Template: "new", Paused: true}
	for _, r := range c.Input.OldRSs {
		s.Revisions = append(s.Revisions, r.revision("old"))
	}
	if r := c.Input.NewRS; r != nil {
		s.Revisions = append(s.Revisions, r.revision("new"))
	}
	return s
}

// theirs are the writes of the controller.
func (c scaleCase) theirs() string {
	var writes []rollout.Scale
	for _, u := range c.UpdatesInOrder {
		desired, _ := strconv.Atoi(u.DesiredAnnotation)
		ceiling, _ := strconv.Atoi(u.MaxAnnotation)
		writes = append(writes, rollout.Scale{
			Name: u.Name, To: u.SpecReplicas, Basis: rollout.Basis{Desired: int32(desired), Max: int32(ceiling)},
		})
	}
	return c.tell(writes)
}

func (c scaleCase) ours(t *testing.T) string {
	var s rollout.Strategy = strategies.Recreate{}
	if c.Input.Deployment.StrategyType != "Recreate" {
		r, err := rolling(c.Input.Deployment.MaxSurge, c.Input.Deployment.MaxUnavailable)
		if err != nil {
			t.Fatal(err)
		}
		s = r
	}
	var writes []rollout.Scale
	for _, step := range mustPlan(t, s, c.state()).Steps {
		writes = append(writes, step.Action.(rollout.Scale))
	}
	return c.tell(writes)
}

// tell puts writes into words, those that leave every size as it is in the order of names: theirs
// is by chance.
func (c scaleCase) tell(writes []rollout.Scale) string {
	has := map[string]int32{}
	for _, r := range c.state().Revisions {
		has[r.Name] = r.Replicas
	}
	if !slices.ContainsFunc(writes, func(w rollout.Scale) bool { return w.To != has[w.Name] }) {
		slices.SortFunc(writes, func(a, b rollout.Scale) int { return cmp.Compare(a.Name, b.Name) })
	}
	told := make([]string, len(writes))
	for i, w := range writes {
		told[i] = fmt.Sprintf("%s %d (%d/%d)", w.Name, w.To, w.Basis.Desired, w.Basis.Max)
	}
	return strings.Join(told, ", ")
}
