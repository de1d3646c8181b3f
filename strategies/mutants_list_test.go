package strategies_test

// mutants are small mistakes, each with the law or the promise that it breaks. What is caught by
// an invariant of the tests has its name.
var mutants = []mutant{
	// Amounts and bounds.
	{name: "floor one lower", why: "one more is away than may be", breaks: "floor", edits: []edit{
		{"rolling.go", "max(0, replicas-unavailable), ceiling", "max(0, replicas-unavailable-1), ceiling"}}},
	{name: "floor one higher", why: "with no surge nothing can move", breaks: "convergent", edits: []edit{
		{"rolling.go", "max(0, replicas-unavailable), ceiling", "max(0, replicas-unavailable+1), ceiling"}}},
	{name: "ceiling one higher", why: "one more exists than may", breaks: "ceiling", edits: []edit{
		{"rolling.go", "int64(replicas)+int64(surge)", "int64(replicas)+int64(surge)+1"}}},
	{name: "ceiling one lower", why: "with nothing to spare nothing can move", breaks: "convergent", edits: []edit{
		{"rolling.go", "int64(replicas)+int64(surge)", "int64(replicas)+int64(surge)-1"}}},
	{name: "surge ignored", why: "with nothing to spare nothing can move", breaks: "convergent", edits: []edit{
		{"rolling.go", "int64(replicas)+int64(surge)", "int64(replicas)+0*int64(surge)"}}},
	{name: "floor ignored", why: "all old ones go at once", breaks: "floor", edits: []edit{
		{"rolling.go", "rolling{w, int64(floor), int64(ceiling)", "rolling{w, 0 * int64(floor), int64(ceiling)"}}},
	{name: "both zero", why: "nothing can ever move", breaks: "convergent", edits: []edit{
		{"rolling.go", "		unavailable = 1\n", "		unavailable = 0\n"}}},
	{name: "rounding swapped", why: "percentages of unavailable replicas round down", breaks: "floor", edits: []edit{
		{"rolling.go", "rollout.Percent(defaultAmount)).Ceil(", "rollout.Percent(defaultAmount)).Floor("},
		{"rolling.go", "MaxUnavailable.Or(rollout.Percent(defaultAmount)).Floor(", "MaxUnavailable.Or(rollout.Percent(defaultAmount)).Ceil("}}},
	{name: "surge rounded down", why: "without surge one replica would be away", breaks: "floor", edits: []edit{
		{"rolling.go", "rollout.Percent(defaultAmount)).Ceil(", "rollout.Percent(defaultAmount)).Floor("}}},
	{name: "default doubled", why: "unset amounts are 25%", breaks: "floor", edits: []edit{
		{"rolling.go", "defaultAmount = 25", "defaultAmount = 50"}}},
	{name: "negative amount", why: "amounts below 0 are refused", breaks: "refused", edits: []edit{
		{"rolling.go", "err := r.MaxSurge.Validate(\"maxSurge\"); err != nil", "err := r.MaxSurge.Validate(\"maxSurge\"); err != nil && false"}}},
	{name: "error swallowed", why: "a state that cannot be worked with is an error, not an end", breaks: "refused", edits: []edit{
		{"work.go", "return nil, rollout.Plan{}, err", "return nil, rollout.Plan{Phase: rollout.Complete, Message: \"nothing to do\"}, nil"}}},

	// What is counted.
	{name: "old side by count", why: "what is not available serves nobody", breaks: "floor", edits: []edit{
		{"rolling.go", "	spare := w.spare()\n	for", "	spare := max(0, w.asked()-w.floor)\n	for"}}},
	{name: "unobserved counts trusted", why: "they are of before the last write", breaks: "floor", edits: []edit{
		{"rolling.go", "	if !r.Observed {\n		return 0\n", "	if false {\n		return 0\n"}}},
	{name: "unobserved old ones free", why: "what does not show as ready may be so by now", breaks: "floor", edits: []edit{
		{"rolling.go", "		if r.Observed {\n			cuts", "		if true {\n			cuts"},
		{"rolling.go", "		if !r.Observed {\n			continue", "		if false {\n			continue"}}},
	{name: "unobserved surplus free", why: "what does not show as ready may be so by now", breaks: "floor", edits: []edit{
		{"rolling.go", "		return r.Replicas\n	}\n	return max(want", "		return want\n	}\n	return max(want"}}},
	{name: "ready but not available is free", why: "the controller may end an available one in its place", breaks: "floor", edits: []edit{
		{"rolling.go", "r.Replicas-r.Ready)", "r.Replicas-r.Available)"}}},
	{name: "the best ones stay", why: "the controller may end an available one before one that is only ready", breaks: "floor", edits: []edit{
		{"work.go", "max(0, r.Available-max(0, r.Ready-size))", "min(r.Available, size)"}}},
	{name: "surplus below the floor", why: "new replicas serve too", breaks: "floor", edits: []edit{
		{"rolling.go", "	if w.floor == 0 {", "	if true {"}}},
	{name: "spare spent twice", why: "each old revision is paid from the same replicas", breaks: "floor", edits: []edit{
		{"rolling.go", "		spare -= paid\n", ""}}},
	{name: "old ones ignored in the room", why: "they exist as well", breaks: "ceiling", edits: []edit{
		{"rolling.go", "w.ceiling-w.occupied())", "w.ceiling-int64(w.current.Replicas))"}}},
	{name: "terminating ones ignored", why: "they count until they are gone", breaks: "ceiling", edits: []edit{
		{"rolling.go", " + int64(r.Terminating)", ""}}},
	{name: "surplus ones ignored", why: "those that the controller has yet to end count until they are gone", breaks: "ceiling", edits: []edit{
		{"rolling.go", "int64(max(0, r.Actual-r.Replicas)) + ", ""}}},
	{name: "unobserved ones ignored", why: "there may be more of them than it shows", breaks: "ceiling", edits: []edit{
		{"rolling.go", "return math.MaxInt64 // its", "continue // its"}}},
	{name: "termination ignored", why: "it was asked for", breaks: "ceiling", edits: []edit{
		{"rolling.go", "r.Termination == TerminationComplete}", "r.Termination < 0}"}}},

	// Order and sizes.
	{name: "youngest first", why: "the oldest revision goes first", breaks: "oldest first", edits: []edit{
		{"rolling.go", "	for i := range w.old {\n		r := &w.old[i]", "	for i := len(w.old) - 1; i >= 0; i-- {\n		r := &w.old[i]"}}},
	{name: "beyond what is wanted", why: "the surge is for the time of the rollout", breaks: "not beyond what is wanted", edits: []edit{
		{"rolling.go", "int32(min(int64(has)+w.room(), int64(want)))", "int32(min(int64(has)+w.room(), int64(want)+1))"}}},
	{name: "sizes not remembered", why: "later steps work with what earlier ones have changed", breaks: "sound", edits: []edit{
		{"work.go", "r.Replicas, r.Available, r.Ready = to, available(*r, left), min(r.Ready, left)", "_ = left"}}},
	{name: "steps reversed", why: "what grows relies on what shrinks before", breaks: "ceiling", edits: []edit{
		{"work.go", "	w.refresh()\n	message, done := w.standing()", "	w.refresh()\n	slices.Reverse(w.steps)\n	message, done := w.standing()"}}},
	{name: "adopted last", why: "a crash would leave a growing revision with an old number", breaks: "newest has the highest number", edits: []edit{
		{"work.go", "		w.adopt()\n	}\n	return w", "	}\n	return w"},
		{"work.go", "	w.refresh()\n	message, done := w.standing()", "	w.refresh()\n	if w.current.Name != \"\" {\n		w.adopt()\n	}\n	message, done := w.standing()"}}},
	{name: "adopt forgotten", why: "numbers would say that an old revision is newer", breaks: "newest has the highest number", edits: []edit{
		{"work.go", "		w.adopt()\n	}\n	return w", "	}\n	return w"}}},

	// The end.
	{name: "settle forgotten", why: "nobody would know that the revision works", breaks: "quiet", edits: []edit{
		{"work.go", "	if !w.settled() {", "	if false {"}}},
	{name: "settled on every look", why: "a complete rollout writes nothing", breaks: "convergent", edits: []edit{
		{"work.go", "	if !w.settled() {", "	if true {"}}},
	{name: "settled once", why: "going back is a rollout as well: the last one settled is the newer one", breaks: "sound", edits: []edit{
		{"work.go", "r.Settled.After(w.current.Settled) && !r.Settled.After(w.state.Now)", "false && r.Settled.After(w.state.Now)"}}},
	{name: "complete with old ones", why: "the old ones are still there", breaks: "quiet", edits: []edit{
		{"work.go", "	case w.oldLeft() > 0:", "	case w.oldLeft() < 0:"}}},
	{name: "complete without availability", why: "nothing serves yet", breaks: "quiet", edits: []edit{
		{"work.go", "	case c.Available < c.Updated:", "	case c.Available < 0:"}}},
	{name: "complete with one less", why: "all replicas are wanted", breaks: "quiet", edits: []edit{
		{"work.go", "	case c.Updated < want, !ok:", "	case c.Updated < want-1, !ok:"},
		{"work.go", "c.Updated > want || now.Replicas != want:", "c.Updated > want:"}}},
	{name: "basis on every look", why: "a complete rollout writes nothing", breaks: "convergent", edits: []edit{
		{"work.go", "r.Basis != (rollout.Basis{}) && r.Basis != w.basis", "r.Basis != (rollout.Basis{})"}}},

	// What the owner wants.
	{name: "pause ignored", why: "a pause holds every size", breaks: "sound", edits: []edit{
		{"rolling.go", "	if s.Paused {", "	if false {"}}},
	{name: "pause ignored by recreate", why: "a pause holds every size", breaks: "sound", edits: []edit{
		{"recreate.go", "	if s.Paused {", "	if false {"}}},
	{name: "reject ignored", why: "what is given up is not tried again", breaks: "what is given up stays", edits: []edit{
		{"work.go", "s.Rejected[s.Template]; ok {", "s.Rejected[s.Template]; ok && given.Why == \"\" {"}}},

	// Resizes.
	{name: "share below the floor", why: "a resize keeps the bounds", breaks: "floor", edits: []edit{
		{"share.go", "		to = w.least(*r, to)\n", ""}}},
	{name: "share above the ceiling", why: "a resize keeps the bounds", breaks: "ceiling", edits: []edit{
		{"share.go", "to = int32(min(int64(to), int64(r.Replicas)+w.room()))", "to = max(to, 0)"}}},
	{name: "share beyond what is wanted", why: "no revision needs more than all", breaks: "not beyond what is wanted", edits: []edit{
		{"share.go", "min(shares[i], w.lack(*r))", "shares[i]"}}},
	{name: "shared on every look", why: "there is no resize, and the rollout has to go on", breaks: "convergent", edits: []edit{
		{"rolling.go", "roll.midway() && w.resized()", "roll.midway()"}}},
	{name: "shared in every pause", why: "without a resize a pause holds every size", breaks: "sound", edits: []edit{
		{"rolling.go", "		if w.resized() {", "		if true {"}}},
	{name: "share not stamped", why: "the next look would share the same resize out again", breaks: "convergent", edits: []edit{
		{"share.go", "	basis := w.basis\n", "	basis := r.Basis\n"}}},

	// Recreate.
	{name: "terminating ones not waited for", why: "two versions at once", breaks: "one version", edits: []edit{
		{"recreate.go", "max(r.Actual, r.Replicas) + r.Terminating", "max(r.Actual, r.Replicas)"}}},
	{name: "unobserved ones not waited for", why: "they may still come", breaks: "one version", edits: []edit{
		{"recreate.go", "return max(n, 1)", "return n"}}},
	{name: "asked for, not there", why: "the controller may make them at any moment", breaks: "one version", edits: []edit{
		{"recreate.go", "max(r.Actual, r.Replicas) + r.Terminating", "r.Actual + r.Terminating"}}},
	{name: "not waited for", why: "two versions at once", breaks: "one version", edits: []edit{
		{"recreate.go", "	if left > 0 &&", "	if left < 0 &&"}}},
	{name: "old ones left", why: "two versions at once, and for ever", breaks: "convergent", edits: []edit{
		{"recreate.go", "w.scale(&w.old[i], 0,", "w.scale(&w.old[i], min(w.old[i].Replicas, 1),"}}},

	// Blue-green.
	{name: "not pinned", why: "new replicas would get traffic as they start", breaks: "traffic", edits: []edit{
		{"route.go", "	if best != nil && w.pinnable(best)", "	if false && w.pinnable(best)"}}},
	{name: "switched too early", why: "the new side cannot serve yet", breaks: "traffic", edits: []edit{
		{"side.go", "w.current.Replicas == n && w.current.Available >= n", "w.current.Replicas == n"}}},
	{name: "switched unseen", why: "the counts are of before the last write", breaks: "traffic", edits: []edit{
		{"side.go", "w.found && w.current.Observed &&", "w.found &&"}}},
	{name: "old side dropped at the switch", why: "endpoints and proxies follow later", breaks: "traffic", edits: []edit{
		{"retire.go", "case !w.state.Now.Before(until):", "case true:"},
		{"retire.go", "case w.active.Stale > 0 || w.active.Serving < w.state.Replicas:", "case false:"}}},
	{name: "serving side cut", why: "a smaller number is no reason to end what serves", breaks: "traffic", edits: []edit{
		{"side.go", "return min(int64(r.Replicas), int64(free(r))+max(0, behind))", "return int64(r.Replicas)"}}},
	{name: "three sides", why: "twice as many exist at most", breaks: "ceiling", edits: []edit{
		{"bluegreen.go", "min(2*int64(replicas)", "min(3*int64(replicas)"}}},
	{name: "kept for ever", why: "what neither serves nor is wanted makes room", breaks: "convergent", edits: []edit{
		{"retire.go", "if r == live || r.Replicas == 0", "if r.Replicas >= 0"}}},

	// Decorators.
	{name: "back to any", why: "only what has worked is gone back to", breaks: "back to what worked", edits: []edit{
		{"rollback.go", "BackTo: last.Template", "BackTo: s.Old()[0].Template"}}},
	{name: "back twice", why: "what to go back to is known already", breaks: "convergent", edits: []edit{
		{"rollback.go", "rejected && given.BackTo != \"\":", "rejected && given.BackTo == \"never\":"}}},
	{name: "given up at the end", why: "what has completed has no deadline", breaks: "quiet", edits: []edit{
		{"deadline.go", "	return rejected || completed(s)", "	return rejected"},
		{"deadline.go", "plan.Phase != rollout.Progressing || len(plan.Steps) > 0 ||", "len(plan.Steps) > 0 ||"}}},
	{name: "canary not waited for", why: "the first ones prove themselves", breaks: "stops", edits: []edit{
		{"canary.go", "now.Available < size ||", "false ||"}}},
	{name: "canary not stopped", why: "a pause is for looking", breaks: "stops", edits: []edit{
		{"canary.go", "s.Now.Before(until) {", "false {"}}},

	// Purity.
	{name: "clock", why: "a strategy has State.Now", breaks: "pure", edits: []edit{
		{"work.go", "Phase: rollout.Complete, Message: message}", "Phase: rollout.Complete, Message: message + since()}"}},
		adds: "import \"time\"\n\nfunc since() string { return time.Now().String() }\n"},
	{name: "resumed from memory", why: "the state may be another one by now, and a crash forgets", breaks: "pure", edits: []edit{
		{"work.go", "	message, done := w.standing()\n	if", "	w.steps = resumed(w.steps)\n	message, done := w.standing()\n	if"}},
		adds: "import \"github.com/gopawl/pawl/rollout\"\n\nvar left []rollout.Step\n\n" +
			"func resumed(steps []rollout.Step) []rollout.Step {\n	if len(left) > 0 {\n		steps, left = left, nil\n		return steps\n	}\n" +
			"	if len(steps) > 1 {\n		left = steps[1:]\n	}\n	return steps\n}\n"},
	{name: "bounds from memory", why: "other replicas, other bounds", breaks: "floor", edits: []edit{
		{"rolling.go", "rolling{w, int64(floor), int64(ceiling)", "rolling{w, remembered(int64(floor)), int64(ceiling)"}},
		adds: "var first *int64\n\nfunc remembered(n int64) int64 {\n	if first == nil {\n		first = &n\n	}\n	return *first\n}\n"},
	{name: "end from memory", why: "what was complete is not for ever", breaks: "quiet", edits: []edit{
		{"work.go", "	message, done := w.standing()\n	if", "	message, done := w.standing()\n	done = done || over[w.state.Template]\n	over[w.state.Template] = done\n	if"}},
		adds: "var over = map[string]bool{}\n"},
	{name: "state changed", why: "the state is not the strategy's", breaks: "pure", edits: []edit{
		{"work.go", "	w.current, w.found = s.New()\n", "	w.current, w.found = s.New()\n	for i := range s.Revisions {\n		s.Revisions[i].Observed = true\n	}\n"}}},
}
