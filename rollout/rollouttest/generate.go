package rollouttest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/cockroachdb/datadriven"
)

// writer makes a story up. Each has a temper of its own: a few kinds of noise, a pace. Stories in which
// everything happens are all alike.
type writer struct {
	*rand.Rand
	options   Options
	weather   Weather
	templates int           // that come up
	pace      time.Duration // the longest wait
	whole     bool          // looks are not disturbed
	paused    bool
	story     story
}

// generate makes up the story of a seed: a scene, noise, and its end.
func (o Options) generate(rng *rand.Rand) story {
	w := &writer{
		Rand: rng, options: o, weather: pick(rng, o.Weathers...),
		templates: min(2+rng.IntN(o.Templates), o.Templates),
		pace:      pick(rng, 2*time.Second, 6*time.Second, 12*time.Second),
		whole:     rng.IntN(3) == 0,
	}
	w.scene()
	if w.IntN(2) == 0 {
		w.lag()
	}
	noises, seldom := w.noises(), 1+w.IntN(4)
	for range 10 + w.IntN(60) {
		w.look()
		if w.IntN(seldom) == 0 {
			pick(rng, noises...)()
		}
		if w.IntN(4) > 0 { // else another look before anybody acts
			w.tell("wait", "for", w.upTo(w.pace))
		}
	}
	w.tell("finish")
	return w.story
}

// tell adds a command with keys and values.
func (w *writer) tell(name string, args ...string) {
	c := command{name: name}
	for i := 0; i+1 < len(args); i += 2 {
		c.args = append(c.args, datadriven.CmdArg{Key: args[i], Vals: []string{args[i+1]}})
	}
	w.story = append(w.story, c)
}

// also adds an argument to the last command.
func (w *writer) also(key string, values ...string) {
	if len(values) > 0 {
		last := &w.story[len(w.story)-1]
		*last = last.with(key, values...)
	}
}

func (w *writer) scene() {
	w.tell("workload", "replicas", w.replicas())
	if w.IntN(5) > 0 {
		w.also("serving", "v1")
	}
	w.also("start-up", w.list(3, func() string {
		if w.IntN(20) == 0 {
			return "never"
		}
		return w.upTo(10 * time.Second)
	})...)
	w.also("react", w.list(3, func() string {
		if w.IntN(3) > 0 {
			return "0s"
		}
		return w.upTo(4 * time.Second)
	})...)
	if w.IntN(2) == 0 {
		w.also("min-ready", w.upTo(6*time.Second))
	}
	if w.IntN(3) > 0 {
		w.also("stop", w.upTo(25*time.Second))
	}
	w.also("order", pick(w.Rand, "newest", "available", "mixed"))
	if w.IntN(12) == 0 {
		w.also("failing", w.template())
	}
	if w.IntN(2) == 0 {
		w.also("gates", append(w.list(3, func() string { return pick(w.Rand, "pending", "pending", "open", "open", "shut") }), "open")...)
	}
	w.routes()
}

func (w *writer) routes() {
	if len(w.options.Routes) == 0 {
		return
	}
	w.also("routes", w.options.Routes...)
	var pinned []string
	for _, name := range w.options.Routes {
		if w.IntN(3) > 0 {
			pinned = append(pinned, name)
		}
	}
	w.also("pinned", pinned...)
	w.also("routing", w.list(3, func() string { return w.upTo(4 * time.Second) })...)
}

// list has up to so many values.
func (w *writer) list(most int, value func() string) (all []string) {
	for range 1 + w.IntN(most) {
		all = append(all, value())
	}
	return all
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// upTo is mostly whole seconds, so that things coincide.
func (w *writer) upTo(d time.Duration) string {
	if w.IntN(3) == 0 {
		return time.Duration(w.Int64N(int64(d))).Round(time.Millisecond).String()
	}
	return (time.Duration(w.Int64N(int64(d/time.Second)+1)) * time.Second).String()
}

func (w *writer) replicas() string { return strconv.Itoa(int(w.Int32N(w.options.Replicas + 1))) }
func (w *writer) template() string { return fmt.Sprintf("v%d", 1+w.IntN(w.templates)) }

// look is often cut off, sometimes in the middle of a write, sometimes slow.
func (w *writer) look() {
	w.tell("look")
	if w.whole {
		return
	}
	switch w.IntN(16) {
	case 0, 1, 2, 3, 4, 5:
		w.also("steps", strconv.Itoa(w.IntN(3)))
	case 6:
		w.also("steps", strconv.Itoa(1+w.IntN(3)))
		w.also(pick(w.Rand, "torn", "lost"), "true")
	case 7, 8:
		w.also("each", w.upTo(3*time.Second))
	}
}

// noises are some of those that may happen in the weather.
func (w *writer) noises() []func() {
	all := []func(){w.flip, w.flip, w.pause, w.lag, w.outdate, w.forget, w.run, w.giveUp}
	if w.weather >= Stormy {
		all = append(all, w.resize, w.resize, w.fail, w.evict)
	}
	if w.weather >= Wild {
		all = append(all, w.scale, w.add, w.remove)
	}
	if len(w.options.Routes) > 0 && w.weather >= Stormy {
		all = append(all, w.unpin)
	}
	if len(w.options.Routes) > 0 && w.weather >= Wild {
		all = append(all, w.reroute)
	}
	some := []func(){w.flip}
	for _, noise := range all {
		if w.IntN(2) == 0 {
			some = append(some, noise)
		}
	}
	return some
}

func (w *writer) flip() { w.tell("want", "template", w.template()) }

func (w *writer) pause() {
	w.paused = !w.paused
	w.tell("want", "paused", strconv.FormatBool(w.paused))
}

func (w *writer) lag() {
	w.tell("lag")
	w.also("by", w.list(3, func() string { return w.upTo(6 * time.Second) })...)
}

func (w *writer) outdate() { w.tell("outdate", "revision", w.template()) }
func (w *writer) forget()  { w.tell("forget") }
func (w *writer) run()     { w.tell("run", "for", w.upTo(15*time.Second)) }

// resize may come with another template.
func (w *writer) resize() {
	w.tell("want", "replicas", w.replicas())
	if w.IntN(4) == 0 {
		w.also("template", w.template())
	}
}

func (w *writer) fail() {
	w.tell("fail", "revision", w.template(), "pod", w.pod(), "for", w.upTo(20*time.Second))
}

func (w *writer) evict() { w.tell("evict", "revision", w.template(), "pod", w.pod()) }

func (w *writer) pod() string { return strconv.Itoa(1 + w.IntN(4)) }

func (w *writer) scale() { w.tell("scale", "revision", w.template(), "to", w.replicas()) }

func (w *writer) add() {
	w.tell("add", "template", w.template(), "replicas", w.replicas(), "older", strconv.FormatBool(w.IntN(2) == 0))
}

func (w *writer) remove() { w.tell("remove", "revision", w.template()) }

// giveUp is what the owner may also take back.
func (w *writer) giveUp() {
	if w.IntN(2) == 0 {
		w.tell("retry")
		return
	}
	w.tell("reject")
	if w.IntN(2) == 0 {
		w.also("template", w.template())
	}
}

func (w *writer) unpin() { w.tell("route", "name", pick(w.Rand, w.options.Routes...)) }

func (w *writer) reroute() {
	w.unpin()
	w.also("to", w.template())
}
