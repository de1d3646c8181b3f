package strategies_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

var mutated = flag.Bool("mutants", false, "try the mutants: minutes")

// mutant is a mistake in the sources of this package.
type mutant struct {
	name, why string
	breaks    string // the law or the promise that catches it
	edits     []edit
	adds      string // one more file of the package
}

// edit replaces text that is found exactly once in a file.
type edit struct{ file, old, new string }

// TestMutants puts one mistake after the other into copies of the sources: each must break the
// law that it is a mistake against, in an exploration or in a check, and the sources as they are
// must not break any.
func TestMutants(t *testing.T) {
	if !*mutated {
		t.Skip("minutes: run it with -mutants, without the race detector")
	}
	verdicts := make([]verdict, len(mutants))
	if !t.Run("none", func(t *testing.T) {
		if v := judgement(t, mutant{}); v.Explore.Law != "" || v.Check.Law != "" {
			t.Errorf("the sources as they are break something: %+v", v)
		}
	}) {
		return
	}
	t.Run("all", func(t *testing.T) {
		for i, m := range mutants {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				verdicts[i] = judgement(t, m)
				if v := verdicts[i]; v.Explore.Law != m.breaks && v.Check.Law != m.breaks {
					t.Errorf("%s: this breaks %q, but found were %q and %q", m.why, m.breaks, v.Explore.Law, v.Check.Law)
				}
			})
		}
	})
	t.Logf("%d mutants\n%s", len(mutants), table(verdicts))
}

func table(verdicts []verdict) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "mutant\tbreaks\texplored\tchecked\ttime")
	for i, v := range verdicts {
		fmt.Fprintf(w, "%s\t%s\t%v\t%v\t%v\n", mutants[i].name, mutants[i].breaks, v.Explore, v.Check, v.Took.Round(100*time.Millisecond))
	}
	w.Flush()
	return text.String()
}

// verdict is what was found in a mutant.
type verdict struct {
	Explore, Check finding
	Took           time.Duration
}

// finding is the first law that broke, and after how much.
type finding struct {
	Law, Subject, After string
}

func (f finding) String() string {
	if f.Law == "" {
		return "nothing in " + f.After
	}
	return fmt.Sprintf("%s after %s", f.Law, f.After)
}

// judgement builds the tests of this package with a mistake, and runs [TestJudge] of them.
func judgement(t *testing.T, m mutant) (v verdict) {
	start := time.Now()
	dir := t.TempDir()
	run(t, "go", "test", "-c", "-overlay", m.overlay(t, dir), "-o", filepath.Join(dir, "mutant.test"), ".")
	out := filepath.Join(dir, "verdict.json")
	run(t, filepath.Join(dir, "mutant.test"), "-test.run", "^TestJudge$", "-test.timeout", "5m", "-judge", out, fmt.Sprintf("-judge-explore=%t", m.explored()))
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	v.Took = time.Since(start)
	return v
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// overlay writes the mutated files, and the file that puts them in the place of the sources.
func (m mutant) overlay(t *testing.T, dir string) string {
	t.Helper()
	texts := map[string]string{}
	for _, e := range m.edits {
		if _, ok := texts[e.file]; !ok {
			data, err := os.ReadFile(e.file)
			if err != nil {
				t.Fatal(err)
			}
			texts[e.file] = string(data)
		}
		if n := strings.Count(texts[e.file], e.old); n != 1 {
			t.Fatalf("%s: found %d times, where it should be once: %s", e.file, n, e.old)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	if m.adds != "" {
		texts["mistake.go"] = "package strategies\n\n" + m.adds
	}
	replace := map[string]string{}
	for file, text := range texts {
		source, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		replace[source] = filepath.Join(dir, file)
		if err := os.WriteFile(replace[source], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// explored reports whether the mistake is in what explorations go through.
func (m mutant) explored() bool {
	return len(m.edits) == 0 || slices.ContainsFunc(m.edits, func(e edit) bool {
		return slices.Contains([]string{"work.go", "rolling.go", "recreate.go", "share.go"}, e.file)
	})
}

var (
	judgeTo      = flag.String("judge", "", "for TestMutants: the file to write to which laws are broken")
	judgeExplore = flag.Bool("judge-explore", true, "for TestMutants: explore as well as check")
)

// TestJudge is run in the mutants.
func TestJudge(t *testing.T) {
	if *judgeTo == "" {
		t.Skip("a part of TestMutants")
	}
	v := verdict{Check: checkFirst(t)}
	if *judgeExplore {
		v.Explore = exploreFirst(t)
	}
	data, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(*judgeTo, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// judged are the strategies that mistakes are looked for in. What they promise is worked out
// without them.
func judged() []subject {
	return []subject{
		rollingOf(1, 0, strategies.TerminationStarted),
		rollingOf(0, 0, strategies.TerminationStarted),
		rollingOf(1, 1, strategies.TerminationStarted),
		rollingOf(1, 1, strategies.TerminationComplete),
		{"recreate", settledLast(strategies.Recreate{}), recreatePromises},
	}
}

// judgedAmounts are more of them, for mistakes about amounts.
func judgedAmounts() []subject {
	share := func(percent int32) rollouttest.Promises {
		return promised(strategies.TerminationStarted, func(n int32) (surge, unavailable int32) {
			return (n*percent + 99) / 100, n * percent / 100
		})
	}
	of := func(percent int32) rollout.Amount { return rollout.Percent(percent) }
	return []subject{
		{"rolling, 40%", settledLast(strategies.Rolling{MaxSurge: of(40), MaxUnavailable: of(40)}), share(40)},
		{"rolling, unset", settledLast(strategies.Rolling{}), share(25)},
	}
}

// judgedByTraffic are those that go by routes, by time and by what was given up, which explorations
// do not know.
func judgedByTraffic() []subject {
	twice := func(n int32) (floor, ceiling int32, err error) { return 0, 2 * n, nil }
	all := func(n int32) int32 { return n }
	r := rollingOf(1, 0, strategies.TerminationStarted)
	stops := strategies.Canary{Rolling: strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)},
		Steps: []strategies.CanaryStep{{Size: rollout.Count(1), Pause: stop}}}
	return []subject{
		{"blue-green", strategies.BlueGreen{Active: "web", Preview: "next", Keep: 5 * time.Second},
			rollouttest.Promises{Bounds: twice, Traffic: map[string]func(int32) int32{"web": all}}},
		{"deadline and rollback", strategies.Deadline(strategies.RollBack(r.strategy), 20*time.Second),
			rollouttest.Promises{Invariants: []rollouttest.Invariant{{Name: "back to what worked", Write: backToWhatWorked}}}},
		{"canary", stops, rollouttest.Promises{Invariants: []rollouttest.Invariant{{Name: "stops", Write: stopped}}}},
	}
}

const stop = 5 * time.Second

// stopped holds for a canary that has been at one replica for a while before it has more.
func stopped(before, after rollout.State) error {
	was, _ := before.New()
	is, ok := after.New()
	old := slices.ContainsFunc(before.Old(), func(r rollout.Revision) bool { return r.Replicas > 0 })
	switch {
	case !ok || !old || before.Paused || before.Replicas == 1 || was.Replicas > 1 || is.Replicas <= 1 || is.Name != was.Name:
		return nil
	case was.Available < 1 || before.Now.Sub(was.ReadySince) < stop:
		return fmt.Errorf("grows from %d to %d at %v, with %d available and ready since %v", was.Replicas, is.Replicas, before.Now, was.Available, was.ReadySince)
	}
	return nil
}

// backToWhatWorked holds where a rollout went back to what one had completed on.
func backToWhatWorked(before, after rollout.State) error {
	to := after.Rejected[after.Template].BackTo
	if to == "" || to == before.Rejected[after.Template].BackTo {
		return nil
	}
	if !slices.ContainsFunc(before.Revisions, func(r rollout.Revision) bool { return r.Template == to && !r.Settled.IsZero() }) {
		return fmt.Errorf("goes back to %s, which has not worked", to)
	}
	return nil
}

var recreatePromises = rollouttest.Promises{
	Invariants: append([]rollouttest.Invariant{
		{Name: "newest has the highest number", Write: newestNumbered},
		{Name: "not beyond what is wanted", Write: notBeyond},
		{Name: "what is given up stays", Write: givenUp},
	}, oneVersion.Invariants...),
}

// refused holds for strategies that refuse what they cannot work with.
func refused() error {
	good := rollout.State{Replicas: 1, Template: "v1"}
	for _, c := range []struct {
		strategy rollout.Strategy
		state    rollout.State
	}{
		{strategies.Rolling{MaxSurge: rollout.Count(-1)}, good},
		{strategies.Rolling{MaxUnavailable: rollout.Count(-1)}, good},
		{strategies.Rolling{}, rollout.State{Replicas: -1, Template: "v1"}},
		{strategies.Recreate{}, rollout.State{Replicas: 1}},
	} {
		plan, err := c.strategy.Plan(c.state)
		if invalid := (*rollout.InvalidError)(nil); !errors.As(err, &invalid) {
			return fmt.Errorf("%+v plans %+v, %v for %+v", c.strategy, plan, err, c.state)
		}
	}
	return nil
}

// exploreFirst is the first law that breaks in an exploration.
func exploreFirst(t *testing.T) finding {
	resizes := size
	resizes.Disturbances = 2
	states := 0
	for _, part := range []struct {
		subjects []subject
		scopes   []rollouttest.Scope
	}{
		{append(judged(), judgedAmounts()...), []rollouttest.Scope{calm}},
		{judged(), []rollouttest.Scope{slow, resizes, storm, wild, three, late}},
	} {
		for _, scope := range part.scopes {
			for _, s := range part.subjects {
				scope.Promises, scope.Lingering = s.promises, lingering(s)
				explored, err := rollouttest.Explore(s.strategy, scope)
				states += explored.States
				if broken := (*rollouttest.BrokenError)(nil); errors.As(err, &broken) {
					t.Logf("%s: %v", s.name, err)
					return finding{broken.Law, s.name, fmt.Sprintf("%d states", states)}
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return finding{After: fmt.Sprintf("%d states", states)}
}

// seenLate is an invariant that is about what there is, where a check is about what is seen:
// somebody may have removed the revision with the highest number, and it still shows.
func seenLate(i rollouttest.Invariant) bool { return i.Name == "newest has the highest number" }

// checkFirst is the first law that breaks in a check.
func checkFirst(t *testing.T) finding {
	if err := refused(); err != nil {
		t.Log(err)
		return finding{"refused", "", "a look"}
	}
	const seeds = 250
	rollouts := 0
	for _, s := range slices.Concat(judged(), judgedAmounts(), judgedByTraffic()) {
		s.promises.Invariants = slices.DeleteFunc(s.promises.Invariants, seenLate)
		report, err := rollouttest.Check(s.strategy, rollouttest.Options{Promises: s.promises, Rollouts: seeds, Routes: []string{"web", "next"}})
		rollouts += report.Total().Rollouts
		if failure := (*rollouttest.Failure)(nil); errors.As(err, &failure) {
			t.Logf("%s: %v", s.name, err)
			return finding{failure.Law, s.name, fmt.Sprintf("%d rollouts", rollouts)}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return finding{After: fmt.Sprintf("%d rollouts", rollouts)}
}
