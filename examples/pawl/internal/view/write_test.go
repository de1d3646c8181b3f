package view_test

import (
	"testing"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
)

func TestWriteSpeaksAsEventsDo(t *testing.T) {
	const why = "3 wanted, at most 4 may exist"
	for _, c := range []struct {
		action rollout.Action
		why    string
		want   string
	}{
		{rollout.Create{Template: "t", Replicas: 1}, why, "Scaled up replica set web-5c9f from 0 to 1 (3 wanted, at most 4 may exist)"},
		{rollout.Create{Template: "t"}, "0 wanted", "Created replica set web-5c9f (0 wanted)"},
		{rollout.Scale{Name: "n", From: 1, To: 3}, why, "Scaled up replica set web-5c9f from 1 to 3 (3 wanted, at most 4 may exist)"},
		{rollout.Scale{Name: "n", From: 3, To: 0}, "", "Scaled down replica set web-5c9f from 3 to 0"},
		{rollout.Scale{Name: "n", From: 3, To: 3}, "its metadata is out of date", ""},
		{rollout.Adopt{Name: "n"}, "its template is wanted again", "Went back to replica set web-5c9f (its template is wanted again)"},
		{rollout.Delete{Name: "n"}, "revision 1 is beyond the 2 old ones that are kept", "Deleted replica set web-5c9f (revision 1 is beyond the 2 old ones that are kept)"},
		{rollout.Settle{Name: "n"}, "the rollout is complete", ""},
		{rollout.Switch{Route: "web", To: "t"}, "it is ready", "switch web to t (it is ready)"},
	} {
		if got := view.Write(rollout.Step{Action: c.action, Why: c.why}, "web-5c9f"); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.action, got, c.want)
		}
	}
}
