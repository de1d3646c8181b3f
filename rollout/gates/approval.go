package gates

import (
	"context"
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// Approval is open for the template that somebody has approved. An approval of another template
// is none, so it never lets through what came after. It holds until it is taken away: where the
// same template is wanted again, it is still approved.
type Approval struct {
	// Approved reads the identity of the approved template from where the embedder keeps it, such
	// as an annotation of the owner; "" is none. Required.
	Approved func(context.Context) (string, error)
	// How says how to approve, such as "pawl promote web".
	How string
}

// Validate returns an [*rollout.InvalidError] where Approved is not set.
func (a Approval) Validate() error {
	if a.Approved == nil {
		return &rollout.InvalidError{Path: "approval.approved", Value: "<nil>", Allowed: "given"}
	}
	return nil
}

// Check compares the approved template with the wanted one.
func (a Approval) Check(ctx context.Context, s rollout.State) (rollout.Verdict, error) {
	if err := a.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	approved, err := a.Approved(ctx)
	switch {
	case err != nil:
		return rollout.Verdict{}, fmt.Errorf("read the approval: %w", err)
	case approved != "" && approved == s.Template:
		return rollout.Verdict{Answer: rollout.Open, Message: s.Template + " is approved"}, nil
	}
	message := s.Template + " is not approved"
	if approved != "" {
		message += ", only " + approved
	}
	if a.How != "" {
		message += ": " + a.How
	}
	return rollout.Verdict{Message: message}, nil
}
