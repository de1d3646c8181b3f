// Package pawl is the map of a rollout engine for Kubernetes that other programs embed. It holds
// no code.
//
// A strategy is a pure function from what is there to what should be done next; an engine
// carries out as much of it as is safe now; a workload is all that the engine knows of a
// cluster. The same strategy serves a controller, which looks once per event and never waits,
// and a command line, which watches a rollout to its end:
//
//	engine := rollout.Engine{}
//	strategy := strategies.Rolling{MaxSurge: rollout.Percent(25)}
//	status, err := engine.Reconcile(ctx, workload, strategy) // in a controller: one look
//	status, err := engine.Run(ctx, workload, strategy)       // in a command: until it is over
//
// The workload comes from [github.com/gopawl/pawl/rollout/kube] for ReplicaSets in a cluster,
// from [github.com/gopawl/pawl/rollout/sim] for a simulation in virtual time, or from you: it
// takes two methods. The examples below show the loop on a simulation, and a controller.
//
// # Packages
//
//   - [github.com/gopawl/pawl/rollout]: the model, the engine, the laws of a strategy.
//   - [github.com/gopawl/pawl/strategies]: Recreate, Rolling, BlueGreen, Canary; gates, deadlines
//     and rollback around them.
//   - [github.com/gopawl/pawl/rollout/gates]: what a step may wait for – approval, time, HTTP.
//   - [github.com/gopawl/pawl/history]: revisions – list, number, undo, prune.
//   - [github.com/gopawl/pawl/hashing]: the identity of a pod template, stable for ever.
//   - [github.com/gopawl/pawl/rollout/kube]: ReplicaSets through client-go.
//   - [github.com/gopawl/pawl/rollout/kube/jobs]: a gate that runs a Kubernetes Job.
//   - [github.com/gopawl/pawl/rollout/kube/kubetest]: a Kubernetes API in the process, for tests
//     and quick starts.
//   - [github.com/gopawl/pawl/rollout/sim]: a simulated workload, for previews and tests.
//   - [github.com/gopawl/pawl/rollout/rollouttest]: holds a strategy of yours to the laws.
//
// Arrows point one way: strategies and history import rollout; kube imports rollout, hashing
// and history; nothing points back, and only kube knows Kubernetes.
//
// # Where to start reading
//
//  1. rollout/doc.go: the laws and the loop.
//  2. strategies/recreate.go: a whole strategy on one page.
//  3. strategies/testdata/httpd.txt: a whole rollout, as a transcript.
//  4. rollout/engine.go: how a plan is carried out.
//  5. rollout/kube: where a cluster comes in.
//
// ARCHITECTURE.md says why things are as they are, and where to change what.
package pawl
