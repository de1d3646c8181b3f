// Package strategies holds the ways of coming from one version to the next.
//
//   - [Recreate] ends every old replica before the first new one starts.
//   - [Rolling] replaces replicas a few at a time, between a floor of available replicas and a
//     ceiling of existing ones.
//   - [BlueGreen] starts all new replicas beside the old ones, and switches a route in one write.
//   - [Canary] is a Rolling that stops on the way, for a time or until a gate is open.
//
// Decorators go around them, in this order:
//
//		FailFast(Deadline(RollBack(Gated{Strategy: …})))
//
//	  - [Gated] makes transitions wait for gates.
//	  - [RollBack] goes back to what worked when a template is given up.
//	  - [Deadline] gives it up when nothing has come forward for a time, [FailFast] for what keeps
//	    replicas from starting.
//
// A strategy is a pure function of a [rollout.State]; the laws it keeps are those of package
// rollout. Recreate is the shortest whole example of one.
package strategies
