package gates_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
)

var (
	errTest = errors.New("test")
	noon    = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) // a Monday
)

func always(v rollout.Verdict, err error) rollout.Gate {
	return rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) { return v, err })
}

// wantInvalid expects both Validate and Check to refuse a gate, at a path.
func wantInvalid(t *testing.T, path string, g interface {
	rollout.Gate
	Validate() error
}) {
	t.Helper()
	_, err := g.Check(t.Context(), rollout.State{Now: noon, Replicas: 1})
	for _, err := range []error{g.Validate(), err} {
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || invalid.Path != path {
			t.Errorf("%+v: %v, want an InvalidError of %s", g, err, path)
		}
	}
}

func TestApprovalIsOfOneTemplate(t *testing.T) {
	for name, c := range map[string]struct {
		approved, how string
		want          rollout.Verdict
	}{
		"none":    {"", "", rollout.Verdict{Message: "v2 is not approved"}},
		"another": {"v1", "pawl promote web", rollout.Verdict{Message: "v2 is not approved, only v1: pawl promote web"}},
		"it":      {"v2", "", rollout.Verdict{Answer: rollout.Open, Message: "v2 is approved"}},
	} {
		g := gates.Approval{Approved: func(context.Context) (string, error) { return c.approved, nil }, How: c.how}
		if v, err := g.Check(t.Context(), rollout.State{Template: "v2"}); err != nil || v != c.want {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestNothingApprovedIsNotNothingWanted(t *testing.T) {
	g := gates.Approval{Approved: func(context.Context) (string, error) { return "", nil }}
	if v, err := g.Check(t.Context(), rollout.State{}); err != nil || v.Answer != rollout.Pending {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestApprovalThatCannotBeRead(t *testing.T) {
	g := gates.Approval{Approved: func(context.Context) (string, error) { return "v2", errTest }}
	if v, err := g.Check(t.Context(), rollout.State{Template: "v2"}); !errors.Is(err, errTest) || v.Answer != rollout.Pending {
		t.Errorf("%+v, %v", v, err)
	}
	wantInvalid(t, "approval.approved", gates.Approval{})
}

// ready is a state whose new revision has been ready since then.
func ready(since time.Time, change func(*rollout.State, *rollout.Revision)) rollout.State {
	r := rollout.Revision{Name: "web-2", Template: "v2", Replicas: 2, Actual: 2, Ready: 2, Available: 2, Observed: true, ReadySince: since}
	s := rollout.State{Now: noon, Replicas: 4, Template: "v2"}
	if change != nil {
		change(&s, &r)
	}
	s.Revisions = []rollout.Revision{r}
	return s
}

func TestBake(t *testing.T) {
	pending := func(message string, retry time.Duration) rollout.Verdict {
		return rollout.Verdict{Message: message, Retry: retry}
	}
	open := rollout.Verdict{Answer: rollout.Open, Message: "web-2 has baked for 1m0s"}
	for name, c := range map[string]struct {
		state rollout.State
		want  rollout.Verdict
	}{
		"nothing there":    {rollout.State{Now: noon, Replicas: 4, Template: "v2"}, pending("there are no new replicas yet", 0)},
		"nothing wanted":   {rollout.State{Now: noon, Template: "v2"}, rollout.Verdict{Answer: rollout.Open, Message: "no replicas are wanted"}},
		"an empty one":     {ready(noon, func(_ *rollout.State, r *rollout.Revision) { r.Replicas, r.Available = 0, 0 }), pending("there are no new replicas yet", 0)},
		"one is missing":   {ready(noon, func(_ *rollout.State, r *rollout.Revision) { r.Available = 1 }), pending("not all of the 2 replicas of web-2 are available", 0)},
		"counts of before": {ready(noon, func(_ *rollout.State, r *rollout.Revision) { r.Observed = false }), pending("not all of the 2 replicas of web-2 are available", 0)},
		"unknown":          {ready(time.Time{}, nil), pending("it is unknown since when the replicas of web-2 are ready", 0)},
		"just begun":       {ready(noon, nil), pending("web-2 bakes until 2026-01-05 12:01:00 UTC", time.Minute)},
		"in the future":    {ready(noon.Add(time.Hour), nil), pending("web-2 bakes until 2026-01-05 12:01:00 UTC", time.Minute)},
		"nearly":           {ready(noon.Add(time.Nanosecond-time.Minute), nil), pending("web-2 bakes until 2026-01-05 12:00:00 UTC", time.Nanosecond)},
		"done":             {ready(noon.Add(-time.Minute), nil), open},
		"the old one too":  {ready(noon.Add(-time.Hour), nil), open},
	} {
		v, err := gates.Bake{For: time.Minute}.Check(t.Context(), c.state)
		if err != nil || v != c.want {
			t.Errorf("%s: %+v, %v\nwant %+v", name, v, err, c.want)
		}
	}
	wantInvalid(t, "bake.for", gates.Bake{For: -1})
}

func TestAllAsksInOrder(t *testing.T) {
	open := always(rollout.Verdict{Answer: rollout.Open, Message: "yes"}, nil)
	for name, c := range map[string]struct {
		gates []rollout.Gate
		want  rollout.Verdict
		err   error
	}{
		"all open":       {[]rollout.Gate{open, always(rollout.Verdict{Answer: rollout.Open}, nil), open}, rollout.Verdict{Answer: rollout.Open, Message: "yes; yes"}, nil},
		"pending first":  {[]rollout.Gate{open, always(rollout.Verdict{Message: "a", Retry: 5}, nil), always(rollout.Verdict{Answer: rollout.Shut}, nil)}, rollout.Verdict{Message: "a", Retry: 5}, nil},
		"shut first":     {[]rollout.Gate{always(rollout.Verdict{Answer: rollout.Shut, Message: "b"}, nil), always(rollout.Verdict{}, errTest)}, rollout.Verdict{Answer: rollout.Shut, Message: "b"}, nil},
		"failing first":  {[]rollout.Gate{open, always(rollout.Verdict{}, errTest), open}, rollout.Verdict{}, errTest},
		"unknown answer": {[]rollout.Gate{always(rollout.Verdict{Answer: 99}, nil), open}, rollout.Verdict{Answer: 99}, nil},
	} {
		if v, err := gates.All(c.gates...).Check(t.Context(), rollout.State{}); v != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	var invalid *rollout.InvalidError
	if v, err := gates.All().Check(t.Context(), rollout.State{}); !errors.As(err, &invalid) || v.Answer != rollout.Pending {
		t.Errorf("of none: %+v, %v", v, err)
	}
}

func TestAllAsksNothingBehindAGateThatIsNotOpen(t *testing.T) {
	asked := rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) {
		t.Error("asked")
		return rollout.Verdict{}, nil
	})
	if v, err := gates.All(always(rollout.Verdict{}, nil), asked).Check(t.Context(), rollout.State{}); err != nil || v.Answer != rollout.Pending {
		t.Errorf("%+v, %v", v, err)
	}
}

// A message that changed at every look would be a write to the cluster at every look.
func TestMessagesStandStillWhileTimePasses(t *testing.T) {
	for _, g := range []rollout.Gate{
		gates.Bake{For: time.Minute},
		gates.Window{Spans: []gates.Span{{From: 13 * time.Hour, To: 14 * time.Hour}}},
	} {
		var said []string
		for _, after := range []time.Duration{0, time.Second, 59 * time.Second} {
			s := ready(noon, nil)
			s.Now = noon.Add(after)
			v, err := g.Check(t.Context(), s)
			if err != nil || v.Answer != rollout.Pending {
				t.Errorf("%T: %+v, %v", g, v, err)
			}
			said = append(said, v.Message)
		}
		if said[0] != said[1] || said[0] != said[2] {
			t.Errorf("%T says %s", g, strings.Join(said, ", then "))
		}
	}
}
