package gates

import (
	"context"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// All is open when each of the gates is, for a step that needs more than one. They are asked in
// order, and the first that is not open answers: those behind it are not even asked, so that a
// Job is run only after the approval. There must be one at least.
func All(gates ...rollout.Gate) rollout.Gate {
	return rollout.GateFunc(func(ctx context.Context, s rollout.State) (rollout.Verdict, error) {
		if len(gates) == 0 {
			return rollout.Verdict{}, &rollout.InvalidError{Path: "all", Value: "[]", Allowed: "one gate or more"}
		}
		var said []string
		for _, g := range gates {
			v, err := g.Check(ctx, s)
			if err != nil || v.Answer != rollout.Open {
				return v, err
			}
			if v.Message != "" {
				said = append(said, v.Message)
			}
		}
		return rollout.Verdict{Answer: rollout.Open, Message: strings.Join(said, "; ")}, nil
	})
}
