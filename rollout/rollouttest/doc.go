// Package rollouttest holds anybody's strategy to the four laws of package rollout and to what it
// promises about bounds.
//
// # Write your own strategy and prove it
//
// A strategy is a function from a [rollout.State] to a [rollout.Plan]. What proves it is one call in
// a test:
//
//	func TestLaws(t *testing.T) {
//		report, err := rollouttest.Check(mine, rollouttest.Options{Promises: rollouttest.Promises{Bounds: bounds}})
//		t.Log(report)
//		if err != nil {
//			t.Error(err)
//		}
//	}
//
// [Check] makes a thousand rollouts, each from a seed, on a simulated workload (package sim) with
// everything that goes wrong in a cluster. [Explore] visits every state of a small one instead.
// The report says how much was tried; the error is a [*Failure]: the seed, what broke, and the
// shortest story in which it still breaks. The examples show a strategy that passes and one with
// a mistake.
//
// When something breaks, paste the story into a file in testdata, under a line that names the strategy,
// and let [Transcripts] play it. The story stays there as the test of its fix. [Replay] plays one in Go.
//
// # What is judged
//
//   - pure: every state is planned twice, some again after the rollout, in another order; the state is
//     not changed.
//   - sound: a plan has a phase and says why; where nothing lags, every step of it can be carried
//     out; in a pause it only shares out a resize, pins a route that is pinned to nothing, and
//     deletes what is empty. What was given up is neither complete nor, if it was not, rolled back.
//   - convergent: when the noise ends it completes, or is over and says why. Replicas that do not start
//     may hold it up at first: it then comes to rest, and goes on when they do. What was given up
//     is over as a failure or rolled back; then its owner has it tried again.
//   - quiet: complete is complete, rolled back is complete with what it went back to, and whatever
//     is over remains so at every later moment.
//   - floor, ceiling: no write breaks [Promises].Bounds, or breaks them further, whatever goes on.
//     A write is judged by what the strategy could know. In calm weather they hold at every
//     moment of what is really there, as soon as a look has shown them kept.
//   - traffic: so is [Promises].Traffic, of every route that it names.
//   - your own [Invariant], under its name.
//
// Prefix-safety is in all of them: any look may be cut off after any step.
//
// One gap is left: where replicas are available later than they are ready, and a controller, a cache
// or a write is late, available replicas may be ended in the place of others that have become
// ready meanwhile. No strategy can know. There, as many as the floor says are at least ready.
//
// # Stories
//
// A story is lines of text. The first sets the scene; every value is optional.
//
//	workload replicas=3 serving=v1    v1 is rolled out and wanted; without serving there is nothing yet
//	         template=v2              wanted instead
//	         start-up=(2s,7s,never)   how long pods take to be ready, by their number, over and over
//	         min-ready=5s stop=20s    and to be available, and to be gone
//	         react=(0s,3s)            and controllers to act on a write, by its number
//	         order=available          which ready pods go first: newest, available or mixed
//	         failing=(v2,v3)          templates whose pods never start
//	         gates=(pending,open)     what gates answer, over and over; without, they are open
//	         routes=(active,preview)  pinned to nothing
//	         pinned=(active)          but these to what serves
//	         routing=(0s,2s)          how long endpoints take to follow, by the number of the switch
//
// The strategy is asked by
//
//	look                              once; the whole plan is carried out
//	look steps=1                      and the process crashes before the second step
//	look steps=1 torn=true            and inside of the first: what it created has no number
//	look steps=1 lost=true            and the answer to the first step is lost
//	look each=2s                      and every step takes that long
//	run for=30s steps=3               whenever something happens; without limits, until it is over
//	finish                            the noise ends, and it must complete and be quiet
//
// This happens beside it in calm weather
//
//	wait for=3s                       controllers act, pods start and go
//	want template=v2 paused=true
//	lag by=(3s,0s)                    reads are so late, one after the other; never behind our own
//	                                  writes, and never going back
//	outdate revision=v1               its metadata is no longer as wanted
//	forget                            the saved status is lost
//	reject template=v2 why=(too slow) the owner gives it up; without a template, the wanted one
//	retry                             the owner has everything tried again that was given up
//
// and in stormy weather
//
//	want replicas=5
//	fail revision=v1 pod=(1,2) for=9s the oldest two pods are not ready
//	evict revision=v1 pod=3
//	route name=active                 it is pinned to nothing: a Service that was made anew
//
// and in the wild, by other writers
//
//	scale revision=v1 to=2
//	add template=v2 replicas=1 older=true   a second revision, perhaps, that has no number
//	remove revision=v1                with its pods
//	route name=active to=v1
//
// What does not apply changes nothing. In a transcript the answer to a command is what happened, by
// virtual time, and what there is then.
//
// # What is left out
//
// Nodes, quotas and the scheduler; two processes of one strategy at a time, which the caller owes not to
// run; a revision's size, number or stamps and what a route points at, read from before our own write,
// which the [rollout.Workload] owes not to show, as it owes to call endpoints stale that it read before
// that; endpoints that come back after they have followed; what is between endpoints and users; actions
// that package sim does not know.
package rollouttest
