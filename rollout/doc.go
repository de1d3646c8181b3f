// Package rollout replaces one version of a workload by the next, safely.
//
// A [Strategy] is a pure function from a [State] to a [Plan]. A [Workload] is all that the
// package knows of a cluster: it shows the state and carries out one [Action] at a time. An
// [Engine] brings the two together, once per call in a controller ([Engine.Reconcile]) or in a
// loop until the rollout is over ([Engine.Run]). A [Fleet] runs many at once.
//
//	         Observe                Plan
//	Workload ───────► State ─► Strategy ─► Plan ──┐
//	   ▲                                          │ a prefix of its steps
//	   └──────────────────── Apply ◄──────────────┘
//
// # The laws of a strategy
//
//  1. Pure. Same state, same plan: no context, client, clock, log or random number.
//  2. Prefix-safe. Any prefix of a plan's steps may be carried out and the rest abandoned.
//  3. Quiet. A complete rollout has no steps; a finished one is a fixed point.
//  4. Convergent. If replicas eventually become available and gates eventually open, it
//     completes; otherwise it comes to a state in which it plans nothing and says why.
//
// The second law does the work: a crash, a pause, a closed gate, a write budget and a dry run
// are all just a shorter prefix, and the engine needs no other concept.
//
// # The promise about bounds
//
// No write lowers availability when the result is below the floor, nor raises the number of
// replicas when the result is above the ceiling. A bound that a resize, a failure or somebody
// else has already broken is only approached again, never worsened.
//
// # What the caller owes
//
//   - One writer at a time: leader election in a controller, a Lease in a command.
//   - Observe includes every write made through Apply, whatever caches lie between.
//   - Apply is conditional: it answers [ErrConflict] when the object is no longer what the
//     state said, and changes nothing.
//   - [Status] is saved where the next call finds it as [State].Last. Losing it costs time (a
//     deadline starts again), never safety.
package rollout
