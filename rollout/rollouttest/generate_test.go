package rollouttest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func generated(seed uint64, o Options) story {
	return o.withDefaults().generate(rand.New(rand.NewPCG(seed, 1)))
}

// Every command and every argument occurs, and none that the package documentation does not have.
func TestEverythingHappensInSomeStory(t *testing.T) {
	happened := map[string]bool{}
	for seed := range uint64(500) {
		for _, c := range generated(seed, Options{Routes: []string{"active", "preview"}}) {
			for _, arg := range c.args {
				happened[c.name+" "+arg.Key] = true
			}
			happened[c.name] = true
		}
	}
	want := []string{
		"add", "add older", "add replicas", "add template", "evict", "evict pod", "evict revision",
		"fail", "fail for", "fail pod", "fail revision", "finish", "forget", "lag", "lag by",
		"look", "look each", "look lost", "look steps", "look torn", "outdate", "outdate revision",
		"reject", "reject template", "remove", "remove revision", "retry", "route", "route name", "route to", "run", "run for", "scale", "scale revision", "scale to",
		"wait", "wait for", "want", "want paused", "want replicas", "want template",
		"workload", "workload failing", "workload gates", "workload min-ready", "workload order",
		"workload pinned", "workload react", "workload replicas", "workload routes", "workload routing", "workload serving", "workload start-up", "workload stop",
	}
	if got := slices.Sorted(maps.Keys(happened)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStoriesAreOfTheirWeather(t *testing.T) {
	for _, w := range []Weather{Calm, Stormy, Wild} {
		worst := Calm
		for seed := range uint64(100) {
			worst = max(worst, generated(seed, Options{Weathers: []Weather{w}, Routes: []string{"web"}}).weather())
		}
		if worst != w {
			t.Errorf("%v: as bad as %v", w, worst)
		}
	}
}

func TestStoriesAreText(t *testing.T) {
	for seed := range uint64(200) {
		s := generated(seed, Options{})
		read, err := parseStory("# a remark\n\n" + s.String())
		if err != nil || read.String() != s.String() {
			t.Fatalf("seed %d: %v\n%s\nread\n%s", seed, err, s, read)
		}
		if generated(seed, Options{}).String() != s.String() {
			t.Fatalf("seed %d: another story the second time", seed)
		}
	}
}

func TestTemplatesAreRenamedWhereverTheyStand(t *testing.T) {
	s, err := parseStory("workload serving=v3\nroute name=web to=v3\nscale revision=v2 to=3\nreject template=v2")
	if err != nil {
		t.Fatal(err)
	}
	sh := shrinker{left: 10, fails: func(story) (int, int) { return 4, 1 }}
	want := "workload serving=v1\nroute name=web to=v1\nscale revision=v2 to=3\nreject template=v2\n"
	if got := sh.rename(s).String(); got != want {
		t.Errorf("%s", got)
	}
}
