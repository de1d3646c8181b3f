package beside

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
)

// story is a rollout that both sides play, and what of it may differ.
type story struct {
	name  string
	start wanted            // with the first version
	old   map[string]string // how the first version's pods behave
	// sure is how many of the sizes depend on nothing but the strategy, 0 all of them.
	sure int
	play func(*play)
	// differs says of an aspect why the sides differ: a row of the README's table, or a heading of
	// ARCHITECTURE.md.
	differs map[string]string
}

// found is what differs where a ReplicaSet is found by its stamp, and not by its template.
func found(aspects ...string) map[string]string {
	differs := map[string]string{}
	for _, a := range aspects {
		differs[a] = "the new ReplicaSet is found by"
	}
	return differs
}

func rolling(replicas int32, surge, unavailable string) wanted {
	return wanted{replicas: replicas, surge: surge, unavailable: unavailable}
}

// always differs: stamps of our own, and conditions, which are the embedder's to write.
var always = map[string]string{"own annotations": "Where state lives", "outcome": "Where state lives"}

func updates(p *play) {
	p.rolls("web:2", slow)
	p.completes()
}

var stories = []story{
	{name: "25 % and 25 % of 10", start: rolling(10, "25%", "25%"), sure: 3, play: updates},
	{name: "surge 1 of 3", start: rolling(3, "1", "0"), play: updates},
	{name: "1 unavailable of 4", start: rolling(4, "0", "1"), play: updates},
	{name: "surge 3, 2 unavailable of 8", start: rolling(8, "3", "2"), sure: 3, play: updates},
	{name: "surge 100 % of 5", start: rolling(5, "100%", "0"), sure: 2, play: updates},
	{name: "surge 1, 50 % unavailable of 7", start: rolling(7, "1", "50%"), sure: 3, play: updates},
	{name: "amounts left out, of 6", start: rolling(6, "", ""), sure: 3, play: updates},
	{name: "recreate of 3", start: wanted{replicas: 3, recreate: true}, old: map[string]string{"sim/stop-delay": "1s"}, play: updates},
	{name: "slow to stop", start: rolling(3, "1", "0"), old: map[string]string{"sim/stop-delay": "2s"}, play: func(p *play) {
		p.rolls("web:2", slow)
		p.reportsTerminating()
		p.completes()
	}},
	{name: "a version that is never ready", start: rolling(10, "25%", "25%"), play: stuck},
	{name: "… and undone", start: rolling(10, "25%", "25%"), play: func(p *play) {
		stuck(p)
		p.undoes()
		p.completes()
	}},
	{name: "undone half-way", start: rolling(3, "1", "0"), play: func(p *play) {
		p.rolls("web:2", map[string]string{"sim/ready-delay": "4s"}) // long enough to be caught
		p.reaches("2+2")
		p.undoes()
		p.completes()
	}},
	{name: "… and replaced by a third", start: rolling(10, "25%", "25%"), sure: 6, play: func(p *play) {
		stuck(p)
		p.rolls("web:3", slow)
		p.completes()
	}},
	{name: "… and resized, up and down", start: rolling(10, "25%", "25%"), play: func(p *play) {
		stuck(p)
		p.scales(20)
		p.reaches("15+10")
		p.scales(6)
		p.reaches("5+3")
	}, differs: map[string]string{"sizes": "resize during a rollout", "events": "resize during a rollout"}},
	{name: "… and paused, changed and resumed", start: rolling(3, "1", "0"), play: func(p *play) {
		p.rolls("web:2", never)
		p.reaches("3+1")
		p.changes(func(w *wanted) { w.paused = true })
		p.rolls("web:3", slow)
		p.rests()
		p.changes(func(w *wanted) { w.paused = false })
		p.completes()
	}},
	{name: "… and resized in a pause", start: rolling(4, "1", "1"), play: func(p *play) {
		p.rolls("web:2", never)
		p.reaches("3+2")
		p.changes(func(w *wanted) { w.paused = true })
		p.scales(8)
		p.reaches("5+4")
		p.rests()
	}},
	{name: "recreate paused half-way", start: wanted{replicas: 3, recreate: true}, old: map[string]string{"sim/stop-delay": "3s"}, play: func(p *play) {
		p.rolls("web:2", slow)
		p.reaches("0")
		p.changes(func(w *wanted) { w.paused = true })
		p.reaches("3", "0")
		p.rests()
		p.changes(func(w *wanted) { w.paused = false })
		p.completes()
	}, differs: map[string]string{"sizes": "pause", "pods made": "pause", "events": "pause"}},
	{name: "resize and new template in one edit", start: rolling(2, "1", "0"), play: func(p *play) {
		p.changes(func(w *wanted) { w.to("web:2", slow); w.replicas = 4 })
		p.completes()
	}, differs: map[string]string{
		"sizes": "resize and new template in one edit", "pods made": "resize and new template in one edit",
		"events": "resize and new template in one edit",
	}},
	{name: "scaled at rest, to 0 and back", start: rolling(3, "1", "0"), play: func(p *play) {
		for _, n := range []int32{5, 0, 2} {
			p.scales(n)
			p.completes()
		}
	}},
	{name: "the ReplicaSet itself scaled", start: rolling(3, "1", "0"), play: func(p *play) {
		p.Update(p.Only().Name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 })
		p.foreign++
		p.looksUntil("3 → 5 → 3")
	}},
	{name: "the template of the ReplicaSet itself edited", start: rolling(3, "1", "0"), play: func(p *play) {
		p.Update(p.Only().Name, func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.Containers[0].Image = "web:9" })
		p.asks(p.want) // that it is looked at
		p.reaches("0+3", "3")
	}, differs: found("most asked for", "sizes", "pods made", "revisions", "other annotations", "labels", "templates", "events")},
	{name: "another surge", start: rolling(3, "1", "0"), play: func(p *play) {
		p.changes(func(w *wanted) { w.surge = "3" })
		p.completes()
	}, differs: map[string]string{"revisions": "max-replicas"}},
	{name: "an annotation taken off, minReadySeconds", start: rolling(3, "1", "0"), play: func(p *play) {
		p.changes(func(w *wanted) {
			w.annotations = maps.Clone(w.annotations)
			delete(w.annotations, "example.com/team")
			w.minReadySeconds = 1
		})
		p.completes()
	}, differs: map[string]string{"other annotations": "annotations taken off the owner"}},
}

// stuck is a rollout that goes as far as the floor allows.
func stuck(p *play) {
	p.rolls("web:2", never)
	p.reaches("8+5")
}
