package strategies_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

func TestBlueGreenKeepsTheLawsAndItsTraffic(t *testing.T) {
	checkAll(t, func(rng *rand.Rand) (rollout.Strategy, rollouttest.Promises) {
		b := anyBlueGreen(rng)
		return b, trafficOf(b)
	})
}

func TestCanaryKeepsTheLaws(t *testing.T) {
	checkAll(t, func(rng *rand.Rand) (rollout.Strategy, rollouttest.Promises) {
		c := anyCanary(rng)
		return c, promisesOf(c.Rolling)
	})
}

// Every decorator around every strategy, in the order in which they belong.
func TestDecoratedStrategiesKeepTheLaws(t *testing.T) {
	checkAll(t, func(rng *rand.Rand) (rollout.Strategy, rollouttest.Promises) {
		var s rollout.Strategy
		var p rollouttest.Promises
		g := strategies.Gated{}
		switch rng.IntN(4) {
		case 0:
			r := anyRolling(rng)
			s, p = r, promisesOf(r)
		case 1:
			s, p = strategies.Recreate{}, oneVersion
		case 2:
			c := anyCanary(rng)
			s, p = c, promisesOf(c.Rolling)
		default:
			b := anyBlueGreen(rng)
			s, p = b, trafficOf(b)
			g.Switch = map[string]string{b.Active: "switch"}
		}
		some := func(gate *string, name string) {
			if rng.IntN(2) == 0 {
				*gate = name
			}
		}
		some(&g.Start, "start")
		some(&g.First, "first")
		some(&g.Shrink, "shrink")
		some(&g.Retire, "retire")
		some(&g.Complete, "complete")
		g.Strategy, g.FirstReplicas = s, rollout.Percent(int32(1+rng.IntN(60)))
		return strategies.FailFast(strategies.Deadline(strategies.RollBack(g), 20*time.Second), 5*time.Second), p
	})
}

func anyBlueGreen(rng *rand.Rand) strategies.BlueGreen {
	b := strategies.BlueGreen{Active: "web", Keep: time.Duration(rng.IntN(3)) * 5 * time.Second}
	if rng.IntN(2) == 0 {
		b.Preview = "next"
	}
	if rng.IntN(3) == 0 {
		b.KeepRejected = 10 * time.Second
	}
	return b
}

func anyCanary(rng *rand.Rand) strategies.Canary {
	c := strategies.Canary{Rolling: anyRolling(rng)}
	size := int32(0)
	for range rng.IntN(4) {
		size += 1 + int32(rng.IntN(40))
		step := strategies.CanaryStep{Size: rollout.Percent(size), Pause: time.Duration(rng.IntN(3)) * 4 * time.Second}
		if rng.IntN(2) == 0 {
			step.Gate = "step"
		}
		c.Steps = append(c.Steps, step)
	}
	return c
}

// trafficOf is what blue-green promises: a ceiling, and as many behind the active route as are wanted.
func trafficOf(b strategies.BlueGreen) rollouttest.Promises {
	return rollouttest.Promises{
		Bounds: func(replicas int32) (floor, ceiling int32, err error) {
			_, ceiling, err = b.Bounds(replicas)
			return 0, ceiling, err
		},
		Traffic: map[string]func(int32) int32{b.Active: func(replicas int32) int32 { return replicas }},
	}
}
